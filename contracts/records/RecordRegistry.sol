// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {Codes} from "contracts/libraries/Codes.sol";
import {TypedData} from "contracts/libraries/TypedData.sol";
import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";
import {IRecordRegistry} from "interfaces/IRecordRegistry.sol";

/// @title RecordRegistry
/// @notice See {IRecordRegistry}. It has no owner.
contract RecordRegistry is IRecordRegistry, TypedData {
    bytes32 private constant ANCHOR_TYPEHASH =
        keccak256("Anchor(address issuer,bytes32 root,bytes32 batch,uint256 deadline)");
    bytes32 private constant SUPERSESSION_TYPEHASH =
        keccak256("Supersession(address issuer,bytes32 leaf,bytes32 successor,uint256 deadline)");
    bytes32 private constant RETRACTION_TYPEHASH =
        keccak256("Retraction(address issuer,bytes32 leaf,uint256 deadline)");

    IParticipantRegistry private immutable _participants;

    /// @dev Block time of the anchoring, by keccak256(issuer, root).
    mapping(bytes32 key => uint256) private _anchoredAt;
    /// @dev How a leaf stands ({Standing}), by keccak256(issuer, leaf). Absent means that it stands. A whole word, as
    /// one that is smaller is read again before it is written.
    mapping(bytes32 key => uint256) private _standings;

    constructor(IParticipantRegistry participants) {
        _participants = participants;
    }

    /* ANCHOR */

    /// @inheritdoc IRecordRegistry
    function anchor(bytes32 root, bytes32 batch) external {
        _anchor(msg.sender, root, batch);
    }

    /// @inheritdoc IRecordRegistry
    function anchorWithSig(address issuer, bytes32 root, bytes32 batch, uint256 deadline, bytes calldata signature)
        external
    {
        _checkSignature(
            issuer, keccak256(abi.encode(ANCHOR_TYPEHASH, issuer, root, batch, deadline)), deadline, signature
        );

        _anchor(issuer, root, batch);
    }

    function _anchor(address issuer, bytes32 root, bytes32 batch) private {
        if (root == 0) revert RecordInvalidCommitment();
        bytes32 key = _key(issuer, root);
        uint256 anchoredAt = _anchoredAt[key];
        if (anchoredAt != 0) revert RecordAlreadyAnchored(issuer, root, anchoredAt);

        _anchoredAt[key] = block.timestamp;

        emit BatchAnchored(issuer, root, batch);
    }

    /* END */

    /// @inheritdoc IRecordRegistry
    function supersede(bytes32 leaf, bytes32 successor) external {
        _supersede(msg.sender, leaf, successor);
    }

    /// @inheritdoc IRecordRegistry
    function supersedeWithSig(
        address issuer,
        bytes32 leaf,
        bytes32 successor,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _checkSignature(
            issuer, keccak256(abi.encode(SUPERSESSION_TYPEHASH, issuer, leaf, successor, deadline)), deadline, signature
        );

        _supersede(issuer, leaf, successor);
    }

    /// @inheritdoc IRecordRegistry
    function retract(bytes32 leaf) external {
        _retract(msg.sender, leaf);
    }

    /// @inheritdoc IRecordRegistry
    function retractWithSig(address issuer, bytes32 leaf, uint256 deadline, bytes calldata signature) external {
        _checkSignature(issuer, keccak256(abi.encode(RETRACTION_TYPEHASH, issuer, leaf, deadline)), deadline, signature);

        _retract(issuer, leaf);
    }

    function _supersede(address issuer, bytes32 leaf, bytes32 successor) private {
        if (leaf == 0 || successor == 0) revert RecordInvalidCommitment();
        bytes32 key = _key(issuer, leaf);
        uint256 standing = _standings[key];
        if (standing != 0) revert RecordAlreadyEnded(issuer, leaf, Standing(standing));

        _standings[key] = uint256(Standing.SUPERSEDED);

        emit RecordSuperseded(issuer, leaf, successor);
    }

    function _retract(address issuer, bytes32 leaf) private {
        if (leaf == 0) revert RecordInvalidCommitment();
        bytes32 key = _key(issuer, leaf);
        if (_standings[key] == uint256(Standing.RETRACTED)) {
            revert RecordAlreadyEnded(issuer, leaf, Standing.RETRACTED);
        }

        _standings[key] = uint256(Standing.RETRACTED);

        emit RecordRetracted(issuer, leaf);
    }

    /* VERIFY */

    /// @inheritdoc IRecordRegistry
    function verify(address issuer, bytes32 root, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (uint40 anchoredAt, bool accredited, Standing standing)
    {
        if (isIncluded(issuer, root, leaf, proof)) {
            anchoredAt = uint40(_anchoredAt[_key(issuer, root)]);
            accredited = _participants.hadRoles(issuer, Codes.ISSUER, anchoredAt);
        }
        standing = Standing(_standings[_key(issuer, leaf)]);
    }

    /// @inheritdoc IRecordRegistry
    function isIncluded(address issuer, bytes32 root, bytes32 leaf, bytes32[] calldata proof)
        public
        view
        returns (bool)
    {
        return _anchoredAt[_key(issuer, root)] != 0 && MerkleProof.verifyCalldata(proof, root, leaf);
    }

    /* SHARED */

    function _key(address issuer, bytes32 commitment) private pure returns (bytes32) {
        return keccak256(abi.encode(issuer, commitment));
    }

    function _checkSignature(address issuer, bytes32 structHash, uint256 deadline, bytes calldata signature)
        private
        view
    {
        if (block.timestamp > deadline) revert RecordExpiredSignature(deadline);
        if (!_isSigned(issuer, structHash, signature)) revert RecordInvalidSignature(issuer);
    }
}
