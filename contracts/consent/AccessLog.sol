// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Codes} from "contracts/libraries/Codes.sol";
import {TypedData} from "contracts/libraries/TypedData.sol";
import {IAccessLog} from "interfaces/IAccessLog.sol";
import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";

/// @title AccessLog
/// @notice See {IAccessLog}. It has no owner.
contract AccessLog is IAccessLog, TypedData {
    bytes32 private constant LOG_HEAD_TYPEHASH = keccak256("LogHead(address custodian,uint64 size,bytes32 root)");

    IParticipantRegistry private immutable _participants;

    /// @dev Two slots, both written each time, so that the newest head can be read without events.
    struct Head {
        uint64 size;
        uint40 anchoredAt;
        bytes32 root;
    }

    mapping(address custodian => Head) private _heads;

    constructor(IParticipantRegistry participants) {
        _participants = participants;
    }

    /// @inheritdoc IAccessLog
    function anchorLog(uint64 size, bytes32 root) external {
        _anchor(msg.sender, size, root);
    }

    /// @inheritdoc IAccessLog
    function anchorLogWithSig(address custodian, uint64 size, bytes32 root, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(LOG_HEAD_TYPEHASH, custodian, size, root));
        if (!_isSigned(custodian, structHash, signature)) revert LogInvalidSignature(custodian);

        _anchor(custodian, size, root);
    }

    /// @inheritdoc IAccessLog
    function headOf(address custodian) external view returns (uint64 size, uint40 anchoredAt, bytes32 root) {
        Head storage head = _heads[custodian];
        return (head.size, head.anchoredAt, head.root);
    }

    function _anchor(address custodian, uint64 size, bytes32 root) private {
        if (!_participants.hasRoles(custodian, Codes.CUSTODIAN)) revert LogUnaccredited(custodian);
        Head storage head = _heads[custodian];
        uint64 anchored = head.size;
        if (size <= anchored) revert LogNotLonger(custodian, size, anchored);

        head.size = size;
        head.anchoredAt = uint40(block.timestamp);
        head.root = root;

        emit LogAnchored(custodian, size, root);
    }
}
