// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Signatures
/// @notice Whether a signature is an account's: by its key, or as a contract wallet says (ERC-1271).
/// @dev The key is tried first. An account that carries code (a wallet, or a key that delegated to code) is asked only
/// when that fails, so a delegation can never lock a person out of signing with their own key.
library Signatures {
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;

        return SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature);
    }
}
