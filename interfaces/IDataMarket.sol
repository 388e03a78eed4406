// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Reason} from "contracts/libraries/Codes.sol";
import {OrderHead, OrderState, OrderTail} from "contracts/libraries/Orders.sol";
import {IDataAccessToken} from "interfaces/IDataAccessToken.sol";
import {IMemberGroup} from "interfaces/IMemberGroup.sol";
import {Committee} from "interfaces/IParticipantRegistry.sol";

/// @notice What `subject` offers: an extract of their data of `classes`, for one `use`, for `duration` seconds from its
/// delivery, at `price` base units of coin. It never changes; to change it, close it and offer anew.
/// `institution` gets `institutionBps` of 10,000 of what is earned (or nobody, 0); `committee` holds the extract's key;
/// `deliveryPeriod` is how many seconds a delivery may take. A closed offer has a delivery period of 0.
struct Offer {
    address subject;
    uint96 price;
    address institution;
    uint24 committee;
    uint32 duration;
    uint16 institutionBps;
    uint16 use;
    uint32 classes;
    uint24 disease;
    uint24 conditions;
    uint32 deliveryPeriod;
}

/// @notice What a committee attests: that the extract of `order` (its record's leaf) is held ready in a capsule of this
/// digest, for the receiving key that the buyer named in `buy`.
struct Delivery {
    uint256 order;
    bytes32 extract;
    bytes32 receivingKey;
    bytes32 capsule;
}

/// @title IDataMarket
/// @notice Offers, and the orders that buy them: coin is locked, an extract is delivered, time earns, the rest goes back.
/// @dev Each offer is a member group of {IMemberGroup} with the offer's number: a person grants to the offer, and who
/// bought it is a member for as long as the order lasts. Withdrawing one offer leaves the others.
/// @dev Delivery proves, time earns. An order pays out once, by anyone's call. Undelivered at its deadline, or stopped
/// before it was delivered: all to the buyer. Else, at its end or its stop: price x allowed / duration to the split, the
/// rest to the buyer. The stop is the earliest block time at which the person withdrew (the offer or everything),
/// barred the buyer, or the grant ended. Where the person granted the offer anew, withdrew everything twice, or barred
/// and unbarred the buyer, what came first can't be told any more and all goes back: anyone could have settled before.
/// @dev Warning: a person who renews a grant to an offer that has a live order gives up that order's pay.
/// @dev It has no owner, no pause and no fee but the fixed parts below.
interface IDataMarket is IDataAccessToken, IMemberGroup {
    /// @notice Emitted when `subject` makes an offer under `number`.
    event OfferMade(uint96 indexed number, address indexed subject, Offer terms);

    /// @notice Emitted when an offer takes no more buyers. Orders that live go on.
    event OfferClosed(uint96 indexed number);

    /// @notice Emitted when `buyer` buys. `receivingKey` is the sha2-256 digest of the fresh public key that the extract is
    /// sealed for: the digest in its CIDv1, so the seller finds the key on IPFS.
    event OrderBought(
        uint256 indexed order, uint96 indexed offer, address indexed buyer, uint96 price, bytes32 receivingKey
    );

    /// @notice Emitted when a committee attests that the extract is held ready; the bought time begins.
    event OrderDelivered(uint256 indexed order, bytes32 extract, bytes32 receivingKey, bytes32 capsule);

    /// @notice Emitted when an order pays out: `earned` to the split, `refunded` to the buyer.
    event OrderSettled(uint256 indexed order, uint256 earned, uint256 refunded);

    /// @notice Emitted when a committee's member is paid its equal part of what the committee earned, or the commons is
    /// paid the same sum that the committee earned.
    event FeePaid(uint24 indexed committee, address indexed payee, uint256 amount);

    /// @notice A term of the offer is empty, unknown or out of bounds; `term` is its place in {Offer}, from 0.
    error OfferInvalidTerm(uint8 term);

    /// @notice There is no such offer, or it is closed.
    error OfferNotOpen(uint96 offer);

    /// @notice Only the subject of an offer may close it.
    error OfferNotSubject(uint96 offer, address caller);

    /// @notice The signed act may no longer be submitted.
    error MarketExpiredSignature(uint256 deadline);

    /// @notice The signature is not that of `signer` over this act.
    error MarketInvalidSignature(address signer);

    /// @notice The buyer has a live order of this offer.
    error OrderLive(uint256 order);

    /// @notice The person's consent doesn't permit it.
    error OrderDenied(Reason reason);

    /// @notice There is no such order in the state that this needs.
    error OrderWrongState(uint256 order, OrderState state);

    /// @notice The delivery came after the deadline.
    error OrderPastDeadline(uint256 order, uint40 deadline);

    /// @notice The order can't be settled before `until`, unless it is stopped.
    error OrderNotOver(uint256 order, uint40 until);

    /// @notice A receiving key is never zero.
    error OrderInvalidKey();

    /// @notice The members and threshold are not those of committee `number`.
    error CommitteeUnknown(uint24 number);

    /// @notice As many signatures as the threshold are needed at least, each of a member whose bit is set.
    error DeliveryInvalidSigners(uint256 signers, uint256 signed);

    /// @notice Nothing is owed to the account.
    error CreditNone(address account);

    /// @notice Makes an offer of the caller, its subject, who grants to it separately, in `ConsentRegistry`.
    function offer(Offer calldata terms) external returns (uint96 number);

    /// @notice As {offer}, by the signature of `terms.subject` over its current nonce.
    function offerWithSig(Offer calldata terms, uint256 deadline, bytes calldata signature)
        external
        returns (uint96 number);

    /// @notice Closes an offer of the caller to new buyers.
    function closeOffer(uint96 number) external;

    /// @notice As {closeOffer}, by the signature of `subject`, whenever.
    function closeOfferWithSig(address subject, uint96 number, bytes calldata signature) external;

    /// @notice Buys: locks the price, asks `decide`, and refuses on a denial. One live order per offer and buyer.
    /// @param receivingKey digest in the CIDv1 of a fresh public key of the buyer, which the extract is sealed for.
    function buy(uint96 number, bytes32 receivingKey) external returns (uint256 order);

    /// @notice As {buy}, after taking the allowance by the buyer's permit. A permit that was used by somebody else
    /// first does no harm, if the allowance is there.
    function buyWithPermit(uint96 number, bytes32 receivingKey, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 order);

    /// @notice Records that the committee holds the extract ready for the buyer. Anybody may carry the signatures.
    /// @param committee The offer's committee, as it was registered.
    /// @param signers A bit for the place among the members of each who signed `delivery`.
    function deliver(
        Delivery calldata delivery,
        Committee calldata committee,
        uint256 signers,
        bytes[] calldata signatures
    ) external;

    /// @notice Pays an order out, once. Anybody may call.
    function settle(uint256 order) external;

    /// @notice Sends `account` all that it earned or was refunded. Anybody may call; it goes only to `account`.
    /// @dev Its event is the coin's Transfer from this contract; one of a fee comes after a {FeePaid}.
    function payCredit(address account) external;

    /// @notice Sends the member at `place` (from 0) of committee `number` its equal part of what the committee earned. Anybody may call.
    /// @dev What can't be divided waits for the next part.
    function payCommitteeFee(uint24 number, Committee calldata committee, uint256 place) external;

    /// @notice Sends the commons what it earned beside a committee. Anybody may call.
    function payCommons(uint24 committee) external;

    /// @notice The order that `buyer` has, had last, or would have of offer `number`, and whether there was one.
    function orderOf(uint96 number, address buyer) external view returns (uint256 order, bool exists);

    /// @notice An order as it stands, in the two words of `Orders`; zeros if there is none or a later purchase took its
    /// place. Once delivered, its start is when that was, and its time runs from then.
    function getOrder(uint256 order) external view returns (OrderHead head, OrderTail tail);

    /// @notice An offer; zeros if there is none.
    function getOffer(uint96 number) external view returns (Offer memory);

    /// @notice How many offers there are; they are numbered from 1.
    function offerCount() external view returns (uint96);

    /// @notice What `account` can be paid.
    function creditOf(address account) external view returns (uint256);

    /// @notice What a committee earned in all (and the commons beside it), and what was paid of that to `payee`.
    function feesOf(uint24 committee, address payee) external view returns (uint256 earned, uint256 paid);
}
