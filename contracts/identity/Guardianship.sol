// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Affiliations} from "contracts/libraries/Affiliations.sol";
import {Codes} from "contracts/libraries/Codes.sol";
import {TypedData} from "contracts/libraries/TypedData.sol";
import {
    Appointment,
    GUARDIAN_RECOVER,
    GUARDIAN_SHARE,
    GUARDIAN_STOP,
    IGuardianship
} from "interfaces/IGuardianship.sol";
import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";

/// @title Guardianship
/// @notice See {IGuardianship}.
contract Guardianship is IGuardianship, TypedData {
    using Affiliations for IParticipantRegistry;

    /// @dev A guardian of a subject. Removing or resigning clears all but the counts.
    struct Seat {
        uint8 powers;
        uint40 validFrom;
        uint40 validUntil;
        bool accepted;
        uint24 appointments;
        uint24 removals;
    }

    /// @dev Whom a guardian let in, by the counts of the seat that it was done from: another seat is another guardian.
    struct Share {
        address guardian;
        uint40 validUntil;
        uint16 appointments;
        uint16 removals;
        uint24 ends;
    }

    struct Person {
        address successor;
        uint40 majority;
        uint8 threshold;
        uint24 wills;
        bytes32 will;
    }

    /// @dev What the first physician attested, and from when it is in force since the second did.
    struct Finding {
        address physician;
        uint96 institution;
        uint40 attestedAt;
        uint40 inForceFrom;
        uint24 objections;
    }

    struct Recovery {
        address requester;
        uint40 readyAt;
    }

    bytes32 private constant APPOINTMENT_TYPEHASH = keccak256(
        "Appointment(address subject,address guardian,uint8 powers,uint40 validFrom,uint40 validUntil,uint40 majority,uint8 threshold,uint24 appointments,uint24 removals,uint256 deadline)"
    );
    bytes32 private constant GUARDIAN_REMOVAL_TYPEHASH =
        keccak256("GuardianRemoval(address subject,address guardian,uint24 removals)");
    bytes32 private constant GUARDIAN_ACCEPTANCE_TYPEHASH = keccak256(
        "GuardianAcceptance(address subject,address guardian,uint24 appointments,uint24 removals,uint256 deadline)"
    );
    bytes32 private constant GUARDIAN_SHARE_TYPEHASH = keccak256(
        "GuardianShare(address subject,address guardian,address actor,uint40 validUntil,uint24 ends,uint256 deadline)"
    );
    bytes32 private constant GUARDIAN_UNSHARE_TYPEHASH =
        keccak256("GuardianUnshare(address subject,address guardian,address actor,uint24 ends)");
    bytes32 private constant OBJECTION_TYPEHASH = keccak256("Objection(address subject,uint8 claim,uint24 objections)");
    bytes32 private constant RECOVERY_SUPPORT_TYPEHASH = keccak256(
        "RecoverySupport(address subject,address guardian,address requester,uint24 objections,uint256 deadline)"
    );
    bytes32 private constant SUCCESSION_TYPEHASH =
        keccak256("Succession(address subject,address successor,uint256 deadline)");
    bytes32 private constant WILL_TYPEHASH =
        keccak256("Will(address subject,bytes32 will,uint24 wills,uint256 deadline)");

    uint8 private constant ALL_POWERS = GUARDIAN_SHARE | GUARDIAN_STOP | GUARDIAN_RECOVER;
    /// @dev A quarter of a year of 365.25 days, counted from 1970: so coarse is what is known of a birthday.
    uint40 private constant QUARTER = 7_889_400;
    uint40 private constant LONGEST_MINORITY = 7671 days;
    uint40 private constant LONGEST_TERM = 18_263 days;
    /// @dev How long the word of the first physician waits for that of the second.
    uint40 private constant ATTESTATION_WINDOW = 30 days;
    uint40 private constant RECOVERY_WINDOW = 30 days;
    uint256 private constant MAX_GUARDIANS = 16;

    IParticipantRegistry private immutable _participants;
    uint40 private immutable _attestationDelay;
    uint40 private immutable _recoveryDelay;

    mapping(address subject => mapping(address guardian => Seat)) private _seats;
    mapping(address subject => mapping(uint96 number => mapping(address actor => Share))) private _shares;
    mapping(address subject => Person) private _persons;
    mapping(address subject => mapping(Claim => Finding)) private _findings;
    mapping(address subject => Recovery) private _recoveries;

    constructor(IParticipantRegistry participants, uint40 attestationDelay_, uint40 recoveryDelay_) {
        _participants = participants;
        _attestationDelay = attestationDelay_;
        _recoveryDelay = recoveryDelay_;
    }

    /* GUARDIANS */

    /// @inheritdoc IGuardianship
    function nameGuardian(Appointment calldata appointment) external {
        _name(msg.sender, appointment);
    }

    /// @inheritdoc IGuardianship
    function nameGuardianWithSig(
        address subject,
        Appointment calldata appointment,
        uint256 deadline,
        bytes calldata signature
    ) external {
        Seat storage seat = _seats[subject][appointment.guardian];
        _checkDeadline(deadline);
        _checkSignature(
            subject,
            keccak256(
                abi.encode(APPOINTMENT_TYPEHASH, subject, appointment, seat.appointments, seat.removals, deadline)
            ),
            signature
        );

        _name(subject, appointment);
    }

    /// @dev Assumes that the caller has shown to act for `subject`.
    function _name(address subject, Appointment calldata appointment) private {
        address guardian = appointment.guardian;
        uint8 powers = appointment.powers;
        if (guardian == address(0) || guardian == subject) revert GuardianInvalidAccount(guardian);
        if (powers == 0 || powers & ~ALL_POWERS != 0) revert GuardianInvalidPowers(powers);
        Person storage person = _persons[subject];
        _checkNotSucceeded(subject, person.successor);
        _commitMajority(person, appointment.majority);
        _setThreshold(person, appointment.threshold);
        _checkPeriod(appointment.validFrom, appointment.validUntil, person.majority);

        Seat storage seat = _seats[subject][guardian];
        seat.powers = powers;
        seat.validFrom = appointment.validFrom;
        seat.validUntil = appointment.validUntil;
        seat.accepted = false;
        // The counts wrap after 16,777,215 acts of one person on one guardian, as those of a consent.
        unchecked {
            ++seat.appointments;
        }

        emit GuardianNamed(
            subject, guardian, powers, appointment.validFrom, appointment.validUntil, person.majority, person.threshold
        );
    }

    function _commitMajority(Person storage person, uint40 majority) private {
        uint40 committed = person.majority;
        if (majority == 0 || majority == committed) return;
        bool valid = committed == 0 && majority % QUARTER == 0 && majority > block.timestamp
            && majority <= block.timestamp + LONGEST_MINORITY;
        if (!valid) revert GuardianInvalidMajority(majority, committed);

        person.majority = majority;
    }

    function _setThreshold(Person storage person, uint8 threshold) private {
        if (threshold == 0) return;
        if (threshold < 2 || threshold > MAX_GUARDIANS) revert GuardianInvalidThreshold(threshold);

        person.threshold = threshold;
    }

    function _checkPeriod(uint40 validFrom, uint40 validUntil, uint40 majority) private view {
        uint256 latest = block.timestamp < majority ? majority : block.timestamp + LONGEST_TERM;
        if (validUntil <= validFrom || validUntil <= block.timestamp || validUntil > latest) {
            revert GuardianInvalidPeriod(validFrom, validUntil, latest);
        }
    }

    /// @inheritdoc IGuardianship
    function removeGuardian(address guardian) external {
        _remove(msg.sender, guardian);
    }

    /// @inheritdoc IGuardianship
    function removeGuardianWithSig(address subject, address guardian, bytes calldata signature) external {
        _checkSignature(
            subject,
            keccak256(abi.encode(GUARDIAN_REMOVAL_TYPEHASH, subject, guardian, _seats[subject][guardian].removals)),
            signature
        );

        _remove(subject, guardian);
    }

    function _remove(address subject, address guardian) private {
        Seat storage seat = _seats[subject][guardian];
        _vacate(seat);
        unchecked {
            ++seat.removals;
        }

        emit GuardianRemoved(subject, guardian);
    }

    /// @inheritdoc IGuardianship
    function acceptGuardianshipWithSig(address subject, address guardian, uint256 deadline, bytes calldata signature)
        external
    {
        Seat storage seat = _seats[subject][guardian];
        _checkDeadline(deadline);
        _checkSignature(
            guardian,
            keccak256(
                abi.encode(GUARDIAN_ACCEPTANCE_TYPEHASH, subject, guardian, seat.appointments, seat.removals, deadline)
            ),
            signature
        );

        if (seat.powers == 0 || seat.accepted || block.timestamp >= seat.validUntil) {
            revert GuardianNotNamed(subject, guardian);
        }

        seat.accepted = true;

        emit GuardianAccepted(subject, guardian);
    }

    /// @inheritdoc IGuardianship
    function resign(address subject) external {
        // The count of removals is the subject's alone: a guardian who moved it would void a removal on its way. The next
        // appointment is another seat by its own count.
        _vacate(_seats[subject][msg.sender]);

        emit GuardianResigned(subject, msg.sender);
    }

    function _vacate(Seat storage seat) private {
        seat.powers = 0;
        seat.accepted = false;
        seat.validUntil = 0;
    }

    /* LETTING IN */

    /// @inheritdoc IGuardianship
    function shareWithSig(
        address subject,
        address guardian,
        address actor,
        uint40 validUntil,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _checkDeadline(deadline);
        _checkSignature(
            guardian,
            keccak256(
                abi.encode(
                    GUARDIAN_SHARE_TYPEHASH,
                    subject,
                    guardian,
                    actor,
                    validUntil,
                    _shares[subject][_numberOf(guardian)][actor].ends,
                    deadline
                )
            ),
            signature
        );

        if (!_holds(subject, guardian, GUARDIAN_SHARE)) {
            revert GuardianNotInForce(subject, guardian, GUARDIAN_SHARE);
        }
        Seat storage seat = _seats[subject][guardian];
        if (actor == address(0) || validUntil <= block.timestamp || validUntil > seat.validUntil) {
            revert GuardianInvalidShare(actor, validUntil, seat.validUntil);
        }

        Share storage found = _shares[subject][_numberOf(guardian)][actor];
        _shares[subject][_numberOf(guardian)][actor] =
            Share(guardian, validUntil, uint16(seat.appointments), uint16(seat.removals), found.ends);

        emit GuardianShared(subject, guardian, actor, validUntil);
    }

    /// @inheritdoc IGuardianship
    function unshareWithSig(address subject, address guardian, address actor, bytes calldata signature) external {
        uint24 ends = _shares[subject][_numberOf(guardian)][actor].ends;
        _checkSignature(
            guardian, keccak256(abi.encode(GUARDIAN_UNSHARE_TYPEHASH, subject, guardian, actor, ends)), signature
        );

        Share storage found = _shares[subject][_numberOf(guardian)][actor];
        unchecked {
            _shares[subject][_numberOf(guardian)][actor] = Share(guardian, 0, 0, 0, found.ends + 1);
        }

        emit GuardianUnshared(subject, guardian, actor);
    }

    /// @notice See {IMemberGroup-isMember}: whether the guardian of that number let `actor` in, and still may.
    function isMember(uint96 number, address subject, address actor) external view returns (bool, uint24) {
        return (_isLetIn(number, subject, actor), 0);
    }

    function _isLetIn(uint96 number, address subject, address actor) private view returns (bool) {
        Share storage found = _shares[subject][number][actor];
        if (block.timestamp >= found.validUntil) return false;
        Seat storage seat = _seats[subject][found.guardian];
        return found.appointments == uint16(seat.appointments) && found.removals == uint16(seat.removals)
            && _holds(subject, found.guardian, GUARDIAN_SHARE);
    }

    /* INCAPACITY AND DEATH */

    /// @inheritdoc IGuardianship
    function attest(address subject, uint96 institution, Claim claim) external {
        if (!_isPhysician(msg.sender, institution)) revert ClaimNotPhysician(msg.sender, institution);
        Finding storage finding = _findings[subject][claim];
        if (claim == Claim.RECOVERY || finding.inForceFrom != 0) revert ClaimInvalid(claim, finding.inForceFrom);

        emit ClaimAttested(subject, claim, msg.sender, institution);

        address first = finding.physician;
        uint96 place = finding.institution;
        // A first word that was not confirmed in time, or of somebody who is no physician any more, is replaced.
        bool stands = first != msg.sender && block.timestamp < finding.attestedAt + ATTESTATION_WINDOW
            && _isPhysician(first, place);
        if (!stands) {
            finding.physician = msg.sender;
            finding.institution = institution;
            finding.attestedAt = uint40(block.timestamp);
            return;
        }
        if (!_participants.areApart(msg.sender, institution, first, place)) {
            revert ClaimNotIndependent(msg.sender, institution);
        }
        _confirm(subject, claim, finding);
    }

    function _confirm(address subject, Claim claim, Finding storage finding) private {
        uint40 inForceFrom = uint40(block.timestamp);
        if (claim == Claim.CAPACITY) {
            _clear(finding);
            _clear(_findings[subject][Claim.INCAPACITY]);
            _clear(_findings[subject][Claim.DEATH]);
        } else {
            inForceFrom += _attestationDelay;
            finding.inForceFrom = inForceFrom;
        }

        emit ClaimConfirmed(subject, claim, inForceFrom);
    }

    function _isPhysician(address account, uint96 institution) private view returns (bool) {
        return _participants.actsFor(account, Codes.PHYSICIAN, institution);
    }

    function _clear(Finding storage finding) private {
        finding.physician = address(0);
        finding.institution = 0;
        finding.attestedAt = 0;
        finding.inForceFrom = 0;
    }

    /// @inheritdoc IGuardianship
    function contest(Claim claim) external {
        _contest(msg.sender, claim);
    }

    /// @inheritdoc IGuardianship
    function contestWithSig(address subject, Claim claim, bytes calldata signature) external {
        _checkSignature(
            subject,
            keccak256(abi.encode(OBJECTION_TYPEHASH, subject, claim, _findings[subject][claim].objections)),
            signature
        );

        _contest(subject, claim);
    }

    function _contest(address subject, Claim claim) private {
        Finding storage finding = _findings[subject][claim];
        _clear(finding);
        unchecked {
            ++finding.objections;
        }
        if (claim == Claim.RECOVERY) delete _recoveries[subject];

        emit ClaimContested(subject, claim, finding.objections);
    }

    /* RECOVERY */

    /// @inheritdoc IGuardianship
    function startRecovery(
        address subject,
        address requester,
        address[] calldata guardians,
        uint256 deadline,
        bytes[] calldata signatures
    ) external {
        _checkDeadline(deadline);
        _checkNotSucceeded(subject, _persons[subject].successor);
        uint256 count = guardians.length;
        uint8 threshold = _persons[subject].threshold;
        if (threshold == 0 || count < threshold || count > MAX_GUARDIANS || signatures.length != count) {
            revert RecoveryInvalidCount(count, threshold);
        }
        uint40 standsUntil = _endOf(_recoveries[subject].readyAt);
        if (block.timestamp < standsUntil) revert RecoveryStands(standsUntil);

        address previous;
        for (uint256 i; i < count; ++i) {
            if (guardians[i] <= previous) revert RecoveryInvalidOrder(guardians[i]);
            previous = guardians[i];
            _checkSupport(subject, previous, requester, deadline, signatures[i]);
        }

        uint40 readyAt = uint40(block.timestamp) + _recoveryDelay;
        _recoveries[subject] = Recovery(requester, readyAt);

        emit RecoveryStarted(subject, requester, readyAt, _endOf(readyAt));
    }

    function _checkSupport(
        address subject,
        address guardian,
        address requester,
        uint256 deadline,
        bytes calldata signature
    ) private view {
        if (!_holds(subject, guardian, GUARDIAN_RECOVER)) {
            revert GuardianNotInForce(subject, guardian, GUARDIAN_RECOVER);
        }
        uint24 objections = _findings[subject][Claim.RECOVERY].objections;
        _checkSignature(
            guardian,
            keccak256(abi.encode(RECOVERY_SUPPORT_TYPEHASH, subject, guardian, requester, objections, deadline)),
            signature
        );
    }

    function _endOf(uint40 readyAt) private pure returns (uint40) {
        return readyAt == 0 ? 0 : readyAt + RECOVERY_WINDOW;
    }

    /* SUCCESSION */

    /// @inheritdoc IGuardianship
    function succeed(
        address subject,
        address successor,
        uint256 deadline,
        bytes calldata subjectSignature,
        bytes calldata successorSignature
    ) external {
        _checkDeadline(deadline);
        _checkNotSucceeded(subject, _persons[subject].successor);
        bool valid = successor != address(0) && successor != subject && _persons[successor].successor == address(0);
        if (!valid) revert PersonaInvalidSuccessor(successor);
        bytes32 structHash = keccak256(abi.encode(SUCCESSION_TYPEHASH, subject, successor, deadline));
        if (!mayRecover(subject, msg.sender)) _checkSignature(subject, structHash, subjectSignature);
        _checkSignature(successor, structHash, successorSignature);

        _persons[subject].successor = successor;

        emit PersonaSucceeded(subject, successor);
    }

    function _checkNotSucceeded(address subject, address successor) private pure {
        if (successor != address(0)) revert PersonaAlreadySucceeded(subject, successor);
    }

    /* WILL */

    /// @inheritdoc IGuardianship
    function commitWill(bytes32 will) external {
        _commitWill(msg.sender, will);
    }

    /// @inheritdoc IGuardianship
    function commitWillWithSig(address subject, bytes32 will, uint256 deadline, bytes calldata signature) external {
        _checkDeadline(deadline);
        _checkSignature(
            subject, keccak256(abi.encode(WILL_TYPEHASH, subject, will, _persons[subject].wills, deadline)), signature
        );

        _commitWill(subject, will);
    }

    function _commitWill(address subject, bytes32 will) private {
        Person storage person = _persons[subject];
        person.will = will;
        unchecked {
            ++person.wills;
        }

        emit WillCommitted(subject, will);
    }

    /* VIEWS */

    /// @inheritdoc IGuardianship
    function isGuardian(address subject, address guardian, uint8 powers) external view returns (bool) {
        return powers != 0 && _holds(subject, guardian, powers);
    }

    /// @dev The one rule of who may act: appointed for it, accepted, in time, and the person still in need of it.
    function _holds(address subject, address guardian, uint8 powers) private view returns (bool) {
        Seat storage seat = _seats[subject][guardian];
        if (!seat.accepted || seat.powers & powers != powers) return false;
        if (block.timestamp < seat.validFrom || block.timestamp >= seat.validUntil) return false;
        Person storage person = _persons[subject];
        if (person.successor != address(0) || _isInForce(subject, Claim.DEATH)) return false;
        if (powers & GUARDIAN_SHARE == 0) return true;
        return block.timestamp < person.majority || _isInForce(subject, Claim.INCAPACITY);
    }

    function _isInForce(address subject, Claim claim) private view returns (bool) {
        uint40 inForceFrom = _findings[subject][claim].inForceFrom;
        return inForceFrom != 0 && block.timestamp >= inForceFrom;
    }

    /// @inheritdoc IGuardianship
    function appointmentOf(address subject, address guardian)
        external
        view
        returns (uint8, uint40, uint40, bool, uint24, uint24)
    {
        Seat storage seat = _seats[subject][guardian];
        return (seat.powers, seat.validFrom, seat.validUntil, seat.accepted, seat.appointments, seat.removals);
    }

    /// @inheritdoc IGuardianship
    function shareOf(address subject, address guardian, address actor) external view returns (uint40, uint24) {
        uint96 number = _numberOf(guardian);
        Share storage found = _shares[subject][number][actor];
        return (_isLetIn(number, subject, actor) ? found.validUntil : 0, found.ends);
    }

    /// @inheritdoc IGuardianship
    function personOf(address subject) external view returns (uint40, uint8, address, bytes32, uint24) {
        Person storage person = _persons[subject];
        return (person.majority, person.threshold, person.successor, person.will, person.wills);
    }

    /// @inheritdoc IGuardianship
    function claimOf(address subject, Claim claim) external view returns (uint40, uint24) {
        Finding storage finding = _findings[subject][claim];
        return (finding.inForceFrom, finding.objections);
    }

    /// @inheritdoc IGuardianship
    function recoveryOf(address subject) external view returns (address, uint40, uint40) {
        Recovery storage recovery = _recoveries[subject];
        return (recovery.requester, recovery.readyAt, _endOf(recovery.readyAt));
    }

    /// @inheritdoc IGuardianship
    function mayRecover(address subject, address requester) public view returns (bool) {
        Recovery storage recovery = _recoveries[subject];
        uint40 readyAt = recovery.readyAt;
        return readyAt != 0 && recovery.requester == requester && block.timestamp >= readyAt
            && block.timestamp < _endOf(readyAt);
    }

    /// @inheritdoc IGuardianship
    function attestationDelay() external view returns (uint40) {
        return _attestationDelay;
    }

    /// @inheritdoc IGuardianship
    function recoveryDelay() external view returns (uint40) {
        return _recoveryDelay;
    }

    /* SHARED */

    /// @dev The number of the guardian's group. Two guardians of one number can't be made in less than 2^96 tries, and the
    /// share names its guardian in full.
    function _numberOf(address guardian) private pure returns (uint96) {
        return uint96(uint160(guardian));
    }

    function _checkDeadline(uint256 deadline) private view {
        if (block.timestamp > deadline) revert GuardianExpiredSignature(deadline);
    }

    function _checkSignature(address signer, bytes32 structHash, bytes calldata signature) private view {
        if (!_isSigned(signer, structHash, signature)) revert GuardianInvalidSignature(signer);
    }
}
