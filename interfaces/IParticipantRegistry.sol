// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IMemberGroup} from "interfaces/IMemberGroup.sol";

/// @notice Custodians that hold a key together: any `threshold` of `members` can release it, fewer can't.
struct Committee {
    address[] members;
    uint8 threshold;
}

/// @title IParticipantRegistry
/// @notice Who is accredited as what and since when, which accounts belong to which institution, which keys they
/// published, and which custodians form a committee.
/// @dev The authority accredits after a delay and un-accredits at once. It can't grant, read, seize, mint or withdraw
/// anything, and it can't change what held in the past: a record anchored while its issuer was accredited stays so.
/// @dev Institutions are groups of {IMemberGroup}: number 7 of this contract is the seventh institution.
interface IParticipantRegistry is IMemberGroup {
    /// @notice Emitted when the authority announces an accreditation, which anybody may put in force from `readyAt`.
    event AccreditationProposed(address indexed account, uint32 roles, uint24 conditions, uint40 readyAt);

    /// @notice Emitted when `account` has exactly these roles and attested conditions from now on.
    event AccreditationChanged(address indexed account, uint32 roles, uint24 conditions);

    /// @notice Emitted when institution `number` is opened; it counts from `validFrom`.
    event InstitutionOpened(uint96 indexed number, address indexed account, uint40 validFrom);

    /// @notice Emitted when institution `number` is closed, with all its memberships.
    event InstitutionClosed(uint96 indexed number);

    /// @notice Emitted when `member` belongs to institution `number` until `validUntil`; `conditions` are attested.
    event MemberSet(uint96 indexed number, address indexed member, uint40 validUntil, uint24 conditions);

    /// @notice Emitted when `account` publishes the key that others seal to; the key is in the event, whole.
    event KeyPublished(address indexed account, uint24 version, bytes32 digest, bytes publicKey);

    /// @notice Emitted when `account` revokes its published key.
    event KeyRevoked(address indexed account, uint24 version);

    /// @notice Emitted when a committee is registered.
    event CommitteeRegistered(uint24 indexed number, Committee committee, uint96[] institutions);

    /// @notice Only the authority may do this.
    error ParticipantNotAuthority(address caller);

    /// @notice Only the institution's own account may do this.
    error ParticipantNotInstitution(uint96 number, address caller);

    /// @notice Nothing was proposed for this account, or it isn't ready before `readyAt`.
    error ParticipantNotReady(address account, uint40 readyAt);

    /// @notice The account is the zero address.
    error ParticipantInvalidAccount();

    /// @notice A published key has from 32 to 4,096 bytes.
    error ParticipantInvalidKey(uint256 length);

    /// @notice A committee has 2 to 16 members of as many institutions in rising order, and a threshold from 2 on.
    error CommitteeInvalidSize(uint256 members, uint256 institutions, uint8 threshold);

    /// @notice Institutions are not in rising order, so that two members could be of one.
    error CommitteeInvalidOrder(uint96 institution);

    /// @notice The member is not an accredited custodian that belongs to this institution now, or is there already.
    error CommitteeInvalidMember(address member, uint96 institution);

    /// @notice Announces that `account` is to have these roles and conditions on top of those it has.
    /// @dev Only the authority. In force by {accredit}, from the delay on. A new proposal replaces an open one.
    function proposeAccreditation(address account, uint32 roles, uint24 conditions) external;

    /// @notice Puts a proposal in force once its delay is over. Anybody may call.
    function accredit(address account) external;

    /// @notice Takes these roles and conditions from `account` at once, and any open proposal. Only the authority.
    function unaccredit(address account, uint32 roles, uint24 conditions) external;

    /// @notice Opens an institution that is run by `account`, from the delay on. Only the authority.
    function openInstitution(address account) external returns (uint96 number);

    /// @notice Closes an institution at once. Only the authority.
    function closeInstitution(uint96 number) external;

    /// @notice Makes `member` a member until `validUntil` (the first second at which it isn't one any more) and attests
    /// `conditions` of it. Only the institution's account; now or an earlier time ends a membership at once.
    function setMember(uint96 number, address member, uint40 validUntil, uint24 conditions) external;

    /// @notice Publishes the caller's receiving key, in place of any earlier one. Bound to the caller: nobody can publish for
    /// another.
    function publishKey(bytes calldata publicKey) external;

    /// @notice Revokes the caller's published key.
    function revokeKey() external;

    /// @notice Registers custodians of different institutions as a committee for good: member by member the `institutions`
    /// that they belong to, in rising order. Anybody may call.
    /// @dev At most 16 members. Warning: whether they are still accredited later is not asked; an offer names its
    /// committee, and buying accepts it.
    function registerCommittee(Committee calldata committee, uint96[] calldata institutions)
        external
        returns (uint24 number);

    /// @notice Who accredits.
    function authority() external view returns (address);

    /// @notice How long an accreditation waits, in seconds.
    function accreditationDelay() external view returns (uint40);

    /// @notice Whether `account` has all of `roles` now.
    function hasRoles(address account, uint32 roles) external view returns (bool);

    /// @notice Whether `account` had all of `roles` at the second `time` (not later than now).
    function hadRoles(address account, uint32 roles, uint40 time) external view returns (bool);

    /// @notice The conditions that the authority attests of `account` now.
    function conditionsOf(address account) external view returns (uint24);

    /// @notice The account that runs institution `number`, and since and until when it counts. Zeros if there is none.
    function institution(uint96 number) external view returns (address account, uint40 validFrom, uint40 validUntil);

    /// @notice keccak256 of the key that `account` published, and its version. A revoked or missing key is zero.
    function keyOf(address account) external view returns (bytes32 digest, uint24 version);

    /// @notice keccak256(abi.encode(committee)) of committee `number`; zero if there is none.
    function committeeDigest(uint24 number) external view returns (bytes32);

    /// @notice How many committees there are; they are numbered from 1.
    function committeeCount() external view returns (uint24);
}
