// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

import {Codes} from "contracts/libraries/Codes.sol";
import {Committee, IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";

/// @title ParticipantRegistry
/// @notice See {IParticipantRegistry}. The authority is fixed: a multi-signature wallet, which rotates its own owners.
contract ParticipantRegistry is IParticipantRegistry {
    using Checkpoints for Checkpoints.Trace208;

    struct Proposal {
        uint56 standing;
        uint40 readyAt;
    }

    struct Institution {
        address account;
        uint40 validFrom;
        uint40 validUntil;
    }

    struct Membership {
        uint40 validUntil;
        uint24 conditions;
    }

    struct PublishedKey {
        bytes32 digest;
        uint24 version;
    }

    uint256 private constant MAX_COMMITTEE = 16;

    address private immutable _authority;
    uint40 private immutable _delay;

    /// @dev A standing is roles (lowest 32 bits) and conditions (24 bits), by the second from which it held.
    mapping(address account => Checkpoints.Trace208) private _standings;
    mapping(address account => Proposal) private _proposals;
    mapping(uint96 number => Institution) private _institutions;
    mapping(uint96 number => mapping(address member => Membership)) private _members;
    mapping(address account => PublishedKey) private _keys;
    mapping(uint24 number => bytes32) private _committees;
    uint96 private _institutionCount;
    uint24 private _committeeCount;

    constructor(address authority_, uint40 accreditationDelay_) {
        _checkAccount(authority_);
        _authority = authority_;
        _delay = accreditationDelay_;
    }

    modifier onlyAuthority() {
        _checkAuthority();
        _;
    }

    /* ACCREDITATION */

    /// @inheritdoc IParticipantRegistry
    function proposeAccreditation(address account, uint32 roles, uint24 conditions) external onlyAuthority {
        _checkAccount(account);
        uint40 readyAt = uint40(block.timestamp) + _delay;
        _proposals[account] = Proposal(_standing(roles, conditions), readyAt);

        emit AccreditationProposed(account, roles, conditions, readyAt);
    }

    /// @inheritdoc IParticipantRegistry
    function accredit(address account) external {
        Proposal memory proposal = _proposals[account];
        if (proposal.readyAt == 0 || block.timestamp < proposal.readyAt) {
            revert ParticipantNotReady(account, proposal.readyAt);
        }

        delete _proposals[account];
        _setStanding(account, uint56(_standings[account].latest()) | proposal.standing);
    }

    /// @inheritdoc IParticipantRegistry
    function unaccredit(address account, uint32 roles, uint24 conditions) external onlyAuthority {
        delete _proposals[account];
        _setStanding(account, uint56(_standings[account].latest()) & ~_standing(roles, conditions));
    }

    function _setStanding(address account, uint56 value) private {
        _standings[account].push(uint48(block.timestamp), value);

        emit AccreditationChanged(account, uint32(value), uint24(value >> 32));
    }

    function _standing(uint32 roles, uint24 conditions) private pure returns (uint56) {
        return uint56(roles) | (uint56(conditions) << 32);
    }

    /// @inheritdoc IParticipantRegistry
    function hasRoles(address account, uint32 roles) public view returns (bool) {
        return uint32(_standings[account].latest()) & roles == roles;
    }

    /// @inheritdoc IParticipantRegistry
    function hadRoles(address account, uint32 roles, uint40 time) external view returns (bool) {
        return uint32(_standings[account].upperLookup(time)) & roles == roles;
    }

    /// @inheritdoc IParticipantRegistry
    function conditionsOf(address account) external view returns (uint24) {
        return uint24(_standings[account].latest() >> 32);
    }

    /* INSTITUTIONS */

    /// @inheritdoc IParticipantRegistry
    function openInstitution(address account) external onlyAuthority returns (uint96 number) {
        _checkAccount(account);
        number = ++_institutionCount;
        uint40 validFrom = uint40(block.timestamp) + _delay;
        _institutions[number] = Institution(account, validFrom, type(uint40).max);

        emit InstitutionOpened(number, account, validFrom);
    }

    /// @inheritdoc IParticipantRegistry
    function closeInstitution(uint96 number) external onlyAuthority {
        // Closing again would say that it counted for longer than it did.
        Institution storage place = _institutions[number];
        if (block.timestamp < place.validUntil) place.validUntil = uint40(block.timestamp);

        emit InstitutionClosed(number);
    }

    /// @inheritdoc IParticipantRegistry
    function setMember(uint96 number, address member, uint40 validUntil, uint24 conditions) external {
        if (msg.sender != _institutions[number].account) revert ParticipantNotInstitution(number, msg.sender);
        _checkAccount(member);
        // A membership that is over never says that it ended earlier than it did.
        if (validUntil < block.timestamp) validUntil = uint40(block.timestamp);
        _members[number][member] = Membership(validUntil, conditions);

        emit MemberSet(number, member, validUntil, conditions);
    }

    /// @notice See {IMemberGroup-isMember}: the same for every subject.
    function isMember(uint96 number, address, address actor) external view returns (bool, uint24) {
        return (_isMember(number, actor), _members[number][actor].conditions);
    }

    function _isMember(uint96 number, address actor) private view returns (bool) {
        Institution storage place = _institutions[number];
        return block.timestamp >= place.validFrom && block.timestamp < place.validUntil
            && block.timestamp < _members[number][actor].validUntil;
    }

    /// @inheritdoc IParticipantRegistry
    function institution(uint96 number) external view returns (address, uint40, uint40) {
        Institution storage place = _institutions[number];
        return (place.account, place.validFrom, place.validUntil);
    }

    /* KEYS */

    /// @inheritdoc IParticipantRegistry
    function publishKey(bytes calldata publicKey) external {
        if (publicKey.length < 32 || publicKey.length > 4096) revert ParticipantInvalidKey(publicKey.length);
        bytes32 digest = keccak256(publicKey);
        uint24 version = _keys[msg.sender].version + 1;
        _keys[msg.sender] = PublishedKey(digest, version);

        emit KeyPublished(msg.sender, version, digest, publicKey);
    }

    /// @inheritdoc IParticipantRegistry
    function revokeKey() external {
        uint24 version = _keys[msg.sender].version;
        _keys[msg.sender].digest = 0;

        emit KeyRevoked(msg.sender, version);
    }

    /// @inheritdoc IParticipantRegistry
    function keyOf(address account) external view returns (bytes32, uint24) {
        PublishedKey storage key = _keys[account];
        return (key.digest, key.version);
    }

    /* COMMITTEES */

    /// @inheritdoc IParticipantRegistry
    function registerCommittee(Committee calldata committee, uint96[] calldata institutions)
        external
        returns (uint24 number)
    {
        uint256 count = institutions.length;
        uint8 threshold = committee.threshold;
        if (count > MAX_COMMITTEE || count != committee.members.length || threshold < 2 || threshold > count) {
            revert CommitteeInvalidSize(committee.members.length, count, threshold);
        }
        uint96 previous;
        for (uint256 i; i < count; ++i) {
            address member = committee.members[i];
            uint96 place = institutions[i];
            if (place <= previous) revert CommitteeInvalidOrder(place);
            bool valid = hasRoles(member, Codes.CUSTODIAN) && _isMember(place, member);
            // One account of two institutions is one custodian.
            for (uint256 j; j < i; ++j) {
                valid = valid && committee.members[j] != member;
            }
            if (!valid) revert CommitteeInvalidMember(member, place);
            previous = place;
        }

        number = ++_committeeCount;
        _committees[number] = keccak256(abi.encode(committee));

        emit CommitteeRegistered(number, committee, institutions);
    }

    /// @inheritdoc IParticipantRegistry
    function committeeDigest(uint24 number) external view returns (bytes32) {
        return _committees[number];
    }

    /// @inheritdoc IParticipantRegistry
    function committeeCount() external view returns (uint24) {
        return _committeeCount;
    }

    /* AUTHORITY */

    function _checkAuthority() private view {
        if (msg.sender != _authority) revert ParticipantNotAuthority(msg.sender);
    }

    function _checkAccount(address account) private pure {
        if (account == address(0)) revert ParticipantInvalidAccount();
    }

    /// @inheritdoc IParticipantRegistry
    function authority() external view returns (address) {
        return _authority;
    }

    /// @inheritdoc IParticipantRegistry
    function accreditationDelay() external view returns (uint40) {
        return _delay;
    }
}
