// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Emergency} from "contracts/libraries/Codes.sol";
import {IMemberGroup} from "interfaces/IMemberGroup.sol";

/// @title IEmergencyAccess
/// @notice Break-glass: an accredited emergency clinician opens, for hours, what a person allowed for an emergency.
/// @dev It permits nothing. Group 1 of {IMemberGroup} here has those clinicians as members whose glass is open for that
/// subject; a person grants emergency treatment to that group in {IConsentRegistry}, and `decide` stays the one decision.
/// Withdrawing that grant, or barring the clinician, ends the access as it ends every other.
/// @dev Every opening is public at once, is backed by a bond, and is reviewed once it is over: by up to three members of
/// different institutions, two of whom agree. An opening that was found justified gives the bond back. One that was not,
/// or of which no two reviewers agreed in time, gives it to the subject: nobody but them gains by a panel's silence.
/// @dev It has no owner.
interface IEmergencyAccess is IMemberGroup {
    /// @notice What became of an opening. `PENDING`: the panel has not decided.
    enum Outcome {
        PENDING,
        JUSTIFIED,
        UNJUSTIFIED,
        UNREVIEWED
    }

    /// @notice Emitted when `clinician` of `institution` breaks the glass of `subject`: the notice to them.
    event EmergencyOpened(
        uint64 indexed number,
        address indexed subject,
        address indexed clinician,
        uint96 institution,
        Emergency reason,
        uint40 validUntil,
        uint40 reviewUntil
    );

    /// @notice Emitted when `by`, the subject or a guardian of theirs, stops opening `number`.
    event EmergencyStopped(uint64 indexed number, address indexed subject, address indexed clinician, address by);

    /// @notice Emitted when `clinician` closes the opening `number` before its time.
    event EmergencyClosed(uint64 indexed number, address indexed subject, address indexed clinician);

    /// @notice Emitted when `reviewer` of `institution` says whether opening `number` was justified.
    event EmergencyReviewed(uint64 indexed number, address indexed reviewer, uint96 institution, bool justified);

    /// @notice Emitted when opening `number` is decided, for ever: the bond is credited to `payee`.
    event EmergencyDecided(uint64 indexed number, address indexed subject, Outcome outcome, address payee);

    /// @notice Emitted when `account` takes its credit of `amount` base units of coin to `to`.
    event EmergencyCreditTaken(address indexed account, address indexed to, uint256 amount);

    /// @notice The caller is no accredited emergency clinician who belongs to this institution.
    error EmergencyNotClinician(address caller, uint96 institution);

    /// @notice Nobody's glass is broken, or one's own.
    error EmergencyInvalidSubject(address subject);

    /// @notice The window, in seconds, is longer than 24 hours.
    error EmergencyInvalidWindow(uint40 window);

    /// @notice The glass is open already, as `number`. It is never prolonged.
    error EmergencyAlreadyOpen(uint64 number);

    /// @notice The subject, or a guardian, stopped `number`: this clinician stays out until a panel finds it justified.
    error EmergencyWasStopped(uint64 number);

    /// @notice The clinician broke as much glass today (UTC) as anybody may in a day.
    error EmergencyTooMany(address clinician);

    /// @notice No glass of `subject` is open for `clinician`.
    error EmergencyNotOpen(address subject, address clinician);

    /// @notice The account is neither the subject nor a guardian of theirs who may stop.
    error EmergencyNotEntitled(address subject, address account);

    /// @notice There is no opening of this number.
    error EmergencyUnknown(uint64 number);

    /// @notice The opening isn't over yet: it is reviewed when it is.
    error EmergencyNotOver(uint64 number, uint40 validUntil);

    /// @notice The opening was decided before.
    error EmergencyAlreadyDecided(uint64 number, Outcome outcome);

    /// @notice The review ended at `reviewUntil`.
    error EmergencyReviewEnded(uint64 number, uint40 reviewUntil);

    /// @notice The review goes on until `reviewUntil`.
    error EmergencyReviewOpen(uint64 number, uint40 reviewUntil);

    /// @notice The caller is no accredited member of an ethics board who belongs to this institution.
    error EmergencyNotReviewer(address caller, uint96 institution);

    /// @notice The reviewer is a party, or an institution is the clinician's or another reviewer's.
    error EmergencyNotIndependent(address reviewer, uint96 institution);

    /// @notice There is no credit to take, or nobody to take it to.
    error EmergencyNoCredit(address account, address to);

    /// @notice The signed act may no longer be submitted.
    error EmergencyExpiredSignature(uint256 deadline);

    /// @notice The signature is not that of `signer` over this act in the state that the contract is in.
    error EmergencyInvalidSignature(address signer);

    /// @notice Breaks the glass of `subject` for the caller, as a clinician of `institution`, for `window` seconds (0: four
    /// hours; at most 24 hours). The caller pays the bond, which this contract needs an allowance for.
    function open(address subject, uint96 institution, Emergency reason, uint40 window) external returns (uint64 number);

    /// @notice Stops an open glass at once, as the subject or as a guardian of theirs with the power to stop.
    function stop(address subject, address clinician) external;

    /// @notice As {stop}, by the signature of `by`, the subject or a guardian, whoever sends it. It names the opening, which
    /// is stopped once; so it needs no deadline.
    function stopWithSig(address subject, address by, address clinician, bytes calldata signature) external;

    /// @notice Closes the caller's own open glass before its time.
    function close(address subject) external;

    /// @notice Says, as an accredited member of an ethics board who belongs to `institution`, whether an opening that is
    /// over was justified. The second who says the same decides.
    function review(uint64 number, uint96 institution, bool justified) external;

    /// @notice Ends a review that no two agreed in by its deadline: the bond is the subject's. By anyone's call.
    function endReview(uint64 number) external;

    /// @notice Takes all of the caller's credit to `to`.
    function takeCredit(address to) external;

    /// @notice As {takeCredit}, by the signature of `subject`, whoever sends it.
    function takeCreditWithSig(address subject, address to, uint256 deadline, bytes calldata signature) external;

    /// @notice Whether the glass of `subject` is open for `clinician` now: the number of the opening, or zero.
    function openingOf(address subject, address clinician) external view returns (uint64 number);

    /// @notice The newest opening of `subject` by `clinician`, open or over (zero if there was none).
    function newestOf(address subject, address clinician)
        external
        view
        returns (uint64 number, uint40 validUntil, bool stopped);

    /// @notice An opening: for whom, by whom, why, until when it is reviewed, and what became of it.
    function opening(uint64 number)
        external
        view
        returns (
            address subject,
            address clinician,
            uint96 institution,
            Emergency reason,
            uint40 reviewUntil,
            Outcome outcome
        );

    /// @notice How much coin (base units) is credited to `account`, and how often it took credit.
    function creditOf(address account) external view returns (uint256 amount, uint24 taken);

    /// @notice How many openings there were at `institution` (zero: in all), and what became of them. What is neither
    /// justified, unjustified nor unreviewed is pending.
    function statistics(uint96 institution)
        external
        view
        returns (uint40 opened, uint40 stopped, uint40 justified, uint40 unjustified, uint40 unreviewed);

    /// @notice What an opening is backed by, in base units of coin.
    function bond() external view returns (uint256);

    /// @notice How long a panel has from the opening on, in seconds.
    function reviewPeriod() external view returns (uint40);
}
