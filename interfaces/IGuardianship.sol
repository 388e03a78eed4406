// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IMemberGroup} from "interfaces/IMemberGroup.sol";

/// @dev What a guardian may do, as bits. To let accounts in on the subject's data, within what the subject granted to the
/// guardian's group.
uint8 constant GUARDIAN_SHARE = 1;
/// @dev To stop what is done without the subject's word, such as an emergency access.
uint8 constant GUARDIAN_STOP = 2;
/// @dev To help recover a lost seed, together with others.
uint8 constant GUARDIAN_RECOVER = 4;

/// @notice How a subject names a guardian. `powers` are bits of GUARDIAN_…; the period is half-open, in Unix seconds.
/// `majority` is when a minor comes of age, rounded down to a quarter (zero for an adult, or as it was committed before).
/// `threshold` is how many guardians recover a seed together (zero: as it was before).
struct Appointment {
    address guardian;
    uint8 powers;
    uint40 validFrom;
    uint40 validUntil;
    uint40 majority;
    uint8 threshold;
}

/// @title IGuardianship
/// @notice Who may act for a person who can't: guardians, incapacity, death, the recovery of a lost seed, and which persona
/// came after which.
/// @dev Only a subject names guardians, with their own key or signature. The authority has no function here.
/// @dev A guardian grants nothing in {IConsentRegistry}. Every guardian of a subject is a group of {IMemberGroup}, whose
/// number is the lower 96 bits of the guardian's address and whose members are those whom the guardian lets in. The subject
/// grants to that group, once, the classes and uses that are the guardian's scope. So `decide` bounds the guardian as it
/// bounds everybody, and withdrawing from the group ends all that the guardian let in.
/// @dev A guardian lets nobody in but for a minor, until majority, or for an adult whose incapacity is in force.
/// @dev What stands against a person (incapacity, death, recovery) waits for a delay, and falls by the subject's objection,
/// at any time. An objection names only the count of objections, which nothing else changes, and has no deadline.
interface IGuardianship is IMemberGroup {
    /// @notice What can be claimed of a subject. `CAPACITY` takes incapacity and death back.
    enum Claim {
        INCAPACITY,
        DEATH,
        CAPACITY,
        RECOVERY
    }

    /// @notice Emitted when `subject` names `guardian`, in place of any earlier appointment of the same guardian.
    event GuardianNamed(
        address indexed subject,
        address indexed guardian,
        uint8 powers,
        uint40 validFrom,
        uint40 validUntil,
        uint40 majority,
        uint8 threshold
    );

    /// @notice Emitted when `guardian` accepts.
    event GuardianAccepted(address indexed subject, address indexed guardian);

    /// @notice Emitted when `subject` removes `guardian`, with everybody whom the guardian let in.
    event GuardianRemoved(address indexed subject, address indexed guardian);

    /// @notice Emitted when `guardian` resigns.
    event GuardianResigned(address indexed subject, address indexed guardian);

    /// @notice Emitted when `guardian` lets `actor` in until `validUntil`.
    event GuardianShared(address indexed subject, address indexed guardian, address indexed actor, uint40 validUntil);

    /// @notice Emitted when `guardian` ends what they let `actor` have.
    event GuardianUnshared(address indexed subject, address indexed guardian, address indexed actor);

    /// @notice Emitted when `physician` of `institution` attests `claim` of `subject`.
    event ClaimAttested(address indexed subject, Claim indexed claim, address indexed physician, uint96 institution);

    /// @notice Emitted when a second physician attested: `claim` is in force from `inForceFrom` on.
    event ClaimConfirmed(address indexed subject, Claim indexed claim, uint40 inForceFrom);

    /// @notice Emitted when `subject` objects to `claim`, for the `objections`-th time: it has fallen.
    event ClaimContested(address indexed subject, Claim indexed claim, uint24 objections);

    /// @notice Emitted when guardians start a recovery of the seed of `subject` for `requester`.
    event RecoveryStarted(address indexed subject, address indexed requester, uint40 readyAt, uint40 validUntil);

    /// @notice Emitted when `successor` takes the place of `subject`, for good.
    event PersonaSucceeded(address indexed subject, address indexed successor);

    /// @notice Emitted when `subject` commits to a will: the digest of what ends at death, and what does not.
    event WillCommitted(address indexed subject, bytes32 will);

    /// @notice The account can be no guardian: it is zero, or the subject.
    error GuardianInvalidAccount(address guardian);

    /// @notice No power is named, or one that there isn't.
    error GuardianInvalidPowers(uint8 powers);

    /// @notice The period is empty, over, or ends later than `latest`: at majority, or 50 years from now.
    error GuardianInvalidPeriod(uint40 validFrom, uint40 validUntil, uint256 latest);

    /// @notice A majority is the beginning of a quarter, at most 21 years ahead, and can't be changed: it is `committed`.
    error GuardianInvalidMajority(uint40 majority, uint40 committed);

    /// @notice A seed is recovered by 2 to 16 guardians together.
    error GuardianInvalidThreshold(uint8 threshold);

    /// @notice `subject` names no such guardian who has still to accept.
    error GuardianNotNamed(address subject, address guardian);

    /// @notice The guardian doesn't have these powers over the data of `subject` now.
    error GuardianNotInForce(address subject, address guardian, uint8 powers);

    /// @notice Nobody is let in before now, or after the guardian's own end at `latest`; and not the zero account.
    error GuardianInvalidShare(address actor, uint40 validUntil, uint40 latest);

    /// @notice The caller is no accredited physician who belongs to this institution.
    error ClaimNotPhysician(address caller, uint96 institution);

    /// @notice The second physician must be another, and neither may belong to the other's institution.
    error ClaimNotIndependent(address physician, uint96 institution);

    /// @notice The claim was confirmed already, and is in force from `inForceFrom`; or it is one that physicians don't make.
    error ClaimInvalid(Claim claim, uint40 inForceFrom);

    /// @notice There are fewer signatures of guardians than `threshold`, or more than 16.
    error RecoveryInvalidCount(uint256 guardians, uint8 threshold);

    /// @notice Guardians are not in rising order, so that one could count twice.
    error RecoveryInvalidOrder(address guardian);

    /// @notice Another recovery stands until `validUntil`.
    error RecoveryStands(uint40 validUntil);

    /// @notice The persona was succeeded by `successor`, for good.
    error PersonaAlreadySucceeded(address subject, address successor);

    /// @notice A persona isn't succeeded by itself, by nobody, or by one that was succeeded.
    error PersonaInvalidSuccessor(address successor);

    /// @notice The signed act may no longer be submitted.
    error GuardianExpiredSignature(uint256 deadline);

    /// @notice The signature is not that of `signer` over this act in the state that the contract is in.
    error GuardianInvalidSignature(address signer);

    /// @notice Names a guardian of the caller. The guardian has to accept, and has no power before.
    function nameGuardian(Appointment calldata appointment) external;

    /// @notice As {nameGuardian}, by the signature of `subject`, whoever sends it.
    function nameGuardianWithSig(
        address subject,
        Appointment calldata appointment,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Removes a guardian of the caller, and everybody whom the guardian let in, at once. It never reverts.
    function removeGuardian(address guardian) external;

    /// @notice As {removeGuardian}, by the signature of `subject`, whoever sends it and whenever. It names only the count of
    /// removals, which nothing but a removal changes; so it also voids appointments that were signed before.
    function removeGuardianWithSig(address subject, address guardian, bytes calldata signature) external;

    /// @notice Accepts to be a guardian of `subject`, by the signature of `guardian`, whoever sends it.
    function acceptGuardianshipWithSig(address subject, address guardian, uint256 deadline, bytes calldata signature)
        external;

    /// @notice Resigns as a guardian of `subject`, at once.
    function resign(address subject) external;

    /// @notice Lets `actor` in on what `subject` granted to the group of `guardian`, until `validUntil`, by the signature of
    /// `guardian`. It is void once the guardian ended a share of that actor.
    function shareWithSig(
        address subject,
        address guardian,
        address actor,
        uint40 validUntil,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Ends what `guardian` let `actor` have of `subject`, at once, by the signature of `guardian`, whoever sends it
    /// and whenever.
    function unshareWithSig(address subject, address guardian, address actor, bytes calldata signature) external;

    /// @notice Attests `claim` (incapacity, death, or capacity) as an accredited physician who belongs to `institution`.
    /// @dev The second physician, of another institution and within 30 days, confirms it. Incapacity and death are in force
    /// after {attestationDelay}; capacity ends them at once.
    function attest(address subject, uint96 institution, Claim claim) external;

    /// @notice Objects to `claim` as its subject: it falls, at once. It never reverts.
    function contest(Claim claim) external;

    /// @notice As {contest}, by the signature of `subject`, whoever sends it and whenever.
    function contestWithSig(address subject, Claim claim, bytes calldata signature) external;

    /// @notice Starts a recovery of the seed of `subject` for `requester`, by the signatures of guardians in rising order.
    /// @dev At most 16 guardians. It is ready after {recoveryDelay}, for 30 days.
    function startRecovery(
        address subject,
        address requester,
        address[] calldata guardians,
        uint256 deadline,
        bytes[] calldata signatures
    ) external;

    /// @notice Puts `successor` in the place of `subject`, by the signatures of both. Guardians of `subject` end by it.
    /// @dev Of a caller with a recovery that is ready, {mayRecover}, the first signature is not asked: the key is lost.
    function succeed(
        address subject,
        address successor,
        uint256 deadline,
        bytes calldata subjectSignature,
        bytes calldata successorSignature
    ) external;

    /// @notice Commits to the caller's will; zero takes it back.
    function commitWill(bytes32 will) external;

    /// @notice As {commitWill}, by the signature of `subject`.
    function commitWillWithSig(address subject, bytes32 will, uint256 deadline, bytes calldata signature) external;

    /// @notice Whether `guardian` has all of `powers` over the data of `subject` now. It never reverts.
    function isGuardian(address subject, address guardian, uint8 powers) external view returns (bool);

    /// @notice How `guardian` was appointed: what, from and until when, whether accepted, and the counts that signatures name.
    function appointmentOf(address subject, address guardian)
        external
        view
        returns (uint8 powers, uint40 validFrom, uint40 validUntil, bool accepted, uint24 appointments, uint24 removals);

    /// @notice Until when `guardian` let `actor` in (zero if not), and how often that was ended.
    function shareOf(address subject, address guardian, address actor)
        external
        view
        returns (uint40 validUntil, uint24 ends);

    /// @notice The committed majority, how many guardians recover the seed, who came after (zero: nobody), the will, and the
    /// count of wills.
    function personOf(address subject)
        external
        view
        returns (uint40 majority, uint8 threshold, address successor, bytes32 will, uint24 wills);

    /// @notice From when `claim` is in force (zero: it isn't confirmed) and how often the subject objected to it.
    function claimOf(address subject, Claim claim) external view returns (uint40 inForceFrom, uint24 objections);

    /// @notice The recovery of the seed of `subject` that stands: for whom, ready when, until when. Zeros if none.
    function recoveryOf(address subject) external view returns (address requester, uint40 readyAt, uint40 validUntil);

    /// @notice Whether the seed of `subject` may be given to `requester` now. It never reverts.
    function mayRecover(address subject, address requester) external view returns (bool);

    /// @notice How long incapacity and death wait, in seconds.
    function attestationDelay() external view returns (uint40);

    /// @notice How long a recovery waits, in seconds.
    function recoveryDelay() external view returns (uint40);
}
