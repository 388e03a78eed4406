// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title IAccessLog
/// @notice What each custodian's log of accesses was at a time: how many entries, and the root of their Merkle tree.
/// @dev The tree is that of RFC 9162, section 2.1 (SHA-256). It says nothing of anybody.
/// @dev Sizes only grow, so a custodian can't put another log in the place of one that it anchored; who keeps a head that it signed
/// can have it anchored. That a later log continues an earlier one is proved off chain.
interface IAccessLog {
    /// @notice Emitted when the log of `custodian` had `size` entries under `root`.
    event LogAnchored(address indexed custodian, uint64 indexed size, bytes32 root);

    /// @notice The caller, or the signer, is no accredited custodian now.
    error LogUnaccredited(address custodian);

    /// @notice A log of `size` entries is not longer than that of `anchored` entries, which was anchored before.
    error LogNotLonger(address custodian, uint64 size, uint64 anchored);

    /// @notice The signature is not that of `custodian` over this head.
    error LogInvalidSignature(address custodian);

    /// @notice Anchors the head of the caller's log.
    function anchorLog(uint64 size, bytes32 root) external;

    /// @notice As {anchorLog}, by the signature of `custodian` over its head. It has no deadline: a head that was signed stays said.
    function anchorLogWithSig(address custodian, uint64 size, bytes32 root, bytes calldata signature) external;

    /// @notice The newest anchored head; all zero if there is none. Earlier ones are in the events.
    /// @return size How many entries the log had.
    /// @return anchoredAt The block time at which it was anchored.
    /// @return root The root of their Merkle tree.
    function headOf(address custodian) external view returns (uint64 size, uint40 anchoredAt, bytes32 root);
}
