// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

import {Reason} from "contracts/libraries/Codes.sol";
import {Grant, Head} from "contracts/libraries/Grants.sol";
import {OrderHead, OrderHeads, OrderState, OrderTail, OrderTails} from "contracts/libraries/Orders.sol";
import {TypedData} from "contracts/libraries/TypedData.sol";
import {DataAccessToken} from "contracts/market/DataAccessToken.sol";
import {Offers} from "contracts/market/Offers.sol";
import {IConsentRegistry, Request} from "interfaces/IConsentRegistry.sol";
import {Delivery, IDataMarket, Offer} from "interfaces/IDataMarket.sol";
import {Committee, IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";
import {IRewardCoin} from "interfaces/IRewardCoin.sol";

/// @title DataMarket
/// @notice See {IDataMarket}.
contract DataMarket is IDataMarket, DataAccessToken, TypedData, Nonces {
    bytes32 private constant DELIVERY_TYPEHASH =
        keccak256("Delivery(uint256 order,bytes32 extract,bytes32 receivingKey,bytes32 capsule)");

    /// @dev Parts of what is earned, of 10,000: the committee's, and as much for the commons. An institution has at most
    /// 2,000 ({Offers}), so the subject has 7,000 at the least.
    uint256 private constant WHOLE_BPS = 10_000;
    uint256 private constant FEE_BPS = 500;

    struct Order {
        OrderHead head;
        OrderTail tail;
    }

    IConsentRegistry private immutable _consents;
    IParticipantRegistry private immutable _participants;
    IRewardCoin private immutable _coin;
    address private immutable _commons;

    Offers.Book private _book;
    /// @dev By the order's number without its lowest 16 bits, which hold the sequence.
    mapping(uint256 key => Order) private _orders;
    /// @dev What is owed, and one: so that a slot that was used once is never written from zero again.
    mapping(address account => uint256) private _credits;
    /// @dev What a committee earned; the commons earned as much beside it.
    mapping(uint24 committee => uint256) private _feesEarned;
    mapping(uint24 committee => mapping(address payee => uint256)) private _feesPaid;

    constructor(IConsentRegistry consents, IParticipantRegistry participants, IRewardCoin coin, address commons) {
        _consents = consents;
        _participants = participants;
        _coin = coin;
        _commons = commons;
    }

    /* OFFER */

    /// @inheritdoc IDataMarket
    function offer(Offer calldata terms) external returns (uint96 number) {
        if (terms.subject != msg.sender) revert OfferInvalidTerm(0);

        (number,) = Offers.make(_book, terms, _participants, 0, 0);
    }

    /// @inheritdoc IDataMarket
    function offerWithSig(Offer calldata terms, uint256 deadline, bytes calldata signature)
        external
        returns (uint96 number)
    {
        if (block.timestamp > deadline) revert MarketExpiredSignature(deadline);
        address subject = terms.subject;
        bytes32 structHash;
        (number, structHash) = Offers.make(_book, terms, _participants, _useNonce(subject), deadline);
        _checkSignature(subject, structHash, signature);
    }

    /// @inheritdoc IDataMarket
    function closeOffer(uint96 number) external {
        Offers.close(_book, number, msg.sender);
    }

    /// @inheritdoc IDataMarket
    function closeOfferWithSig(address subject, uint96 number, bytes calldata signature) external {
        _checkSignature(subject, Offers.close(_book, number, subject), signature);
    }

    /* BUY */

    /// @inheritdoc IDataMarket
    function buy(uint96 number, bytes32 receivingKey) external returns (uint256) {
        return _buy(number, receivingKey);
    }

    /// @inheritdoc IDataMarket
    function buyWithPermit(uint96 number, bytes32 receivingKey, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256)
    {
        // Whoever saw the permit may have sent it first; what counts is whether the allowance is there.
        try _coin.permit(msg.sender, address(this), _book.offers[number].price, deadline, v, r, s) {} catch {}
        return _buy(number, receivingKey);
    }

    function _buy(uint96 number, bytes32 receivingKey) private returns (uint256 order) {
        if (receivingKey == 0) revert OrderInvalidKey();
        Offer storage item = _book.offers[number];
        if (item.deliveryPeriod == 0) revert OfferNotOpen(number);

        order = _open(number, item);

        emit OrderBought(order, number, msg.sender, item.price, receivingKey);

        // The coin is our own: it reverts rather than return false.
        _coin.transferFrom(msg.sender, address(this), item.price);

        // Last, so that the group's answer already shows the order, and a denial undoes all of the above.
        (bool permitted, Reason reason) = _consents.decide(
            Request({
                subject: item.subject,
                actor: msg.sender,
                grantee: _grantee(number),
                use: item.use,
                classes: item.classes,
                disease: item.disease
            })
        );
        if (!permitted) revert OrderDenied(reason);
    }

    /// @dev Writes the order and its token.
    function _open(uint96 number, Offer storage item) private returns (uint256 order) {
        uint256 key = _key(number, msg.sender);
        Order storage slot = _orders[key];
        OrderHead last = slot.head;
        uint16 sequence = last.sequence() + 1;
        order = key | sequence;
        uint256 previous;
        if (!last.isZero()) {
            previous = key | last.sequence();
            if (!last.isIn(OrderState.SETTLED)) revert OrderLive(previous);
        }

        (Grant ofOffer, Grant ofBuyer, Head head) = _consents.standing(item.subject, _grantee(number), msg.sender);
        slot.head = OrderHeads.pack(msg.sender, block.timestamp, item.duration, sequence);
        // At most 30 days from now.
        unchecked {
            slot.tail = OrderTails.pack(
                item.price,
                number,
                block.timestamp + item.deliveryPeriod,
                ofOffer.grants(),
                head.epoch(),
                ofBuyer.bars()
            );
        }
        _issue(msg.sender, order, previous);
    }

    /* DELIVER */

    /// @inheritdoc IDataMarket
    function deliver(
        Delivery calldata delivery,
        Committee calldata committee,
        uint256 signers,
        bytes[] calldata signatures
    ) external {
        uint256 order = delivery.order;
        Order storage slot = _orders[_keyOf(order)];
        OrderHead head = _headOf(slot, order);
        if (!head.isIn(OrderState.OPEN)) revert OrderWrongState(order, head.state());
        OrderTail tail = slot.tail;
        if (block.timestamp >= tail.deadline()) revert OrderPastDeadline(order, tail.deadline());
        _checkCommittee(_book.offers[tail.offer()].committee, committee);
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
        if (_participants.committeeDigest(number) != keccak256(abi.encode(committee))) revert CommitteeUnknown(number);
    }

    /* SETTLE */

    /// @inheritdoc IDataMarket
    function settle(uint256 order) external {
        Order storage slot = _orders[_keyOf(order)];
        OrderHead head = _headOf(slot, order);
        bool delivered = head.isIn(OrderState.DELIVERED);
        if (!delivered && !head.isIn(OrderState.OPEN)) revert OrderWrongState(order, head.state());
        OrderTail tail = slot.tail;
        Offer storage item = _book.offers[tail.offer()];
        address subject = item.subject;
        uint256 start = head.start();
        uint256 price = tail.price();
        uint256 earned;
        // No sum or product here reaches 2^128: times have 40 bits, prices 96, and a stop is never later than the end.
        unchecked {
            uint256 stop = _stop(subject, head.buyer(), tail, delivered ? head.end() : tail.deadline());
            if (block.timestamp < stop) revert OrderNotOver(order, uint40(stop));

            if (delivered && stop > start) earned = price * (stop - start) / head.duration();
            slot.head = head.settled();
            if (earned > 0) _split(item, subject, earned);
            if (earned < price) _addCredit(head.buyer(), price - earned);

            emit OrderSettled(order, earned, price - earned);
        }
    }

    /// @dev When an order's time was over: `over`, or the earliest act that stopped it. 0 where that can't be told.
    function _stop(address subject, address buyer, OrderTail tail, uint256 over) private view returns (uint256 stop) {
        (Grant ofOffer, Grant ofBuyer, Head head) = _consents.standing(subject, _grantee(tail.offer()), buyer);

        if (ofOffer.grants() != tail.grants()) return 0;
        stop = _earlier(over, ofOffer.validUntil());

        // The counters wrap, so their differences do.
        unchecked {
            uint24 raises = head.epoch() - tail.epoch();
            if (raises > 1) return 0;
            if (raises == 1) stop = _earlier(stop, head.stoppedAt());

            uint8 bars = (ofBuyer.bars() - tail.bars()) & 63;
            if (bars > 1 || (bars == 1) != ofBuyer.isBarred()) return 0;
            if (bars == 1) stop = _earlier(stop, ofBuyer.validUntil());
        }
    }

    /// @dev What is earned goes to the commons, the committee, the institution, and all the rest to the subject.
    function _split(Offer storage item, address subject, uint256 earned) private {
        unchecked {
            uint256 fee = earned * FEE_BPS / WHOLE_BPS;
            uint256 toInstitution = earned * item.institutionBps / WHOLE_BPS;

            _feesEarned[item.committee] += fee;
            if (toInstitution > 0) _addCredit(item.institution, toInstitution);
            _addCredit(subject, earned - fee - fee - toInstitution);
        }
    }

    function _earlier(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    /* PAY OUT */

    /// @inheritdoc IDataMarket
    function payCredit(address account) external {
        uint256 amount = creditOf(account);
        if (amount == 0) revert CreditNone(account);

        _credits[account] = 1;

        // Its event is the coin's own: a transfer from here.
        _pay(account, amount);
    }

    /// @inheritdoc IDataMarket
    function payCommitteeFee(uint24 number, Committee calldata committee, uint256 place) external {
        _checkCommittee(number, committee);

        _payFee(number, committee.members[place], _feesEarned[number] / committee.members.length);
    }

    /// @inheritdoc IDataMarket
    function payCommons(uint24 committee) external {
        _payFee(committee, _commons, _feesEarned[committee]);
    }

    function _payFee(uint24 committee, address payee, uint256 due) private {
        uint256 amount = due - _feesPaid[committee][payee];
        if (amount == 0) revert CreditNone(payee);

        _feesPaid[committee][payee] = due;

        emit FeePaid(committee, payee, amount);

        _pay(payee, amount);
    }

    /// @dev The coin is our own: it reverts rather than return false.
    function _pay(address account, uint256 amount) private {
        _coin.transfer(account, amount);
    }

    /// @dev The sum of all credits is coin that is here, so it can't overflow.
    function _addCredit(address account, uint256 amount) private {
        unchecked {
            uint256 credit = _credits[account];
            _credits[account] = credit == 0 ? amount + 1 : credit + amount;
        }
    }

    /* MEMBERS */

    /// @notice See {IMemberGroup-isMember}: the members of an offer are its buyers, each as long as the order lasts.
    function isMember(uint96 number, address subject, address actor) external view returns (bool, uint24) {
        Offer storage item = _book.offers[number];
        if (item.subject != subject) return (false, 0);
        Order storage slot = _orders[_key(number, actor)];
        OrderHead head = slot.head;
        uint256 until;
        if (head.isIn(OrderState.OPEN)) until = slot.tail.deadline();
        else if (head.isIn(OrderState.DELIVERED)) until = head.end();
        if (block.timestamp >= until) return (false, 0);

        return (true, item.conditions == 0 ? 0 : _participants.conditionsOf(actor));
    }

    /* VIEWS */

    /// @inheritdoc DataAccessToken
    function _holderOf(uint256 tokenId) internal view override returns (address holder) {
        OrderHead head = _orders[_keyOf(tokenId)].head;
        if (head.sequence() == uint16(tokenId)) holder = head.buyer();
    }

    /// @notice See {IDataAccessToken-expiresAt}.
    function expiresAt(uint256 tokenId) external view returns (uint40) {
        OrderHead head = _headOf(_orders[_keyOf(tokenId)], tokenId);
        return head.isIn(OrderState.OPEN) ? 0 : uint40(head.end());
    }

    /// @inheritdoc IDataMarket
    function orderOf(uint96 number, address buyer) external view returns (uint256 order, bool exists) {
        uint256 key = _key(number, buyer);
        OrderHead head = _orders[key].head;
        exists = !head.isZero();
        order = key | (exists ? head.sequence() : 1);
    }

    /// @inheritdoc IDataMarket
    function getOrder(uint256 order) external view returns (OrderHead head, OrderTail tail) {
        Order storage slot = _orders[_keyOf(order)];
        if (slot.head.sequence() == uint16(order)) return (slot.head, slot.tail);
    }

    /// @inheritdoc IDataMarket
    function getOffer(uint96 number) external view returns (Offer memory) {
        return _book.offers[number];
    }

    /// @inheritdoc IDataMarket
    function offerCount() external view returns (uint96) {
        return _book.count;
    }

    /// @inheritdoc IDataMarket
    function creditOf(address account) public view returns (uint256) {
        uint256 credit = _credits[account];
        return credit == 0 ? 0 : credit - 1;
    }

    /// @inheritdoc IDataMarket
    function feesOf(uint24 committee, address payee) external view returns (uint256, uint256) {
        return (_feesEarned[committee], _feesPaid[committee][payee]);
    }

    /* SHARED */

    function _grantee(uint96 number) private view returns (bytes32) {
        return bytes32((uint256(number) << 160) | uint160(address(this)));
    }

    function _key(uint96 number, address buyer) private pure returns (uint256) {
        return _keyOf(uint256(keccak256(abi.encode(number, buyer))));
    }

    function _keyOf(uint256 order) private pure returns (uint256) {
        return order & ~uint256(type(uint16).max);
    }

    /// @dev The head of `order`, where it is still the newest of its offer and buyer.
    function _headOf(Order storage slot, uint256 order) private view returns (OrderHead head) {
        head = slot.head;
        if (head.isZero() || head.sequence() != uint16(order)) revert OrderWrongState(order, OrderState.NONE);
    }

    function _checkSignature(address signer, bytes32 structHash, bytes calldata signature) private view {
        if (!_isSigned(signer, structHash, signature)) revert MarketInvalidSignature(signer);
    }
}
