// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {Signatures} from "contracts/libraries/Signatures.sol";

/// @title TypedData
/// @notice The EIP-712 domain of every contract of the suite: name "Aceso", version "1", this chain, this contract.
/// @dev OpenZeppelin's EIP712 does the same for any name and behind proxies, at 600 bytes more in each contract.
abstract contract TypedData is IERC5267 {
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    uint256 private immutable _chainId = block.chainid;
    bytes32 private immutable _separator = _buildSeparator();

    /// @inheritdoc IERC5267
    function eip712Domain()
        external
        view
        returns (bytes1, string memory, string memory, uint256, address, bytes32, uint256[] memory)
    {
        return (hex"0f", "Aceso", "1", block.chainid, address(this), 0, new uint256[](0));
    }

    /// @dev Whether `signer` signed the struct of this hash, for this contract on this chain.
    function _isSigned(address signer, bytes32 structHash, bytes calldata signature) internal view returns (bool) {
        // After a fork of the chain a signature for one side is none for the other.
        bytes32 separator = block.chainid == _chainId ? _separator : _buildSeparator();
        return Signatures.isValid(signer, MessageHashUtils.toTypedDataHash(separator, structHash), signature);
    }

    function _buildSeparator() private view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, keccak256("Aceso"), keccak256("1"), block.chainid, address(this)));
    }
}
