// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Reason} from "contracts/libraries/Codes.sol";
import {Grant, Head} from "contracts/libraries/Grants.sol";
import {OrderHead, OrderState, OrderTail} from "contracts/libraries/Orders.sol";
import {TypedData} from "contracts/libraries/TypedData.sol";
import {DataAccessToken} from "contracts/market/DataAccessToken.sol";
import {Settlement} from "contracts/market/Settlement.sol";
import {IConsentRegistry, Request} from "interfaces/IConsentRegistry.sol";
import {Delivery, IOrderDesk, Parties} from "interfaces/IOrderDesk.sol";
import {Committee, IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";
import {IRewardCoin} from "interfaces/IRewardCoin.sol";

/// @title OrderDesk
/// @notice See {IOrderDesk}. What a desk's groups are is its own: it answers the few questions below about them.
abstract contract OrderDesk is IOrderDesk, DataAccessToken, TypedData {
    using Settlement for Settlement.Ledger;

    bytes32 private constant DELIVERY_TYPEHASH =
        keccak256("Delivery(uint256 order,bytes32 extract,bytes32 receivingKey,bytes32 capsule)");

    IConsentRegistry internal immutable _consents;
    IParticipantRegistry internal immutable _participants;
    IRewardCoin internal immutable _coin;
    address private immutable _commons;
    address private immutable _disputes;
    uint40 private immutable _challengeWindow;

    Settlement.Ledger internal _ledger;

    constructor(
        IConsentRegistry consents,
        IParticipantRegistry participants,
        IRewardCoin coin,
        address commons,
        address disputes,
        uint40 challengeWindow
    ) {
        _consents = consents;
        _participants = participants;
        _coin = coin;
        _commons = commons;
        _disputes = disputes;
        _challengeWindow = challengeWindow;
    }

    /* QUESTIONS */

    /// @dev The committee that delivers the orders of a group.
    function _committeeOf(uint96 group) internal view virtual returns (uint24);

    /// @dev Who takes part in an order of a group and a party.
    function _partiesOf(uint96 group, address party) internal view virtual returns (Parties memory);

    /// @dev Who paid for an order of a group and a party: the party, where a desk says nothing else.
    function _payerOf(uint96, address party) internal view virtual returns (address) {
        return party;
    }

    /// @dev Where that goes which an order didn't earn: back to whoever paid, where a desk says nothing else.
    function _giveBack(uint96, address payer, uint256 amount) internal virtual {
        _ledger.addCredit(payer, amount);
    }

    /* OPEN */

    /// @dev Writes an order, and its token for `payer`. `head` and `tail` lack the sequence and what consent says now.
    function _open(uint256 key, OrderHead head, OrderTail tail, address subject, address payer)
        internal
        returns (uint256 order)
    {
        Settlement.Order storage slot = _ledger.orders[key];
        OrderHead last = slot.head;
        uint16 sequence = last.sequence() + 1;
        order = key | sequence;
        uint256 previous;
        if (!last.isZero()) {
            previous = key | last.sequence();
            if (!last.isIn(OrderState.SETTLED)) revert OrderLive(previous);
        }

        (Grant ofGroup, Grant ofPayer, Head standing) = _consents.standing(subject, _grantee(tail.group()), payer);
        slot.head = head.numbered(sequence);
        slot.tail = tail.under(ofGroup.grants(), standing.epoch(), ofPayer.bars());
        _issue(payer, order, previous);
    }

    /// @dev To be called last, so that the group's answer already shows the order, and a denial undoes all else.
    function _checkPermitted(Request memory request) internal view {
        (bool permitted, Reason reason) = _consents.decide(request);
        if (!permitted) revert OrderDenied(reason);
    }

    /* DELIVER */

    /// @inheritdoc IOrderDesk
    function deliver(
        Delivery calldata delivery,
        Committee calldata committee,
        uint256 signers,
        bytes[] calldata signatures
    ) public virtual {
        uint256 order = delivery.order;
        (Settlement.Order storage slot, OrderHead head) = _find(order);
        if (!head.isIn(OrderState.OPEN)) revert OrderWrongState(order, head.state());
        OrderTail tail = slot.tail;
        if (block.timestamp >= tail.deadline()) revert OrderPastDeadline(order, tail.deadline());
        _checkCommittee(_committeeOf(tail.group()), committee);
        uint256 signed = _checkSigners(delivery, committee.members, signers, signatures);
        if (signed < committee.threshold || signed != signatures.length) {
            revert DeliveryInvalidSigners(signers, signed);
        }

        slot.head = head.delivered(block.timestamp);

        emit OrderDelivered(order, delivery.extract, delivery.receivingKey, delivery.capsule);
    }

    /// @dev How many members signed: those whose bit is set in `signers`, each once.
    function _checkSigners(
        Delivery calldata delivery,
        address[] calldata members,
        uint256 signers,
        bytes[] calldata signatures
    ) private view returns (uint256 signed) {
        bytes32 structHash = keccak256(abi.encode(DELIVERY_TYPEHASH, delivery));
        // A committee has at most 16 members.
        unchecked {
            for (uint256 place; place < members.length && signed < signatures.length; ++place) {
                if ((signers >> place) & 1 != 0) _checkSignature(members[place], structHash, signatures[signed++]);
            }
        }
    }

    function _checkCommittee(uint24 number, Committee calldata committee) private view {
        // The words of `abi.encode(committee)`: the compiler's own encoder takes 150 bytes more.
        address[] calldata members = committee.members;
        bytes memory words =
            abi.encodePacked(uint256(32), uint256(64), uint256(committee.threshold), members.length, members);
        if (_participants.committeeDigest(number) != keccak256(words)) revert CommitteeUnknown(number);
    }

    /* SETTLE, DISPUTE */

    /// @inheritdoc IOrderDesk
    function settle(uint256 order) external virtual {
        _take(order, Settlement.Step.SETTLE);
    }

    /// @inheritdoc IOrderDesk
    function settlePart(uint256 order) external virtual {
        _take(order, Settlement.Step.SETTLE_PART);
    }

    /// @inheritdoc IOrderDesk
    function dispute(uint256 order) external virtual {
        _checkDisputes();
        _take(order, Settlement.Step.DISPUTE);
    }

    /// @inheritdoc IOrderDesk
    function resolve(uint256 order, bool upheld) external virtual {
        _checkDisputes();
        _take(order, upheld ? Settlement.Step.UPHOLD : Settlement.Step.DISMISS);
    }

    function _take(uint256 order, Settlement.Step step) private {
        (Settlement.Order storage slot, OrderHead head) = _find(order);
        OrderTail tail = slot.tail;
        Parties memory parties = _partiesOf(tail.group(), head.party());
        uint256 refunded = _ledger.take(
            slot,
            order,
            uint160(address(_consents)) | (uint256(_challengeWindow) << 160) | (uint256(step) << 200),
            uint160(parties.subject) | (uint256(parties.committee) << 160) | (uint256(parties.institutionBps) << 184),
            uint160(parties.payer),
            uint160(parties.institution)
        );
        if (refunded != 0) _giveBack(tail.group(), parties.payer, refunded);
    }

    function _checkDisputes() internal view {
        if (msg.sender != _disputes) revert OrderNotDisputes(msg.sender);
    }

    /// @inheritdoc IOrderDesk
    function followConsent(address subject, uint96 group) external {
        _ledger.follow(_consents, subject, group);
    }

    /* PAY OUT */

    /// @inheritdoc IOrderDesk
    function payCredit(address account) external {
        uint256 amount = creditOf(account);
        if (amount == 0) revert CreditNone(account);

        _ledger.credits[account] = 1;

        // Its event is the coin's own: a transfer from here. The coin is our own: it reverts rather than return false.
        _coin.transfer(account, amount);
    }

    /// @inheritdoc IOrderDesk
    function payCommitteeFee(uint24 number, Committee calldata committee, uint256 place) external {
        _checkCommittee(number, committee);

        _payFee(number, committee.members[place], committee.members.length);
    }

    /// @inheritdoc IOrderDesk
    function payCommons(uint24 committee) external {
        _payFee(committee, _commons, 1);
    }

    function _payFee(uint24 committee, address payee, uint256 parts) private {
        _ledger.payFee(_coin, committee, payee, parts);
    }

    /* VIEWS */

    /// @inheritdoc DataAccessToken
    function _holderOf(uint256 tokenId) internal view override returns (address holder) {
        Settlement.Order storage slot = _orderAt(tokenId);
        OrderHead head = slot.head;
        if (head.sequence() == uint16(tokenId)) holder = _payerOf(slot.tail.group(), head.party());
    }

    /// @notice See {IDataAccessToken-expiresAt}.
    function expiresAt(uint256 tokenId) external view returns (uint40) {
        (, OrderHead head) = _find(tokenId);
        return head.isIn(OrderState.OPEN) ? 0 : uint40(head.end());
    }

    /// @inheritdoc IOrderDesk
    function getOrder(uint256 order) external view returns (OrderHead head, OrderTail tail) {
        Settlement.Order storage slot = _orderAt(order);
        head = slot.head;
        if (head.sequence() != uint16(order)) return (OrderHead.wrap(0), tail);
        tail = slot.tail;
    }

    /// @inheritdoc IOrderDesk
    function partiesOf(uint256 order) external view returns (Parties memory) {
        (Settlement.Order storage slot, OrderHead head) = _find(order);
        return _partiesOf(slot.tail.group(), head.party());
    }

    /// @inheritdoc IOrderDesk
    function challenge() external view returns (uint40, address) {
        return (_challengeWindow, _disputes);
    }

    /// @inheritdoc IOrderDesk
    function creditOf(address account) public view returns (uint256) {
        uint256 credit = _ledger.credits[account];
        return credit == 0 ? 0 : credit - 1;
    }

    /// @inheritdoc IOrderDesk
    function feesOf(uint24 committee, address payee) external view returns (uint256, uint256) {
        return (_ledger.feesEarned[committee], _ledger.feesPaid[committee][payee]);
    }

    /* SHARED */

    /// @dev See {Settlement-isLive}.
    function _isLive(uint256 key) internal view returns (bool) {
        return Settlement.isLive(_ledger.orders[key]);
    }

    function _grantee(uint96 group) internal view returns (bytes32) {
        return bytes32((uint256(group) << 160) | uint160(address(this)));
    }

    /// @dev Where the orders of `number` and `party` are.
    function _key(uint96 number, address party) internal pure returns (uint256) {
        return _keyOf(uint256(keccak256(abi.encode(number, party))));
    }

    function _keyOf(uint256 order) internal pure returns (uint256) {
        return order & ~uint256(type(uint16).max);
    }

    function _orderAt(uint256 order) private view returns (Settlement.Order storage) {
        return _ledger.orders[_keyOf(order)];
    }

    /// @dev Where `order` is and its head, if it is still the newest of its number and party.
    function _find(uint256 order) private view returns (Settlement.Order storage slot, OrderHead head) {
        slot = _orderAt(order);
        head = slot.head;
        if (head.isZero() || head.sequence() != uint16(order)) revert OrderWrongState(order, OrderState.NONE);
    }

    /// @dev The order that there is, was last, or would be at `key`, and whether there was one.
    function _newestOf(uint256 key) internal view returns (uint256 order, bool exists) {
        OrderHead head = _ledger.orders[key].head;
        exists = !head.isZero();
        order = key | (exists ? head.sequence() : 1);
    }

    function _checkSignature(address signer, bytes32 structHash, bytes calldata signature) internal view {
        if (!_isSigned(signer, structHash, signature)) revert MarketInvalidSignature(signer);
    }
}
