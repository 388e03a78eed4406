// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Reason} from "contracts/libraries/Codes.sol";
import {OrderHead, OrderState, OrderTail} from "contracts/libraries/Orders.sol";
import {IDataAccessToken} from "interfaces/IDataAccessToken.sol";
import {IMemberGroup} from "interfaces/IMemberGroup.sol";
import {Committee} from "interfaces/IParticipantRegistry.sol";

/// @notice What a committee attests: that the extract of `order` (its record's leaf) is held ready in a capsule of this
/// digest, for the receiving key that the order names.
struct Delivery {
    uint256 order;
    bytes32 extract;
    bytes32 receivingKey;
    bytes32 capsule;
}

/// @notice Who takes part in an order: whose data it is, who pays, who holds the extract's key, and at most one
/// institution with `institutionBps` of 10,000 of what is earned.
struct Parties {
    address subject;
    address payer;
    address institution;
    uint24 committee;
    uint16 institutionBps;
}

/// @title IOrderDesk
/// @notice What all orders have in common, whoever asked for them: coin is locked, an extract is delivered, time earns,
/// the rest goes back.
/// @dev Each group of a desk is a member group of {IMemberGroup}: a person grants to it, and who has a live order of that
/// person's data is a member for as long as the order lasts.
/// @dev Delivery proves, time earns. An order pays out its price once, by anyone's call. Undelivered at its deadline, or
/// stopped before it was delivered: all goes back. Else, at its end or its stop: price x allowed / duration to the split,
/// the rest back. The stop is the earliest block time at which the person withdrew (the group or everything), barred the
/// payer, or the grant ended. Where the person granted to the group anew unseen, withdrew everything twice, or barred and
/// unbarred the payer, what came first can't be told any more and all that wasn't paid yet goes back: anyone could have
/// settled before. A grant that {followConsent} saw to follow the one before without a gap goes on.
/// @dev Nothing of what was earned is paid before the challenge window is over, which begins with the delivery. Within
/// it the order can be disputed, which only the contract of disputes does. A dispute that nobody resolves lapses.
/// @dev Warning: a person who renews a grant to a group that has a live order gives up what wasn't paid of it, unless the
/// desk sees the grant both before and after: {followConsent}.
interface IOrderDesk is IDataAccessToken, IMemberGroup {
    /// @notice Emitted when a committee attests that the extract is held ready; the bought time begins.
    event OrderDelivered(uint256 indexed order, bytes32 extract, bytes32 receivingKey, bytes32 capsule);

    /// @notice Emitted when a part of an order is paid out before its end: `earned` is all that was paid of it so far.
    event OrderPartSettled(uint256 indexed order, uint256 earned);

    /// @notice Emitted when an order is over: `earned` to the split in all, `refunded` to whoever paid.
    event OrderSettled(uint256 indexed order, uint256 earned, uint256 refunded);

    /// @notice Emitted when a dispute of the order begins: nothing of it is paid until that is resolved.
    event OrderDisputed(uint256 indexed order);

    /// @notice Emitted when a dispute of the order ends. One that was upheld is followed by {OrderSettled}.
    event OrderResolved(uint256 indexed order, bool upheld);

    /// @notice Emitted when a committee's member is paid its equal part of what the committee earned, or the commons is
    /// paid the same sum that the committee earned.
    event FeePaid(uint24 indexed committee, address indexed payee, uint256 amount);

    /// @notice Emitted when the consent of `subject` to a group was seen: the grants from number `since` to number
    /// `grants` followed each other without a gap.
    event ConsentFollowed(address indexed subject, uint96 indexed group, uint24 since, uint24 grants);

    /// @notice This grant was seen already.
    error ConsentSeen(address subject, uint96 group, uint24 grants);

    /// @notice There is no grant in force to see.
    error ConsentNotInForce(address subject, uint96 group);

    /// @notice The signed act may no longer be submitted.
    error MarketExpiredSignature(uint256 deadline);

    /// @notice The signature is not that of `signer` over this act.
    error MarketInvalidSignature(address signer);

    /// @notice There is a live order already, and only one at a time.
    error OrderLive(uint256 order);

    /// @notice The person's consent doesn't permit it.
    error OrderDenied(Reason reason);

    /// @notice There is no such order in the state that this needs.
    error OrderWrongState(uint256 order, OrderState state);

    /// @notice The delivery came after the deadline.
    error OrderPastDeadline(uint256 order, uint40 deadline);

    /// @notice The order can't be settled before `until`, unless it is stopped.
    error OrderNotOver(uint256 order, uint40 until);

    /// @notice The order is over since `stop`: it can be settled as a whole.
    error OrderOver(uint256 order, uint40 stop);

    /// @notice The challenge window was over at `until`.
    error OrderPastChallenge(uint256 order, uint40 until);

    /// @notice Only the contract of disputes may call.
    error OrderNotDisputes(address caller);

    /// @notice A receiving key is never zero.
    error OrderInvalidKey();

    /// @notice The members and threshold are not those of committee `number`.
    error CommitteeUnknown(uint24 number);

    /// @notice As many signatures as the threshold are needed at least, each of a member whose bit is set.
    error DeliveryInvalidSigners(uint256 signers, uint256 signed);

    /// @notice Nothing is owed to the account.
    error CreditNone(address account);

    /// @notice Records that the committee holds the extract ready. Anybody may carry the signatures.
    /// @param committee The order's committee, as it was registered.
    /// @param signers A bit for the place among the members of each who signed `delivery`.
    function deliver(
        Delivery calldata delivery,
        Committee calldata committee,
        uint256 signers,
        bytes[] calldata signatures
    ) external;

    /// @notice Pays an order out, once: at its end or stop, and not before the challenge window is over. Anybody may call.
    function settle(uint256 order) external;

    /// @notice Pays what a long order earned so far, once the challenge window is over. Anybody may call, as often as
    /// they like: what is paid in all doesn't change by a unit. It fails when nothing was earned since.
    /// @dev It counts the time by 65,536th of the duration, rounded down; the rest waits for the end.
    function settlePart(uint256 order) external;

    /// @notice Begins a dispute of a delivered order, within its challenge window. Only the contract of disputes may call.
    function dispute(uint256 order) external;

    /// @notice Ends a dispute: all goes back to whoever paid if it was upheld, else the order is as it was before. Only
    /// the contract of disputes may call.
    function resolve(uint256 order, bool upheld) external;

    /// @notice Sees the grant of `subject` to a group of this desk as it is now. Anybody may call.
    /// @dev So a person renews without a gap: the grant is seen, then replaced by one that permits at least as much, then
    /// seen again before the first would have ended. Orders that were made under the first go on under the second, also
    /// before that is seen, until the first would have ended. It doesn't matter who carries the grant, or sees it. What
    /// was withdrawn in between, or replaced twice, is not followed.
    /// @dev Warning: sign or send no newer grant before the older one was seen.
    function followConsent(address subject, uint96 group) external;

    /// @notice Sends `account` all that it earned or was refunded. Anybody may call; it goes only to `account`.
    /// @dev Its event is the coin's Transfer from this contract; one of a fee comes after a {FeePaid}.
    function payCredit(address account) external;

    /// @notice Sends the member at `place` (from 0) of committee `number` its equal part of what the committee earned. Anybody may call.
    /// @dev What can't be divided waits for the next part.
    function payCommitteeFee(uint24 number, Committee calldata committee, uint256 place) external;

    /// @notice Sends the commons what it earned beside a committee. Anybody may call.
    function payCommons(uint24 committee) external;

    /// @notice An order as it stands, in the two words of `Orders`; zeros if there is none or a later one took its place.
    /// Once delivered, its start is when that was, and its time runs from then.
    function getOrder(uint256 order) external view returns (OrderHead head, OrderTail tail);

    /// @notice Who takes part in an order. It fails where {getOrder} gives zeros.
    function partiesOf(uint256 order) external view returns (Parties memory);

    /// @notice How long a delivered order can be disputed, from its delivery, in seconds; and the contract that may.
    function challenge() external view returns (uint40 window, address disputes);

    /// @notice What `account` can be paid.
    function creditOf(address account) external view returns (uint256);

    /// @notice What a committee earned in all (and the commons beside it), and what was paid of that to `payee`.
    function feesOf(uint24 committee, address payee) external view returns (uint256 earned, uint256 paid);
}
