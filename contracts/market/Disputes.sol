// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Affiliations} from "contracts/libraries/Affiliations.sol";
import {Codes} from "contracts/libraries/Codes.sol";
import {LOT_PLACES, Lot, Lots} from "contracts/libraries/Lots.sol";
import {OrderHead, OrderState, OrderTail} from "contracts/libraries/Orders.sol";
import {DisputeState, Ground, IDisputes} from "interfaces/IDisputes.sol";
import {IOrderDesk, Parties} from "interfaces/IOrderDesk.sol";
import {Committee, IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";
import {IRewardCoin} from "interfaces/IRewardCoin.sol";
import {IUnions} from "interfaces/IUnions.sol";

/// @title Disputes
/// @notice See {IDisputes}.
contract Disputes is IDisputes {
    using Affiliations for IParticipantRegistry;
    using Lots for Lot;

    /// @dev One of those who can be drawn: in which block they joined, last. Who left is of no institution.
    struct Place {
        address evaluator;
        uint56 institution;
        uint40 since;
    }

    /// @dev One of those who were drawn.
    struct Seat {
        address evaluator;
        uint96 institution;
    }

    struct Dispute {
        IOrderDesk desk;
        uint40 until;
        DisputeState state;
        Ground ground;
        uint8 round;
        /// A bit for each seat of the present panel that voted.
        uint8 voted;
        uint8 upholding;
        uint8 dismissing;
        /// Whether the lot of the present round was fixed anew.
        bool renewed;
        uint256 order;
        address payer;
        /// The block by whose hash the panel is drawn, `LOT_DELAY` after the lot was fixed.
        uint64 drawBlock;
        /// How many could be drawn when the lot was fixed: who joins later changes nothing of it.
        uint32 pool;
        /// What is left of the bond.
        uint128 bond;
    }

    /// @dev Who has to do with a disputed order.
    struct Ties {
        Parties parties;
        /// Of an order of a union: its desk, its number and who says whose accounts its members are; else zeros.
        IUnions unions;
        uint96 union;
        address voucher;
    }

    uint8 private constant SEATS = 3;
    uint8 private constant MAJORITY = 2;
    uint8 private constant ROUNDS = 2;
    /// @dev Three epochs of 32 slots: who makes the blocks of the next two may be known.
    uint64 private constant LOT_DELAY = 96;

    IParticipantRegistry private immutable _participants;
    IRewardCoin private immutable _coin;
    uint128 private immutable _bond;
    uint128 private immutable _fee;
    uint40 private immutable _drawPeriod;
    uint40 private immutable _votePeriod;

    uint64 private _count;
    /// @dev A place is an evaluator's for good: who leaves and joins again makes no other.
    Place[] private _pool;
    /// @dev By evaluator, from 1.
    mapping(address evaluator => uint256) private _places;
    mapping(uint64 number => Dispute) private _disputes;
    mapping(uint64 number => mapping(uint256 roundAndSeat => Seat)) private _seats;
    mapping(address account => uint256) private _credits;

    /// @dev Assumes a bond of five fees at least: two undecided votes of a first panel, three of a second.
    constructor(
        IParticipantRegistry participants,
        IRewardCoin coin,
        uint128 bond,
        uint128 fee,
        uint40 drawPeriod,
        uint40 votePeriod
    ) {
        _participants = participants;
        _coin = coin;
        _bond = bond;
        _fee = fee;
        _drawPeriod = drawPeriod;
        _votePeriod = votePeriod;
    }

    /* PANEL */

    /// @inheritdoc IDisputes
    function joinPanel(uint96 institution) external {
        if (!_isEvaluator(msg.sender, institution)) revert PanelNotEvaluator(msg.sender, institution);
        if (_institutionOf(msg.sender) != 0) revert PanelUnchanged(msg.sender, institution);

        // Institutions are counted from 1.
        Place memory joins = Place(msg.sender, uint56(institution), uint40(block.number));
        uint256 place = _places[msg.sender];
        if (place == 0) {
            _pool.push(joins);
            _places[msg.sender] = _pool.length;
        } else {
            _pool[place - 1] = joins;
        }

        emit PanelJoined(msg.sender, institution);
    }

    /// @inheritdoc IDisputes
    function leavePanel() external {
        if (_institutionOf(msg.sender) == 0) revert PanelUnchanged(msg.sender, 0);

        _pool[_places[msg.sender] - 1] = Place(msg.sender, 0, 0);

        emit PanelLeft(msg.sender);
    }

    /* OPEN */

    /// @inheritdoc IDisputes
    function open(IOrderDesk desk, uint256 order, Ground ground, bytes32 evidence) external returns (uint64 number) {
        if (evidence == 0) revert DisputeNothingSaid();
        if (desk.partiesOf(order).payer != msg.sender) revert DisputeNotPayer(order, msg.sender);

        number = ++_count;
        Dispute storage found = _disputes[number];
        found.desk = desk;
        found.ground = ground;
        found.order = order;
        found.payer = msg.sender;
        found.bond = _bond;
        uint64 drawBlock = _beginRound(found, 1);

        emit DisputeOpened(number, address(desk), order, msg.sender, ground, evidence, drawBlock);

        // The coin is of this suite: it reverts when it can't pay, and calls nobody.
        _coin.transferFrom(msg.sender, address(this), _bond);
        // The desk checks the order's state and the challenge window.
        desk.dispute(order);
    }

    function _beginRound(Dispute storage found, uint8 round) private returns (uint64 drawBlock) {
        found.round = round;
        found.state = DisputeState.DRAWING;
        found.until = uint40(block.timestamp) + _drawPeriod;
        found.renewed = false;
        drawBlock = _fixLot(found);
    }

    /// @dev The lot is a block whose maker nobody knows yet, among those who can be drawn now.
    function _fixLot(Dispute storage found) private returns (uint64 drawBlock) {
        drawBlock = uint64(block.number) + LOT_DELAY;
        found.drawBlock = drawBlock;
        found.pool = uint32(_pool.length);
    }

    /* DRAW */

    /// @inheritdoc IDisputes
    function draw(uint64 number, Committee calldata committee) external {
        Dispute storage found = _in(number, DisputeState.DRAWING);
        if (block.timestamp >= found.until) revert DisputePastDeadline(number, found.until);
        uint64 drawBlock = found.drawBlock;
        if (block.number <= drawBlock) revert DisputeTooEarly(number, drawBlock);
        bytes32 lot = blockhash(drawBlock);
        if (lot == 0) {
            // Who waits for another lot gets one, and nobody a second.
            if (found.renewed || msg.sender != found.payer) revert DisputeLotGone(number, drawBlock);
            found.renewed = true;

            emit DisputeDrawnLater(number, _fixLot(found));
            return;
        }
        Parties memory parties = found.desk.partiesOf(found.order);
        if (_participants.committeeDigest(parties.committee) != keccak256(abi.encode(committee))) {
            revert DisputeCommitteeUnknown(number, parties.committee);
        }
        Seat[SEATS] memory seats = _drawn(number, found, _tiesOf(found, parties), committee.members, lot);

        for (uint8 place; place < SEATS; ++place) {
            if (seats[place].evaluator != address(0)) _seats[number][_seatKey(found.round, place)] = seats[place];
        }
        uint40 votesUntil = uint40(block.timestamp) + _votePeriod;
        found.state = DisputeState.VOTING;
        found.until = votesUntil;

        emit DisputeDrawn(number, seats[0].evaluator, seats[1].evaluator, seats[2].evaluator, votesUntil);
    }

    /// @dev An order of a union is one of all its members, whom the desk's answer about its parties has no place for.
    function _tiesOf(Dispute storage found, Parties memory parties) private view returns (Ties memory ties) {
        ties.parties = parties;
        IUnions unions = IUnions(address(found.desk));
        if (!unions.supportsInterface(type(IUnions).interfaceId)) return ties;

        (, OrderTail tail) = unions.getOrder(found.order);
        ties.unions = unions;
        ties.union = tail.group();
        ties.voucher = unions.getUnion(tail.group()).voucher;
    }

    /// @dev Looks at `LOT_PLACES` places at most.
    function _drawn(uint64 number, Dispute storage found, Ties memory ties, address[] calldata custodians, bytes32 hash)
        private
        view
        returns (Seat[SEATS] memory seats)
    {
        Lot memory lot;
        lot.seed = uint256(keccak256(abi.encode(hash, number, found.round)));
        lot.pool = found.pool;
        uint256 places = lot.pool < LOT_PLACES ? lot.pool : LOT_PLACES;
        uint256 fixedIn = found.drawBlock - LOT_DELAY;
        uint256 count;
        while (lot.count < places && count < SEATS) {
            Place memory place = _pool[lot.draw()];
            Seat memory candidate = Seat(place.evaluator, place.institution);
            if (
                place.since <= fixedIn && _isIndependent(candidate, ties, custodians)
                    && _isNew(number, found.round, candidate.evaluator)
            ) count = _seated(candidate, seats, count);
        }
        if (count < MAJORITY) revert DisputePanelTooSmall(number, count);
    }

    /// @dev Whether a candidate has nothing to do with who paid, the subject, the institution that shares, or the
    /// custodians who attested the delivery; nor, of a union, ever was a member or belongs with its voucher.
    function _isIndependent(Seat memory candidate, Ties memory ties, address[] calldata custodians)
        private
        view
        returns (bool)
    {
        address evaluator = candidate.evaluator;
        uint96 institution = candidate.institution;
        if (institution == 0 || !_isEvaluator(evaluator, institution)) return false;
        Parties memory parties = ties.parties;
        if (_isTied(parties.payer, evaluator, institution)) return false;
        if (_isTied(parties.subject, evaluator, institution)) return false;
        if (_isTied(parties.institution, evaluator, institution)) return false;
        if (_isTied(ties.voucher, evaluator, institution)) return false;
        if (ties.union != 0 && ties.unions.membershipOf(ties.union, evaluator).joinedAt() != 0) return false;
        // A committee has at most 16 members.
        for (uint256 place; place < custodians.length; ++place) {
            if (_isTied(custodians[place], evaluator, institution)) return false;
        }
        return true;
    }

    /// @dev Whether `account` is the evaluator, belongs to their institution, or runs it.
    function _isTied(address account, address evaluator, uint96 institution) private view returns (bool) {
        if (account == address(0)) return false;
        (address runs,,) = _participants.institution(institution);
        return account == evaluator || account == runs || _participants.belongsTo(account, institution);
    }

    /// @dev Whether a candidate wasn't of the first panel, when the second is drawn.
    function _isNew(uint64 number, uint8 round, address evaluator) private view returns (bool) {
        if (round == 1) return true;
        for (uint8 place; place < SEATS; ++place) {
            if (_seats[number][_seatKey(1, place)].evaluator == evaluator) return false;
        }
        return true;
    }

    /// @dev Seats a candidate unless an institution has a seat already, and says how many sit now. An institution names
    /// its members without asking them, so who gives way is of the one that counts the other among its own: it keeps
    /// nobody else out.
    function _seated(Seat memory candidate, Seat[SEATS] memory seats, uint256 count)
        private
        view
        returns (uint256 seated)
    {
        uint96 institution = candidate.institution;
        for (uint256 place; place < count; ++place) {
            if (seats[place].institution == institution) return count;
            if (_participants.belongsTo(seats[place].evaluator, institution)) return count;
        }
        for (uint256 place; place < count; ++place) {
            Seat memory other = seats[place];
            seats[place] = Seat(address(0), 0);
            if (!_participants.belongsTo(candidate.evaluator, other.institution)) seats[seated++] = other;
        }
        seats[seated++] = candidate;
    }

    /* VOTE */

    /// @inheritdoc IDisputes
    function vote(uint64 number, uint8 seat, bool upheld, bytes32 reason) external {
        Dispute storage found = _in(number, DisputeState.VOTING);
        if (block.timestamp >= found.until) revert DisputePastDeadline(number, found.until);
        if (reason == 0) revert DisputeNothingSaid();
        Seat memory sits = seat < SEATS ? _seats[number][_seatKey(found.round, seat)] : Seat(address(0), 0);
        uint8 bit = uint8(1 << (seat & 7));
        if (sits.evaluator != msg.sender || found.voted & bit != 0 || !_isEvaluator(msg.sender, sits.institution)) {
            revert DisputeNotYourVote(number, seat, msg.sender);
        }

        found.voted |= bit;
        uint8 same = upheld ? ++found.upholding : ++found.dismissing;
        found.bond -= _fee;
        _credits[msg.sender] += _fee;

        emit DisputeVoted(number, msg.sender, upheld, reason);

        if (same == MAJORITY) _end(number, found, upheld ? DisputeState.UPHELD : DisputeState.DISMISSED);
    }

    /* END */

    /// @inheritdoc IDisputes
    function end(uint64 number) external {
        Dispute storage found = _disputes[number];
        DisputeState state = found.state;
        if (state != DisputeState.DRAWING && state != DisputeState.VOTING) revert DisputeWrongState(number, state);
        if (block.timestamp < found.until) revert DisputeNotOver(number, found.until);

        if (state == DisputeState.VOTING && found.round < ROUNDS) {
            found.voted = 0;
            found.upholding = 0;
            found.dismissing = 0;

            emit DisputeDrawnLater(number, _beginRound(found, found.round + 1));
        } else {
            _end(number, found, DisputeState.LAPSED);
        }
    }

    function _end(uint64 number, Dispute storage found, DisputeState state) private {
        IOrderDesk desk = found.desk;
        uint256 order = found.order;
        address payee = found.payer;
        if (state == DisputeState.DISMISSED) payee = desk.partiesOf(order).subject;
        found.state = state;
        _credits[payee] += found.bond;
        found.bond = 0;

        emit DisputeEnded(number, state);

        // Where the desk let the dispute lapse and somebody settled, there is nothing to resolve any more.
        (OrderHead head,) = desk.getOrder(order);
        if (head.isIn(OrderState.DISPUTED)) desk.resolve(order, state == DisputeState.UPHELD);
    }

    /* CREDITS */

    /// @inheritdoc IDisputes
    function payCredit(address account) external {
        uint256 amount = _credits[account];
        if (amount == 0) revert DisputeNoCredit(account);

        _credits[account] = 0;

        // Its event is the coin's own: a transfer from here.
        _coin.transfer(account, amount);
    }

    /* VIEWS */

    /// @inheritdoc IDisputes
    function disputeOf(uint64 number)
        external
        view
        returns (IOrderDesk, uint256, address, DisputeState, Ground, uint40, uint8, uint64)
    {
        Dispute storage found = _disputes[number];
        return
            (found.desk, found.order, found.payer, found.state, found.ground, found.until, found.round, found.drawBlock);
    }

    /// @inheritdoc IDisputes
    function seatOf(uint64 number, uint8 seat) external view returns (address, uint96, bool) {
        Dispute storage found = _disputes[number];
        if (seat >= SEATS) return (address(0), 0, false);
        Seat memory sits = _seats[number][_seatKey(found.round, seat)];
        return (sits.evaluator, sits.institution, (found.voted >> seat) & 1 != 0);
    }

    /// @inheritdoc IDisputes
    function disputeCount() external view returns (uint64) {
        return _count;
    }

    /// @inheritdoc IDisputes
    function institutionOf(address evaluator) external view returns (uint96) {
        return _institutionOf(evaluator);
    }

    /// @inheritdoc IDisputes
    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }

    /// @inheritdoc IDisputes
    function terms() external view returns (uint256, uint256, uint40, uint40) {
        return (_bond, _fee, _drawPeriod, _votePeriod);
    }

    /* SHARED */

    function _in(uint64 number, DisputeState state) private view returns (Dispute storage found) {
        found = _disputes[number];
        if (found.state != state) revert DisputeWrongState(number, found.state);
    }

    function _institutionOf(address evaluator) private view returns (uint96) {
        uint256 place = _places[evaluator];
        return place == 0 ? 0 : _pool[place - 1].institution;
    }

    function _seatKey(uint8 round, uint8 seat) private pure returns (uint256) {
        return (uint256(round) << 8) | seat;
    }

    function _isEvaluator(address account, uint96 institution) private view returns (bool) {
        return _participants.actsFor(account, Codes.EVALUATOR, institution);
    }
}
