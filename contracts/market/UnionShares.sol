// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {Reason} from "contracts/libraries/Codes.sol";
import {Grant} from "contracts/libraries/Grants.sol";
import {Membership, Roll} from "contracts/libraries/Memberships.sol";
import {OrderHead, OrderHeads, OrderState, OrderTail, OrderTails} from "contracts/libraries/Orders.sol";
import {Settlement} from "contracts/market/Settlement.sol";
import {UnionBook} from "contracts/market/UnionBook.sol";
import {IConsentRegistry} from "interfaces/IConsentRegistry.sol";
import {Delivery, IOrderDesk, Parties} from "interfaces/IOrderDesk.sol";
import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";
import {IUnions, Part, Union} from "interfaces/IUnions.sol";

/// @title UnionShares
/// @notice How an order of a union is divided. Linked into {Unions}, in whose storage it writes.
/// @dev Each member's part is settled like a small order of their own. The parts are equal, rounded down, and paid at
/// most once, to those who were counted at the delivery, so their sum never exceeds the price, whoever comes last.
library UnionShares {
    using Settlement for Settlement.Ledger;

    /// @dev An order and one of its members, what that one was paid of it before, and the desk's rules: consents 160 |
    /// challenge window 40.
    struct Case {
        uint256 order;
        uint256 rules;
        OrderHead head;
        OrderTail tail;
        Membership word;
        uint256 paid;
    }

    /// @dev How long after an order's end parts are claimed. Longer than it takes a dispute to lapse.
    uint256 private constant CLAIM_PERIOD = 365 days;

    /// @notice Pays the part of one member, or what they have earned of it so far while it runs.
    /// @param rules consents 160 | challenge window 40
    function claim(
        Settlement.Ledger storage ledger,
        UnionBook.Book storage book,
        uint256 rules,
        uint256 order,
        Part calldata part,
        bytes32[] calldata proof
    ) external {
        Settlement.Order storage slot = _find(ledger, order);
        Case memory found;
        found.order = order;
        found.rules = rules;
        found.head = _delivered(slot, order, uint40(rules >> 160));
        found.tail = slot.tail;
        _checkPart(book, found, part, proof);

        uint24 place = found.word.place();
        if (isMarked(book.claims[order], place)) revert IUnions.UnionClaimedBefore(order, part.member);
        if (book.accusations[order].isUpheld && isMarked(book.accused[order], place)) {
            revert IUnions.UnionPartRefused(order, part.member);
        }

        found.paid = book.advances[order].paid[place];
        if (found.paid == 0) {
            // However many parts a committee signed: what is paid is never more than the price.
            if (found.tail.epoch() == found.tail.grants()) revert IUnions.UnionAllClaimed(order);
            slot.tail = found.tail.claimed(1);
        }
        _pay(ledger, book, found, _partiesOf(book.unions[found.tail.group()], part.member, found.head.party()));
    }

    /// @notice Notes that the buyer says of a part that it doesn't open.
    function accuse(
        Settlement.Ledger storage ledger,
        UnionBook.Book storage book,
        uint256 window,
        uint256 order,
        Part calldata part,
        bytes32[] calldata proof
    ) external {
        Settlement.Order storage slot = _find(ledger, order);
        Case memory found;
        found.order = order;
        found.head = _disputable(book, slot, order, window);
        if (found.head.party() != msg.sender) revert IUnions.UnionNotBuyer(order, msg.sender);
        found.tail = slot.tail;
        _checkPart(book, found, part, proof);
        UnionBook.Accusations storage said = book.accusations[order];
        // As for claims: what is given back for them is never more than the price.
        if (said.count == found.tail.grants()) revert IUnions.UnionAllClaimed(order);
        if (!_mark(book.accused[order], found.word.place())) revert IUnions.UnionAccusedBefore(order, part.member);

        ++said.count;

        emit IUnions.UnionAccused(order, part.member, found.word.place());
    }

    /// @notice Holds an order of which parts were accused. See {IOrderDesk-dispute}.
    function dispute(Settlement.Ledger storage ledger, UnionBook.Book storage book, uint256 window, uint256 order)
        external
    {
        Settlement.Order storage slot = _find(ledger, order);
        OrderHead head = _disputable(book, slot, order, window);
        UnionBook.Accusations storage said = book.accusations[order];
        if (said.count == 0) revert IUnions.UnionNobodyAccused(order);

        said.isDisputed = true;
        slot.head = head.to(OrderState.DISPUTED);

        emit IOrderDesk.OrderDisputed(order);
    }

    /// @dev The head of an order that may still be disputed, which it is once: a dispute names all its parts.
    function _disputable(UnionBook.Book storage book, Settlement.Order storage slot, uint256 order, uint256 window)
        private
        view
        returns (OrderHead head)
    {
        head = slot.head;
        if (!head.isIn(OrderState.DELIVERED)) revert IOrderDesk.OrderWrongState(order, head.state());
        uint256 until = head.start() + window;
        if (block.timestamp >= until) revert IOrderDesk.OrderPastChallenge(order, uint40(until));
        if (book.accusations[order].isDisputed) revert IUnions.UnionDisputedBefore(order);
    }

    /// @notice Lets an order go on. If the dispute was upheld, the buyer has the parts that they accused back, and nobody
    /// else loses by it. See {IOrderDesk-resolve}.
    /// @dev Nothing was claimed before, since nothing is within the challenge window.
    function resolve(Settlement.Ledger storage ledger, UnionBook.Book storage book, uint256 order, bool upheld)
        external
    {
        Settlement.Order storage slot = _find(ledger, order);
        OrderHead head = slot.head;
        if (!head.isIn(OrderState.DISPUTED)) revert IOrderDesk.OrderWrongState(order, head.state());

        slot.head = head.to(OrderState.DELIVERED);

        emit IOrderDesk.OrderResolved(order, upheld);

        if (upheld) {
            UnionBook.Accusations storage said = book.accusations[order];
            OrderTail tail = slot.tail;
            uint256 count = said.count;
            uint256 amount = count * (tail.price() / tail.grants());
            said.isUpheld = true;
            slot.tail = tail.claimed(count);
            ledger.addCredit(head.party(), amount);

            emit IUnions.UnionGivenBack(order, amount);
        }
    }

    /// @dev They were counted, and they delivered.
    function _checkPart(UnionBook.Book storage book, Case memory found, Part calldata part, bytes32[] calldata proof)
        private
        view
    {
        uint256 order = found.order;
        Membership word = book.members[found.tail.group()][part.member];
        if (!word.isCounted(found.tail.places(), found.head.start())) {
            revert IUnions.UnionNotMember(found.tail.group(), part.member);
        }
        if (!MerkleProof.verifyCalldata(proof, book.roots[order], _leafOf(part))) {
            revert IUnions.UnionNotDelivered(order, part.member);
        }
        found.word = word;
    }

    /// @dev Each payment is split by itself, so that nothing waits for a member who never comes again: all others have
    /// less than one unit of it less than by a single payment, and the member has that.
    function _pay(
        Settlement.Ledger storage ledger,
        UnionBook.Book storage book,
        Case memory found,
        Parties memory parties
    ) private {
        uint256 share = found.tail.price() / found.tail.grants();
        uint256 paid = found.paid;
        (uint256 earned, bool isOver) = _earned(ledger, found, parties, share);
        uint24 place = found.word.place();
        UnionBook.Advances storage advances = book.advances[found.order];
        if (isOver) {
            _mark(book.claims[found.order], place);
            if (paid != 0) {
                delete advances.paid[place];
                --advances.count;
                advances.amount -= uint96(paid);
            }
        } else {
            advances.paid[place] = earned;
            if (paid == 0) ++advances.count;
            advances.amount += uint96(earned - paid);
        }
        if (earned != paid) ledger.split(parties, earned - paid, 0, true);

        if (!isOver) {
            emit IUnions.UnionPartPaid(found.order, parties.subject, earned);
            return;
        }
        if (earned != share) ledger.addCredit(parties.payer, share - earned);

        emit IUnions.UnionClaimed(found.order, parties.subject, earned, share - earned);
    }

    /// @notice Divides the price by the parts that were delivered, or by the members that there are now, if they are
    /// fewer: some left since the parts were made. Whoever joins and delivers nothing makes nobody's part smaller.
    function divide(
        Settlement.Ledger storage ledger,
        UnionBook.Book storage book,
        Delivery calldata delivery,
        uint24 count,
        bytes32 root
    ) external {
        uint256 order = delivery.order;
        if (delivery.extract != keccak256(abi.encode(count, root))) revert IUnions.UnionInvalidParts(count, root);
        Settlement.Order storage slot = _find(ledger, order);
        OrderTail tail = slot.tail;
        uint96 number = tail.group();
        Roll roll = book.rolls[number];
        uint24 members = roll.members();
        if (count < members) members = count;
        _checkSize(number, members, tail.grants());

        slot.tail = tail.divided(members, roll.places());
        book.roots[order] = root;

        emit IUnions.UnionDivided(order, members, count, root);
    }

    /// @dev Nobody buys of nobody.
    function _checkSize(uint96 number, uint24 members, uint24 minimum) private pure {
        if (members == 0 || members < minimum) revert IUnions.UnionTooSmall(number, members, minimum);
    }

    /// @notice Makes the caller an order, and returns it with its price. The union is open and large enough, they meet the
    /// conditions, and their last order is over and can't be disputed any more.
    function buy(
        Settlement.Ledger storage ledger,
        UnionBook.Book storage book,
        IParticipantRegistry participants,
        uint256 window,
        uint96 number,
        bytes32 receivingKey,
        uint24 minimum
    ) external returns (uint256 order, uint96 price) {
        if (receivingKey == 0) revert IOrderDesk.OrderInvalidKey();
        Roll roll = book.rolls[number];
        if (!roll.isOpen()) revert IUnions.UnionNotOpen(number);
        _checkSize(number, roll.members(), minimum);
        Union storage terms = book.unions[number];
        if (terms.conditions & ~participants.conditionsOf(msg.sender) != 0) {
            revert IOrderDesk.OrderDenied(Reason.CONDITION);
        }

        order = _take(ledger, book, window, number);
        price = terms.price;
        Settlement.Order storage slot = ledger.orders[order];
        slot.head = OrderHeads.pack(msg.sender, block.timestamp, terms.duration).numbered(1);
        // Nobody's consent is in the tail: the minimum has its place.
        slot.tail = OrderTails.pack(price, number, block.timestamp + terms.deliveryPeriod).divided(minimum, 0);
        order |= 1;

        emit IUnions.UnionBought(order, number, msg.sender, price, minimum, receivingKey);
    }

    /// @dev Where the caller's next order of a union is. While the last one is live or can be disputed, there is none:
    /// custodians answer for the newest.
    function _take(Settlement.Ledger storage ledger, UnionBook.Book storage book, uint256 window, uint96 number)
        private
        returns (uint256)
    {
        uint256 count = book.purchases[number][msg.sender];
        uint256 last = keyOf(number, msg.sender, count);
        Settlement.Order storage slot = ledger.orders[last];
        OrderHead head = slot.head;
        bool isHeld = head.isIn(OrderState.DISPUTED)
            || (head.isIn(OrderState.DELIVERED) && block.timestamp < head.start() + window);
        if (isHeld || Settlement.isLive(slot)) revert IOrderDesk.OrderLive(last | 1);

        book.purchases[number][msg.sender] = ++count;
        return keyOf(number, msg.sender, count);
    }

    /// @dev Each purchase has a key of its own, as an order is claimed for a year after its end. Nothing that other desks
    /// hash has this length.
    function keyOf(uint96 number, address buyer, uint256 count) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(number, buyer, count))) & ~uint256(type(uint16).max);
    }

    /// @notice Whether `actor` has a live order of the union that `subject` is in, and what is attested of them if the
    /// union asks for anything. See {Unions-isMember}.
    function reached(
        Settlement.Ledger storage ledger,
        UnionBook.Book storage book,
        IConsentRegistry consents,
        IParticipantRegistry participants,
        uint96 number,
        address subject,
        address actor
    ) external view returns (bool, uint24) {
        if (!_reaches(ledger, book, consents, number, subject, actor)) return (false, 0);

        return (true, book.unions[number].conditions == 0 ? 0 : participants.conditionsOf(actor));
    }

    function _reaches(
        Settlement.Ledger storage ledger,
        UnionBook.Book storage book,
        IConsentRegistry consents,
        uint96 number,
        address subject,
        address actor
    ) private view returns (bool) {
        Settlement.Order storage slot = ledger.orders[keyOf(number, actor, book.purchases[number][actor])];
        Membership word = book.members[number][subject];
        if (!Settlement.isLive(slot) || !word.isIn()) return false;
        OrderHead head = slot.head;
        if (head.isIn(OrderState.DELIVERED) && !word.isCounted(slot.tail.places(), head.start())) return false;
        bytes32 grantee = bytes32((uint256(number) << 160) | uint160(address(this)));
        (Grant ofGroup, Grant ofActor,) = consents.standing(subject, grantee, actor);
        if (ofGroup.epoch() != word.epoch() || ofActor.bars() != 0) return false;
        return ofGroup.grants() == word.grants()
            || Settlement.isFollowed(ledger.followed[subject][number], word.grants(), ofGroup);
    }

    /// @notice Ends an order: what was not claimed goes back. See {IOrderDesk-settle}.
    function settle(Settlement.Ledger storage ledger, UnionBook.Book storage book, uint256 window, uint256 order)
        external
    {
        Settlement.Order storage slot = _find(ledger, order);
        OrderHead head = slot.head;
        OrderTail tail = slot.tail;
        uint256 refunded = tail.price();
        uint256 until;
        if (head.isIn(OrderState.OPEN)) {
            until = tail.deadline();
        } else {
            head = _delivered(slot, order, window);
            uint256 members = tail.grants();
            uint256 claims = tail.epoch();
            uint256 share = refunded / members;
            UnionBook.Advances storage advances = book.advances[order];
            uint256 unfinished = advances.count;
            // Whose part was paid until some day, and not to its end, gives up the rest of it.
            refunded -= (claims - unfinished) * share + advances.amount;
            // No sum of times reaches 2^128.
            unchecked {
                if (claims - unfinished != members) until = _later(head.end(), head.start() + window) + CLAIM_PERIOD;
            }
        }
        if (block.timestamp < until) revert IOrderDesk.OrderNotOver(order, uint40(until));

        slot.head = head.to(OrderState.SETTLED);
        if (refunded != 0) ledger.addCredit(head.party(), refunded);

        emit IOrderDesk.OrderSettled(order, tail.price() - refunded, refunded);
    }

    /// @dev Hashed twice, so that no node of a tree is a leaf of it.
    function _leafOf(Part calldata part) private pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(part))));
    }

    /// @dev What a member earned of their share: for the time until the end, their stop, or when they left; or until now,
    /// while that is to come (`isOver` is false).
    function _earned(Settlement.Ledger storage ledger, Case memory found, Parties memory parties, uint256 share)
        private
        view
        returns (uint256 earned, bool isOver)
    {
        Membership word = found.word;
        IConsentRegistry consents = IConsentRegistry(address(uint160(found.rules)));
        OrderTail consent = UnionBook.consentOf(found.tail.group(), word);
        uint256 until = Settlement.stopOf(ledger, consents, consent, parties, found.head.end());
        if (word.leftAt() != 0 && word.leftAt() < until) until = word.leftAt();
        isOver = block.timestamp >= until;
        // Times have 40 bits, prices 96.
        unchecked {
            uint256 start = found.head.start();
            uint256 time = isOver ? until : block.timestamp;
            if (time > start) earned = share * (time - start) / found.head.duration();
            // Nothing is paid, or given back, that could still be disputed: an upheld dispute gives it back.
            uint256 payableAt = start + uint40(found.rules >> 160);
            if (block.timestamp < payableAt) {
                revert IOrderDesk.OrderNotOver(found.order, uint40(_later(until, payableAt)));
            }
        }
        // Where the stop can't be told any more, what was paid stays paid.
        if (earned < found.paid) earned = found.paid;
        if (!isOver && earned == found.paid) revert IOrderDesk.OrderNotOver(found.order, uint40(until));
    }

    /// @dev The head of an order that is delivered. A dispute that lapsed is over by that: nobody can uphold it once
    /// something was paid.
    function _delivered(Settlement.Order storage slot, uint256 order, uint256 window) private returns (OrderHead head) {
        head = slot.head;
        if (head.isIn(OrderState.DISPUTED) && block.timestamp >= head.start() + window + Settlement.DISPUTE_LIMIT) {
            head = head.to(OrderState.DELIVERED);
            slot.head = head;

            emit IOrderDesk.OrderResolved(order, false);
        }
        if (!head.isIn(OrderState.DELIVERED)) revert IOrderDesk.OrderWrongState(order, head.state());
    }

    function _find(Settlement.Ledger storage ledger, uint256 order)
        private
        view
        returns (Settlement.Order storage slot)
    {
        slot = ledger.orders[order & ~uint256(type(uint16).max)];
        // Each purchase has a key of its own, so it is the first of it.
        if (slot.head.isZero() || uint16(order) != 1) revert IOrderDesk.OrderWrongState(order, OrderState.NONE);
    }

    /// @dev Sets the bit of a place, and says whether it was free.
    function _mark(mapping(uint256 word => uint256) storage bits, uint24 place) private returns (bool) {
        if (isMarked(bits, place)) return false;

        bits[place >> 8] |= 1 << (place & 0xff);
        return true;
    }

    /// @dev Whether the bit of a place is set.
    function isMarked(mapping(uint256 word => uint256) storage bits, uint24 place) internal view returns (bool) {
        return (bits[place >> 8] >> (place & 0xff)) & 1 != 0;
    }

    function _partiesOf(Union storage terms, address member, address buyer) private view returns (Parties memory) {
        return Parties(member, buyer, terms.institution, terms.committee, terms.institutionBps);
    }

    function _later(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }
}
