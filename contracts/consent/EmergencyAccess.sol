// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Affiliations} from "contracts/libraries/Affiliations.sol";
import {Codes, Emergency} from "contracts/libraries/Codes.sol";
import {TypedData} from "contracts/libraries/TypedData.sol";
import {IEmergencyAccess} from "interfaces/IEmergencyAccess.sol";
import {GUARDIAN_STOP, IGuardianship} from "interfaces/IGuardianship.sol";
import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";
import {IRewardCoin} from "interfaces/IRewardCoin.sol";

/// @title EmergencyAccess
/// @notice See {IEmergencyAccess}.
contract EmergencyAccess is IEmergencyAccess, TypedData {
    using Affiliations for IParticipantRegistry;

    /// @dev The newest opening of a subject by a clinician: all of it in the one slot that a decision reads.
    struct Glass {
        uint64 number;
        uint40 validUntil;
        uint96 institution;
        bool stopped;
    }

    /// @dev What a review needs, two slots.
    struct Opening {
        address subject;
        uint40 reviewUntil;
        Emergency reason;
        Outcome outcome;
        address clinician;
        uint96 institution;
    }

    /// @dev The first who said that an opening was, or was not, justified.
    struct Vote {
        address reviewer;
        uint96 institution;
    }

    struct Credit {
        uint128 amount;
        uint24 taken;
    }

    struct Day {
        uint40 day;
        uint16 openings;
    }

    /// @dev One slot.
    struct Statistics {
        uint40 opened;
        uint40 stopped;
        uint40 justified;
        uint40 unjustified;
        uint40 unreviewed;
    }

    bytes32 private constant EMERGENCY_STOP_TYPEHASH =
        keccak256("EmergencyStop(address subject,address by,address clinician,uint64 number)");
    bytes32 private constant EMERGENCY_CREDIT_TYPEHASH =
        keccak256("EmergencyCredit(address subject,address to,uint24 taken,uint256 deadline)");

    /// @dev The one group of this contract.
    uint96 private constant GROUP = 1;
    uint40 private constant DEFAULT_WINDOW = 4 hours;
    uint40 private constant LONGEST_WINDOW = 24 hours;
    /// @dev Above what one clinician meets in a shift, and far below what a search through people would need.
    uint16 private constant DAILY_LIMIT = 20;
    uint96 private constant ALL = 0;

    IParticipantRegistry private immutable _participants;
    IGuardianship private immutable _guardianship;
    IRewardCoin private immutable _coin;
    uint128 private immutable _bond;
    uint40 private immutable _reviewPeriod;

    uint64 private _count;
    mapping(address subject => mapping(address clinician => Glass)) private _glasses;
    mapping(uint64 number => Opening) private _openings;
    mapping(uint64 number => mapping(bool justified => Vote)) private _votes;
    mapping(address account => Credit) private _credits;
    mapping(address clinician => Day) private _days;
    mapping(uint96 institution => Statistics) private _statistics;

    constructor(
        IParticipantRegistry participants,
        IGuardianship guardianship,
        IRewardCoin coin,
        uint128 bond_,
        uint40 reviewPeriod_
    ) {
        _participants = participants;
        _guardianship = guardianship;
        _coin = coin;
        _bond = bond_;
        _reviewPeriod = reviewPeriod_;
    }

    /* OPEN */

    /// @inheritdoc IEmergencyAccess
    function open(address subject, uint96 institution, Emergency reason, uint40 window)
        external
        returns (uint64 number)
    {
        if (!_isClinician(msg.sender, institution)) {
            revert EmergencyNotClinician(msg.sender, institution);
        }
        if (subject == address(0) || subject == msg.sender) revert EmergencyInvalidSubject(subject);
        if (window > LONGEST_WINDOW) revert EmergencyInvalidWindow(window);
        Glass storage glass = _glasses[subject][msg.sender];
        uint64 before = glass.number;
        if (glass.stopped) {
            if (_openings[before].outcome != Outcome.JUSTIFIED) revert EmergencyWasStopped(before);
        } else if (block.timestamp < glass.validUntil) {
            revert EmergencyAlreadyOpen(before);
        }
        _countToday(msg.sender);

        number = ++_count;
        uint40 validUntil = uint40(block.timestamp) + (window == 0 ? DEFAULT_WINDOW : window);
        uint40 reviewUntil = validUntil + _reviewPeriod;
        _glasses[subject][msg.sender] = Glass(number, validUntil, institution, false);
        _openings[number] = Opening(subject, reviewUntil, reason, Outcome.PENDING, msg.sender, institution);
        ++_statistics[institution].opened;
        ++_statistics[ALL].opened;

        emit EmergencyOpened(number, subject, msg.sender, institution, reason, validUntil, reviewUntil);

        // The coin is of this suite: it reverts when it can't pay, and calls nobody.
        _coin.transferFrom(msg.sender, address(this), _bond);
    }

    function _countToday(address clinician) private {
        Day storage counted = _days[clinician];
        uint40 today = uint40(block.timestamp / 1 days);
        uint16 openings = counted.day == today ? counted.openings : 0;
        if (openings == DAILY_LIMIT) revert EmergencyTooMany(clinician);

        counted.day = today;
        counted.openings = openings + 1;
    }

    /* STOP */

    /// @inheritdoc IEmergencyAccess
    function stop(address subject, address clinician) external {
        _stop(subject, msg.sender, clinician);
    }

    /// @inheritdoc IEmergencyAccess
    function stopWithSig(address subject, address by, address clinician, bytes calldata signature) external {
        uint64 number = _glasses[subject][clinician].number;
        _checkSignature(by, keccak256(abi.encode(EMERGENCY_STOP_TYPEHASH, subject, by, clinician, number)), signature);

        _stop(subject, by, clinician);
    }

    /// @dev Assumes that `by` has been shown to act.
    function _stop(address subject, address by, address clinician) private {
        if (by != subject && !_guardianship.isGuardian(subject, by, GUARDIAN_STOP)) {
            revert EmergencyNotEntitled(subject, by);
        }
        Glass storage glass = _openGlass(subject, clinician);

        glass.stopped = true;
        glass.validUntil = uint40(block.timestamp);
        ++_statistics[glass.institution].stopped;
        ++_statistics[ALL].stopped;

        emit EmergencyStopped(glass.number, subject, clinician, by);
    }

    /// @inheritdoc IEmergencyAccess
    function close(address subject) external {
        Glass storage glass = _openGlass(subject, msg.sender);

        glass.validUntil = uint40(block.timestamp);

        emit EmergencyClosed(glass.number, subject, msg.sender);
    }

    /// @dev By the time alone: who lost the accreditation, and may be given it again, can be stopped for that.
    function _openGlass(address subject, address clinician) private view returns (Glass storage glass) {
        glass = _glasses[subject][clinician];
        if (block.timestamp >= glass.validUntil) revert EmergencyNotOpen(subject, clinician);
    }

    /* REVIEW */

    /// @inheritdoc IEmergencyAccess
    function review(uint64 number, uint96 institution, bool justified) external {
        if (!_isReviewer(msg.sender, institution)) revert EmergencyNotReviewer(msg.sender, institution);
        Opening storage found = _pending(number);
        if (block.timestamp >= found.reviewUntil) revert EmergencyReviewEnded(number, found.reviewUntil);
        _checkOver(number, found);
        bool party = msg.sender == found.clinician || msg.sender == found.subject;
        if (party || !_participants.areApart(msg.sender, institution, found.clinician, found.institution)) {
            revert EmergencyNotIndependent(msg.sender, institution);
        }
        Vote memory same = _votes[number][justified];
        _checkApart(institution, same);
        _checkApart(institution, _votes[number][!justified]);

        emit EmergencyReviewed(number, msg.sender, institution, justified);

        if (same.reviewer == address(0)) {
            _votes[number][justified] = Vote(msg.sender, institution);
        } else {
            _decide(number, found, justified ? Outcome.JUSTIFIED : Outcome.UNJUSTIFIED);
        }
    }

    /// @dev That the caller, for `institution`, is another and of elsewhere than a reviewer before, if there was one.
    function _checkApart(uint96 institution, Vote memory vote) private view {
        if (vote.reviewer == address(0)) return;
        if (!_participants.areApart(msg.sender, institution, vote.reviewer, vote.institution)) {
            revert EmergencyNotIndependent(msg.sender, institution);
        }
    }

    function _checkOver(uint64 number, Opening storage found) private view {
        Glass storage glass = _glasses[found.subject][found.clinician];
        // An older opening than the newest is over: a glass that is open is not opened again.
        if (glass.number == number && block.timestamp < glass.validUntil) {
            revert EmergencyNotOver(number, glass.validUntil);
        }
    }

    /// @inheritdoc IEmergencyAccess
    function endReview(uint64 number) external {
        Opening storage found = _pending(number);
        if (block.timestamp < found.reviewUntil) revert EmergencyReviewOpen(number, found.reviewUntil);

        _decide(number, found, Outcome.UNREVIEWED);
    }

    function _pending(uint64 number) private view returns (Opening storage found) {
        found = _openings[number];
        if (found.subject == address(0)) revert EmergencyUnknown(number);
        if (found.outcome != Outcome.PENDING) revert EmergencyAlreadyDecided(number, found.outcome);
    }

    function _decide(uint64 number, Opening storage found, Outcome outcome) private {
        address payee = outcome == Outcome.JUSTIFIED ? found.clinician : found.subject;
        found.outcome = outcome;
        _credits[payee].amount += _bond;
        _countOutcome(_statistics[found.institution], outcome);
        _countOutcome(_statistics[ALL], outcome);

        emit EmergencyDecided(number, found.subject, outcome, payee);
    }

    function _countOutcome(Statistics storage counted, Outcome outcome) private {
        if (outcome == Outcome.JUSTIFIED) ++counted.justified;
        else if (outcome == Outcome.UNJUSTIFIED) ++counted.unjustified;
        else ++counted.unreviewed;
    }

    /* CREDITS */

    /// @inheritdoc IEmergencyAccess
    function takeCredit(address to) external {
        _takeCredit(msg.sender, to);
    }

    /// @inheritdoc IEmergencyAccess
    function takeCreditWithSig(address subject, address to, uint256 deadline, bytes calldata signature) external {
        if (block.timestamp > deadline) revert EmergencyExpiredSignature(deadline);
        uint24 taken = _credits[subject].taken;
        _checkSignature(
            subject, keccak256(abi.encode(EMERGENCY_CREDIT_TYPEHASH, subject, to, taken, deadline)), signature
        );

        _takeCredit(subject, to);
    }

    function _takeCredit(address account, address to) private {
        Credit storage credit = _credits[account];
        uint256 amount = credit.amount;
        if (amount == 0 || to == address(0)) revert EmergencyNoCredit(account, to);

        credit.amount = 0;
        // The count wraps after 16,777,215 acts of one account, as those of a consent.
        unchecked {
            ++credit.taken;
        }

        emit EmergencyCreditTaken(account, to, amount);

        _coin.transfer(to, amount);
    }

    /* VIEWS */

    /// @notice See {IMemberGroup-isMember}: whether `actor` has an open glass for `subject`, and is accredited still.
    function isMember(uint96 number, address subject, address actor) external view returns (bool, uint24) {
        return (number == GROUP && openingOf(subject, actor) != 0, 0);
    }

    /// @inheritdoc IEmergencyAccess
    function openingOf(address subject, address clinician) public view returns (uint64) {
        Glass memory glass = _glasses[subject][clinician];
        if (block.timestamp >= glass.validUntil || !_isClinician(clinician, glass.institution)) return 0;
        return glass.number;
    }

    /// @inheritdoc IEmergencyAccess
    function newestOf(address subject, address clinician) external view returns (uint64, uint40, bool) {
        Glass storage glass = _glasses[subject][clinician];
        return (glass.number, glass.validUntil, glass.stopped);
    }

    /// @inheritdoc IEmergencyAccess
    function opening(uint64 number) external view returns (address, address, uint96, Emergency, uint40, Outcome) {
        Opening storage found = _openings[number];
        return (found.subject, found.clinician, found.institution, found.reason, found.reviewUntil, found.outcome);
    }

    /// @inheritdoc IEmergencyAccess
    function creditOf(address account) external view returns (uint256, uint24) {
        Credit storage credit = _credits[account];
        return (credit.amount, credit.taken);
    }

    /// @inheritdoc IEmergencyAccess
    function statistics(uint96 institution) external view returns (uint40, uint40, uint40, uint40, uint40) {
        Statistics storage counted = _statistics[institution];
        return (counted.opened, counted.stopped, counted.justified, counted.unjustified, counted.unreviewed);
    }

    /// @inheritdoc IEmergencyAccess
    function bond() external view returns (uint256) {
        return _bond;
    }

    /// @inheritdoc IEmergencyAccess
    function reviewPeriod() external view returns (uint40) {
        return _reviewPeriod;
    }

    /* SHARED */

    function _isClinician(address account, uint96 institution) private view returns (bool) {
        return _participants.actsFor(account, Codes.EMERGENCY_CLINICIAN, institution);
    }

    function _isReviewer(address account, uint96 institution) private view returns (bool) {
        return _participants.actsFor(account, Codes.ETHICS_BOARD, institution);
    }

    function _checkSignature(address signer, bytes32 structHash, bytes calldata signature) private view {
        if (!_isSigned(signer, structHash, signature)) revert EmergencyInvalidSignature(signer);
    }
}
