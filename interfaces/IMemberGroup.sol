// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title IMemberGroup
/// @notice A contract that keeps groups of accounts, each under a number from 1, so that a person can grant to a group.
/// @dev The grantee that stands for a group is its number (upper 96 bits) and the contract's address (lower 160 bits).
interface IMemberGroup {
    /// @notice Whether `actor` is a member of group `number` now, as far as the data of `subject` go.
    /// @dev Asked by `staticcall` with 50,000 gas. A group that doesn't answer in that has no members.
    /// @return member Whether it is.
    /// @return attested The conditions (bits of `Codes`) that somebody entitled to has attested of the member.
    function isMember(uint96 number, address subject, address actor)
        external
        view
        returns (bool member, uint24 attested);
}
