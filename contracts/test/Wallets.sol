// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {MultiSigWallet} from "contracts/test/MultiSigWallet.sol";

/// @title KeyWallet
/// @notice An honest contract account with one key, which can also call.
contract KeyWallet is IERC1271 {
    error WalletNotOwner(address caller);
    error WalletCallFailed(bytes reason);

    address private immutable _owner;

    constructor(address owner) {
        _owner = owner;
    }

    function call(address to, bytes calldata data) external returns (bytes memory answer) {
        if (msg.sender != _owner) revert WalletNotOwner(msg.sender);
        bool success;
        (success, answer) = to.call(data);
        if (!success) revert WalletCallFailed(answer);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, signature);
        bool valid = failure == ECDSA.RecoverError.NoError && signer == _owner;
        return valid ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @title BabblingWallet
/// @notice Answers any question with the same bytes: what is not exactly the word of ERC-1271 is no signature.
contract BabblingWallet {
    bytes private _answer;

    constructor(bytes memory answer) {
        _answer = answer;
    }

    fallback(bytes calldata) external returns (bytes memory) {
        return _answer;
    }
}

/// @title RevertingWallet
/// @notice Reverts with the word of ERC-1271 as the reason.
contract RevertingWallet {
    error Answer(bytes32 word);

    fallback() external {
        revert Answer(bytes32(IERC1271.isValidSignature.selector));
    }
}

/// @title BurningWallet
/// @notice Burns all the gas that it is given.
contract BurningWallet {
    fallback() external {
        while (true) {}
    }
}

/// @title RotatingWallet
/// @notice A wallet of several whose owners can replace each other, as an authority's is meant to (docs/adr/0007).
contract RotatingWallet is MultiSigWallet {
    error WalletNotItself(address caller);

    constructor(address[] memory owners, uint256 threshold_) MultiSigWallet(owners, threshold_) {}

    function replace(uint256 place, address owner) external {
        if (msg.sender != address(this)) revert WalletNotItself(msg.sender);
        _owners[place] = owner;
    }
}
