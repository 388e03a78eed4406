// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title IRecordRegistry
/// @notice Which batches of records were anchored, by whom and when, and which records have since been replaced or
/// retracted. It holds salted commitments and CIDs of public lists of such, nothing about a person.
/// @dev A record's leaf is the OpenZeppelin standard-Merkle-tree leaf of the root of its salted fields; a batch is the tree of leaves.
/// @dev Everything is keyed by the issuer, so nobody can take another's root or end another's record.
/// @dev Evidence proves that a record is present, never that nothing was left out.
interface IRecordRegistry {
    /// @notice How a leaf stands now, as its issuer says.
    enum Standing {
        STANDS,
        SUPERSEDED,
        RETRACTED
    }

    /// @notice Emitted when `issuer` anchors `root`. `batch` is the sha2-256 digest in the CIDv1 of the list of leaves.
    event BatchAnchored(address indexed issuer, bytes32 indexed root, bytes32 batch);

    /// @notice Emitted when `issuer` replaces the record of `leaf` by that of `successor`.
    event RecordSuperseded(address indexed issuer, bytes32 indexed leaf, bytes32 successor);

    /// @notice Emitted when `issuer` retracts the record of `leaf`.
    event RecordRetracted(address indexed issuer, bytes32 indexed leaf);

    /// @notice A root or a leaf is never zero.
    error RecordInvalidCommitment();

    /// @notice The issuer anchored this root before, at `anchoredAt`.
    error RecordAlreadyAnchored(address issuer, bytes32 root, uint256 anchoredAt);

    /// @notice The issuer has ended this record before.
    error RecordAlreadyEnded(address issuer, bytes32 leaf, Standing standing);

    /// @notice The signed act may no longer be submitted.
    error RecordExpiredSignature(uint256 deadline);

    /// @notice The signature is not that of `issuer` over this act.
    error RecordInvalidSignature(address issuer);

    /// @notice Anchors a batch as the caller's.
    /// @dev Anybody may anchor; whether the issuer was accredited then is asked when a record is verified.
    function anchor(bytes32 root, bytes32 batch) external;

    /// @notice As {anchor}, by the signature of `issuer`. A root is anchored once, so that the signature works once.
    function anchorWithSig(address issuer, bytes32 root, bytes32 batch, uint256 deadline, bytes calldata signature)
        external;

    /// @notice Replaces the caller's record of `leaf` by that of `successor`.
    function supersede(bytes32 leaf, bytes32 successor) external;

    /// @notice As {supersede}, by the signature of `issuer`.
    function supersedeWithSig(
        address issuer,
        bytes32 leaf,
        bytes32 successor,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Retracts the caller's record of `leaf`, also one that was superseded.
    function retract(bytes32 leaf) external;

    /// @notice As {retract}, by the signature of `issuer`.
    function retractWithSig(address issuer, bytes32 leaf, uint256 deadline, bytes calldata signature) external;

    /// @notice What the chain says of a record.
    /// @return anchoredAt The block time at which `issuer` anchored `root` with this leaf in it; 0 if it didn't.
    /// @return accredited Whether the issuer was accredited as an issuer at that time (not at the time that a record claims).
    /// @return standing How the leaf stands now.
    function verify(address issuer, bytes32 root, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (uint40 anchoredAt, bool accredited, Standing standing);

    /// @notice Whether `issuer` anchored `root` with `leaf` in it.
    function isIncluded(address issuer, bytes32 root, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (bool);
}
