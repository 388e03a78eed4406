// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Grant, Head} from "contracts/libraries/Grants.sol";
import {OrderHead, OrderState, OrderTail} from "contracts/libraries/Orders.sol";
import {IConsentRegistry} from "interfaces/IConsentRegistry.sol";
import {IOrderDesk, Parties} from "interfaces/IOrderDesk.sol";
import {IRewardCoin} from "interfaces/IRewardCoin.sol";

/// @title Settlement
/// @notice How what an order earned is told and divided. Linked into every {OrderDesk}, in whose storage it writes.
/// @dev A library of its own because an order is settled once: it keeps the desks small.
library Settlement {
    struct Order {
        OrderHead head;
        OrderTail tail;
    }

    /// @dev Which order it is about, and the desk's rules.
    struct Case {
        uint256 order;
        IConsentRegistry consents;
        uint256 window;
    }

    enum Step {
        SETTLE,
        SETTLE_PART,
        DISPUTE,
        UPHOLD,
        DISMISS
    }

    /// @dev A consent as it was last seen, and the first of the grants that followed each other without a gap until then.
    struct Followed {
        Grant word;
        uint40 seenAt;
        uint24 since;
    }

    struct Ledger {
        /// By the order's number without its lowest 16 bits, which hold the sequence.
        mapping(uint256 key => Order) orders;
        /// What is owed, and one: so that a slot that was used once is never written from zero again.
        mapping(address account => uint256) credits;
        /// What a committee earned; the commons earned as much beside it.
        mapping(uint24 committee => uint256) feesEarned;
        mapping(uint24 committee => mapping(address payee => uint256)) feesPaid;
        mapping(address subject => mapping(uint96 group => Followed)) followed;
    }

    /// @dev Parts of what is earned, of 10,000: the committee's, and as much for the commons. An institution has at most
    /// 2,000 ({Offers}), so the subject has 7,000 at the least.
    uint256 private constant WHOLE_BPS = 10_000;
    uint256 private constant FEE_BPS = 500;

    /// @dev How long after the challenge window a dispute that nobody resolves lapses.
    uint256 internal constant DISPUTE_LIMIT = 180 days;

    /// @notice Does `step` of an order, and returns what goes back to whoever paid, which is the desk's to do.
    /// @dev One entry for all steps, so that a desk holds one call. Assumes that the order is the newest of its key, and
    /// that the desk knows who may take the step. To decode words costs a third of decoding a struct of addresses.
    /// @param rules consents 160 | window 40 | step 8
    /// @param subject subject 160 | committee 24 | institutionBps 16
    function take(
        Ledger storage ledger,
        Order storage slot,
        uint256 order,
        uint256 rules,
        uint256 subject,
        uint256 payer,
        uint256 institution
    ) external returns (uint256) {
        Case memory found = Case(order, IConsentRegistry(address(uint160(rules))), uint40(rules >> 160));
        Parties memory parties = Parties(
            address(uint160(subject)),
            address(uint160(payer)),
            address(uint160(institution)),
            uint24(subject >> 160),
            uint16(subject >> 184)
        );
        uint256 step = rules >> 200;
        if (step == uint256(Step.SETTLE)) return _settle(ledger, slot, found, parties);
        if (step == uint256(Step.SETTLE_PART)) return _settlePart(ledger, slot, found, parties);
        if (step == uint256(Step.DISPUTE)) return _dispute(slot, found);
        return _resolve(slot, found, step == uint256(Step.UPHOLD));
    }

    function _settle(Ledger storage ledger, Order storage slot, Case memory found, Parties memory parties)
        private
        returns (uint256 refunded)
    {
        OrderTail tail = slot.tail;
        (uint256 earned, uint256 until) = _earned(ledger, found, slot.head, tail, parties);
        if (block.timestamp < until) revert IOrderDesk.OrderNotOver(found.order, uint40(until));

        uint256 paid = _paidOf(tail);
        // Where the stop can't be told any more, what was paid stays paid.
        if (earned < paid) earned = paid;
        unchecked {
            refunded = tail.price() - earned;
        }
        slot.head = slot.head.to(OrderState.SETTLED);
        if (earned > 0) split(ledger, parties, earned, paid, true);

        emit IOrderDesk.OrderSettled(found.order, earned, refunded);
    }

    /// @dev What an order earns by its end or stop, and from when on that can be paid.
    function _earned(Ledger storage ledger, Case memory found, OrderHead head, OrderTail tail, Parties memory parties)
        private
        view
        returns (uint256 earned, uint256 until)
    {
        // No sum or product here reaches 2^128: times have 40 bits, prices 96, and a stop is never later than the end.
        unchecked {
            uint256 start = head.start();
            uint256 open = start + found.window;
            bool delivered = head.isIn(OrderState.DELIVERED)
                || (head.isIn(OrderState.DISPUTED) && block.timestamp >= open + DISPUTE_LIMIT);
            if (!delivered && !head.isIn(OrderState.OPEN)) {
                revert IOrderDesk.OrderWrongState(found.order, head.state());
            }

            until = stopOf(ledger, found.consents, tail, parties, delivered ? head.end() : tail.deadline());
            if (delivered && until > start) {
                earned = tail.price() * (until - start) / head.duration();
                // Nothing is paid that could still be disputed.
                if (until < open) until = open;
            }
        }
    }

    function _settlePart(Ledger storage ledger, Order storage slot, Case memory found, Parties memory parties)
        private
        returns (uint256)
    {
        OrderHead head = _headIn(slot, found, OrderState.DELIVERED);
        OrderTail tail = slot.tail;
        uint256 stop = stopOf(ledger, found.consents, tail, parties, head.end());
        if (block.timestamp >= stop) revert IOrderDesk.OrderOver(found.order, uint40(stop));
        // See {_earned}.
        unchecked {
            uint256 start = head.start();
            uint256 open = start + found.window;
            if (block.timestamp < open) revert IOrderDesk.OrderNotOver(found.order, uint40(open));

            // Below 65,536, as it is not over.
            OrderTail reached = tail.paidFor((block.timestamp - start << 16) / head.duration());
            uint256 paid = _paidOf(tail);
            uint256 earned = _paidOf(reached);
            if (earned == paid) revert IOrderDesk.CreditNone(parties.subject);

            slot.tail = reached;
            split(ledger, parties, earned, paid, false);

            emit IOrderDesk.OrderPartSettled(found.order, earned);
        }
        return 0;
    }

    function _dispute(Order storage slot, Case memory found) private returns (uint256) {
        OrderHead head = _headIn(slot, found, OrderState.DELIVERED);
        uint256 until = head.start() + found.window;
        if (block.timestamp >= until) revert IOrderDesk.OrderPastChallenge(found.order, uint40(until));

        slot.head = head.to(OrderState.DISPUTED);

        emit IOrderDesk.OrderDisputed(found.order);

        return 0;
    }

    /// @dev Nothing was paid of the order before, since nothing is within the challenge window.
    function _resolve(Order storage slot, Case memory found, bool upheld) private returns (uint256 refunded) {
        OrderHead head = _headIn(slot, found, OrderState.DISPUTED);

        slot.head = head.to(upheld ? OrderState.SETTLED : OrderState.DELIVERED);

        emit IOrderDesk.OrderResolved(found.order, upheld);

        if (upheld) {
            refunded = slot.tail.price();

            emit IOrderDesk.OrderSettled(found.order, 0, refunded);
        }
    }

    function _headIn(Order storage slot, Case memory found, OrderState state) private view returns (OrderHead head) {
        head = slot.head;
        if (!head.isIn(state)) revert IOrderDesk.OrderWrongState(found.order, head.state());
    }

    /// @notice Sends a fee, and returns nothing: there is none, or `payee` has it.
    function payFee(Ledger storage ledger, IRewardCoin coin, uint24 committee, address payee, uint256 parts) external {
        uint256 due = ledger.feesEarned[committee] / parts;
        uint256 amount = due - ledger.feesPaid[committee][payee];
        if (amount == 0) revert IOrderDesk.CreditNone(payee);

        ledger.feesPaid[committee][payee] = due;

        emit IOrderDesk.FeePaid(committee, payee, amount);

        // The coin is our own: it reverts rather than return false.
        coin.transfer(payee, amount);
    }

    /// @notice Sees a person's consent to a group as it is now. See {IOrderDesk-followConsent}.
    function follow(Ledger storage ledger, IConsentRegistry consents, address subject, uint96 group) external {
        bytes32 grantee = bytes32((uint256(group) << 160) | uint160(address(this)));
        (Grant word,, Head head) = consents.standing(subject, grantee, address(0));
        Followed storage last = ledger.followed[subject][group];
        if (word.grants() == last.word.grants() && last.seenAt != 0) {
            revert IOrderDesk.ConsentSeen(subject, group, word.grants());
        }
        if (
            word.classes() == 0 || word.epoch() != head.epoch() || block.timestamp < word.validFrom()
                || block.timestamp >= word.validUntil()
        ) revert IOrderDesk.ConsentNotInForce(subject, group);

        uint24 since = _continues(last, word) ? last.since : word.grants();
        ledger.followed[subject][group] = Followed(word, uint40(block.timestamp), since);

        emit IOrderDesk.ConsentFollowed(subject, group, since, word.grants());
    }

    /// @dev Whether `word` is the very next grant after the one that was seen, which nobody withdrew and which has not
    /// ended by now, so not before it was replaced either; and permits all that that one did, from when it was seen on.
    function _continues(Followed storage last, Grant word) private view returns (bool) {
        Grant seen = last.word;
        unchecked {
            return last.seenAt != 0 && word.grants() == uint24(seen.grants() + 1)
                && word.withdrawals() == seen.withdrawals() && word.epoch() == seen.epoch()
                && block.timestamp < seen.validUntil() && word.validFrom() <= last.seenAt
                && seen.classes() & ~word.classes() == 0 && seen.uses() & ~word.uses() == 0
                && word.conditions() & ~seen.conditions() == 0
                && (seen.disease() == 0 || word.disease() == seen.disease());
        }
    }

    /// @dev Whether an order made under grant number `from` goes on under `word`: the grants seen since then followed each
    /// other without a gap, and `word` is the last of them, or follows it though nobody has seen it yet. Else whoever
    /// settled between a grant and its sighting would undo the renewal. The counters wrap, so their differences do.
    function isFollowed(Followed storage found, uint24 from, Grant word) internal view returns (bool) {
        uint24 since = found.since;
        uint24 seen = found.word.grants();
        unchecked {
            if (found.seenAt == 0 || uint24(from - since) > uint24(seen - since)) return false;
        }
        return word.grants() == seen || _continues(found, word);
    }

    /// @dev The sum of all credits is coin that is here, so it can't overflow.
    function addCredit(Ledger storage ledger, address account, uint256 amount) internal {
        unchecked {
            uint256 credit = ledger.credits[account];
            ledger.credits[account] = credit == 0 ? amount + 1 : credit + amount;
        }
    }

    /// @dev Whether an order's data may be asked for: until the deadline of the delivery, then until the end.
    function isLive(Order storage slot) internal view returns (bool) {
        OrderHead head = slot.head;
        uint256 until;
        if (head.isIn(OrderState.OPEN)) until = slot.tail.deadline();
        else if (head.isIn(OrderState.DELIVERED)) until = head.end();
        return block.timestamp < until;
    }

    /// @dev When an order's time was over: `over`, or the earliest act that stopped it. 0 where that can't be told.
    function stopOf(
        Ledger storage ledger,
        IConsentRegistry consents,
        OrderTail tail,
        Parties memory parties,
        uint256 over
    ) internal view returns (uint256 stop) {
        bytes32 grantee = bytes32((uint256(tail.group()) << 160) | uint160(address(this)));
        (Grant ofGroup, Grant ofPayer, Head head) = consents.standing(parties.subject, grantee, parties.payer);

        if (
            ofGroup.grants() != tail.grants()
                && !isFollowed(ledger.followed[parties.subject][tail.group()], tail.grants(), ofGroup)
        ) return 0;
        stop = _earlier(over, ofGroup.validUntil());

        // The counters wrap, so their differences do.
        unchecked {
            uint24 raises = head.epoch() - tail.epoch();
            if (raises > 1) return 0;
            if (raises == 1) stop = _earlier(stop, head.stoppedAt());

            uint8 bars = (ofPayer.bars() - tail.bars()) & 63;
            if (bars > 1 || (bars == 1) != ofPayer.isBarred()) return 0;
            if (bars == 1) stop = _earlier(stop, ofPayer.validUntil());
        }
    }

    /// @dev What was earned since `paid` goes to the commons, the committee, the institution and the subject. In the
    /// end all the rest is the subject's, and each has in all what they would if nothing had been paid before.
    function split(Ledger storage ledger, Parties memory parties, uint256 earned, uint256 paid, bool isLast) internal {
        unchecked {
            uint256 fee = _fee(earned);
            uint256 toInstitution = _toInstitution(parties, earned);
            uint256 toSubject = isLast ? earned - fee - fee - toInstitution : _toSubject(parties, earned);
            if (paid != 0) {
                fee -= _fee(paid);
                toInstitution -= _toInstitution(parties, paid);
                toSubject -= _toSubject(parties, paid);
            }

            ledger.feesEarned[parties.committee] += fee;
            if (toInstitution > 0) addCredit(ledger, parties.institution, toInstitution);
            addCredit(ledger, parties.subject, toSubject);
        }
    }

    /// @dev What was paid in parts: by the time that they were paid for, rounded down.
    function _paidOf(OrderTail tail) private pure returns (uint256) {
        unchecked {
            return (uint256(tail.price()) * tail.parts()) >> 16;
        }
    }

    function _fee(uint256 earned) private pure returns (uint256) {
        unchecked {
            return earned * FEE_BPS / WHOLE_BPS;
        }
    }

    function _toInstitution(Parties memory parties, uint256 earned) private pure returns (uint256) {
        unchecked {
            return earned * parties.institutionBps / WHOLE_BPS;
        }
    }

    /// @dev The subject's share of a part, rounded down, so that it never shrinks as more is earned. What is left over,
    /// at most three units, waits for the end.
    function _toSubject(Parties memory parties, uint256 earned) private pure returns (uint256) {
        unchecked {
            return earned * (WHOLE_BPS - 2 * FEE_BPS - parties.institutionBps) / WHOLE_BPS;
        }
    }

    function _earlier(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
