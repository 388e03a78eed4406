// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title MultiSigWallet
/// @notice An m-of-n contract wallet for local networks and tests: the authority's, and an honest ERC-1271 account.
/// @dev Warning: not for production, where the authority is a wallet that was audited. Owners never change here.
contract MultiSigWallet is IERC1271 {
    error WalletInvalidOwners();
    error WalletNotSigned(uint256 signed, uint256 threshold);
    error WalletCallFailed(bytes reason);

    event Executed(address indexed to, uint256 value, bytes data, uint256 nonce);

    uint256 public immutable threshold;
    address[] internal _owners;
    uint256 public nonce;

    constructor(address[] memory owners, uint256 threshold_) {
        if (threshold_ == 0 || threshold_ > owners.length) revert WalletInvalidOwners();
        address last;
        for (uint256 i; i < owners.length; ++i) {
            if (owners[i] <= last) revert WalletInvalidOwners();
            last = owners[i];
        }
        _owners = owners;
        threshold = threshold_;
    }

    receive() external payable {}

    /// @notice Calls `to` with `data`, if enough owners signed {digestOf} it; signatures in the order of the owners.
    function execute(address to, uint256 value, bytes calldata data, bytes[] calldata signatures)
        external
        returns (bytes memory result)
    {
        uint256 signed = _count(digestOf(to, value, data, nonce), signatures);
        if (signed < threshold) revert WalletNotSigned(signed, threshold);

        emit Executed(to, value, data, nonce++);

        bool success;
        (success, result) = to.call{value: value}(data);
        if (!success) revert WalletCallFailed(result);
    }

    /// @notice What owners sign for {execute}, as it stands (no prefix).
    function digestOf(address to, uint256 value, bytes calldata data, uint256 nonce_) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), to, value, keccak256(data), nonce_));
    }

    /// @notice ERC-1271: `signature` is abi.encode(bytes[]) of enough owners' signatures of keccak256(wallet, digest).
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        bytes[] memory signatures = abi.decode(signature, (bytes[]));
        bytes32 bound = keccak256(abi.encode(block.chainid, address(this), digest));
        return _count(bound, signatures) >= threshold ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    function _count(bytes32 digest, bytes[] memory signatures) private view returns (uint256 signed) {
        uint256 place;
        for (uint256 i; i < signatures.length; ++i) {
            (address signer,,) = ECDSA.tryRecover(digest, signatures[i]);
            while (place < _owners.length && _owners[place] != signer) ++place;
            if (place == _owners.length) break;
            ++place;
            ++signed;
        }
    }
}
