// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Reason} from "contracts/libraries/Codes.sol";
import {Grant, Head} from "contracts/libraries/Grants.sol";

/// @notice What somebody asks to do: `actor` wants data of `classes` of `subject` for one `use`, under what was granted
/// to `grantee` (`disease`: MONDO number, for disease-specific research).
struct Request {
    address subject;
    address actor;
    bytes32 grantee;
    uint16 use;
    uint32 classes;
    uint24 disease;
}

/// @notice The terms of a grant. `grantee` is an account (96 zero bits, address) or a group (number, address).
/// `notice` is the hash of the text that the person was shown, with its language and version; it is only in the event.
struct Terms {
    bytes32 grantee;
    uint32 classes;
    uint16 uses;
    uint24 conditions;
    uint24 disease;
    uint40 validFrom;
    uint40 validUntil;
    bytes32 notice;
}

/// @title IConsentRegistry
/// @notice Whom a person permits to use their data, which data, for what, and until when: the one decision of the suite.
/// @dev All of it is public. Subjects are personas (an address per relationship); nothing here says who they are.
/// @dev It has no owner, no pause, no fee and no upgrade, so a person can always withdraw.
/// @dev A signed grant names both counters of its word and the persona's epoch; a signed withdrawal names only the count
/// of withdrawals, which nothing but a withdrawal changes, and has no deadline. So a withdrawal voids every signed grant
/// to that grantee, and no grant can void a withdrawal.
interface IConsentRegistry {
    /// @notice Emitted when `subject` grants, in place of any earlier grant to the same grantee.
    event ConsentGranted(
        address indexed subject,
        bytes32 indexed grantee,
        uint32 classes,
        uint16 uses,
        uint24 conditions,
        uint24 disease,
        uint40 validFrom,
        uint40 validUntil,
        bytes32 notice
    );

    /// @notice Emitted when `subject` withdraws, whether or not there was anything to withdraw.
    event ConsentWithdrawn(address indexed subject, bytes32 indexed grantee);

    /// @notice Emitted when `subject` withdraws everything; grants of earlier epochs than `epoch` are over.
    event AllConsentsWithdrawn(address indexed subject, uint24 epoch);

    /// @notice Emitted when `subject` bars `actor`.
    event ActorBarred(address indexed subject, address indexed actor);

    /// @notice Emitted when `subject` lifts the bar of `actor`. Nothing is granted by it.
    event ActorUnbarred(address indexed subject, address indexed actor);

    /// @notice Emitted when `subject` chooses `physician`, in place of any other primary physician.
    event PrimaryPhysicianSet(
        address indexed subject, address indexed physician, uint32 classes, uint40 validFrom, uint40 validUntil
    );

    /// @notice The grantee names no account and no group.
    error ConsentInvalidGrantee(bytes32 grantee);

    /// @notice No class is named, or one that isn't in the vocabulary (or, for a physician, not clinical).
    error ConsentInvalidClasses(uint32 classes);

    /// @notice No use is named, or one that isn't in the vocabulary.
    error ConsentInvalidUses(uint16 uses);

    /// @notice A disease belongs to a grant for disease-specific research, and only there.
    error ConsentInvalidDisease(uint24 disease);

    /// @notice The period is empty, already over, or ends later than `latest`, the limit for the uses named.
    error ConsentInvalidPeriod(uint40 validFrom, uint40 validUntil, uint256 latest);

    /// @notice The account is barred: lift the bar before granting to it.
    error ConsentGranteeBarred(bytes32 grantee);

    /// @notice The account is not barred.
    error ConsentNotBarred(address actor);

    /// @notice The signed act may no longer be submitted.
    error ConsentExpiredSignature(uint256 deadline);

    /// @notice The signature is not that of `subject` over this act in the state that the registry is in.
    error ConsentInvalidSignature(address subject);

    /// @notice Grants `terms` from the caller's data.
    function grant(Terms calldata terms) external;

    /// @notice As {grant}, by the signature of `subject`, whoever sends it.
    function grantWithSig(address subject, Terms calldata terms, uint256 deadline, bytes calldata signature) external;

    /// @notice Withdraws what the caller granted to `grantee`, at once. It never reverts, and nobody can delay it.
    /// @dev Warning: this ends permission, not knowledge. What was read stays read.
    function withdraw(bytes32 grantee) external;

    /// @notice As {withdraw}, by the signature of `subject`, whoever sends it and whenever.
    function withdrawWithSig(address subject, bytes32 grantee, bytes calldata signature) external;

    /// @notice Withdraws every consent of the caller, at a constant cost. It never reverts.
    function withdrawAll() external;

    /// @notice As {withdrawAll}, by the signature of `subject`, whoever sends it and whenever.
    function withdrawAllWithSig(address subject, bytes calldata signature) external;

    /// @notice Denies `actor` whatever else holds, also as a member of a group. It never reverts. Where the bar is in
    /// force already, it counts as a withdrawal, which voids what was signed for `actor` before.
    function bar(address actor) external;

    /// @notice As {bar}, by the signature of `subject`, whoever sends it and whenever, save that it changes nothing
    /// while that bar is in force. It is void once the bar was lifted. Nothing else voids it.
    /// @dev It names the number of the bar, modulo 64: lifted 64 times, a bar of long ago could be carried again.
    function barWithSig(address subject, address actor, bytes calldata signature) external;

    /// @notice Lifts the bar of `actor`. What was granted before the bar stays ended.
    function unbar(address actor) external;

    /// @notice As {unbar}, by the signature of `subject`.
    function unbarWithSig(address subject, address actor, uint256 deadline, bytes calldata signature) external;

    /// @notice Chooses the primary physician: a grant for treatment from now on, valid while no other is chosen.
    /// @param classes The clinical and sensitive classes to open; 0 stands for all clinical ones and no sensitive one.
    function setPrimaryPhysician(address physician, uint32 classes, uint40 validUntil) external;

    /// @notice As {setPrimaryPhysician}, by the signature of `subject`.
    function setPrimaryPhysicianWithSig(
        address subject,
        address physician,
        uint32 classes,
        uint40 validUntil,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice The one decision: whether `request` is permitted now, and why or why not. It never reverts.
    /// @dev Callers refuse on a denial and do nothing else with it: a denial can also mean that a group was starved of
    /// gas by whoever sent the transaction.
    function decide(Request calldata request) external view returns (bool permitted, Reason reason);

    /// @notice The words that `decide` reads of `subject`: for `grantee`, for the account `actor`, and the head.
    function standing(address subject, bytes32 grantee, address actor)
        external
        view
        returns (Grant ofGrantee, Grant ofActor, Head head);
}
