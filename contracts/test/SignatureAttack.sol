// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsentRegistry, Terms} from "interfaces/IConsentRegistry.sol";

/// @title SignatureAttack
/// @notice Sends a signed grant many times, each time with some of it changed, and counts what is accepted.
contract SignatureAttack {
    error Accepted(uint256 round, address subject, Terms terms, uint256 deadline, bytes signature);

    /// @notice Sends `count` messages that differ from a good one by a bit, two bits, or a whole field.
    /// @dev Reverts with the message when one is accepted.
    /// @return refused How many were refused, with the error of a wrong signature or another.
    function attack(
        IConsentRegistry registry,
        address subject,
        Terms calldata terms,
        uint256 deadline,
        bytes calldata signature,
        uint256 seed,
        uint256 count
    ) external returns (uint256 refused) {
        for (uint256 round; round < count; ++round) {
            seed = uint256(keccak256(abi.encode(seed)));
            (address subject_, Terms memory terms_, uint256 deadline_, bytes memory signature_) =
                _changed(seed, subject, terms, deadline, signature);
            // Each refusal undoes itself, so every message meets the state that the good one was signed for.
            try registry.grantWithSig(subject_, terms_, deadline_, signature_) {
                revert Accepted(round, subject_, terms_, deadline_, signature_);
            } catch {
                ++refused;
            }
        }
    }

    function _changed(uint256 seed, address subject, Terms memory terms, uint256 deadline, bytes memory signature)
        private
        pure
        returns (address, Terms memory, uint256, bytes memory)
    {
        // A mask of one bit, of two, or of any.
        uint256 mask = 1 << uint8(seed >> 8);
        if (seed >> 16 & 3 == 0) mask |= 1 << uint8(seed >> 24);
        else if (seed >> 16 & 3 == 1) mask = seed >> 64 | 1;
        uint256 field = uint8(seed) % 12;
        if (field == 0) subject = address(uint160(subject) ^ _mask(mask, 160));
        else if (field == 1) terms.grantee ^= bytes32(mask);
        else if (field == 2) terms.classes ^= uint32(_mask(mask, 32));
        else if (field == 3) terms.uses ^= uint16(_mask(mask, 16));
        else if (field == 4) terms.conditions ^= uint24(_mask(mask, 24));
        else if (field == 5) terms.disease ^= uint24(_mask(mask, 24));
        else if (field == 6) terms.validFrom ^= uint40(_mask(mask, 40));
        else if (field == 7) terms.validUntil ^= uint40(_mask(mask, 40));
        else if (field == 8) terms.notice ^= bytes32(mask);
        else if (field == 9) deadline ^= mask;
        else signature[(seed >> 32) % signature.length] ^= bytes1(uint8(_mask(mask, 8)));
        return (subject, terms, deadline, signature);
    }

    /// @dev `mask` in `bits` bits, never zero: the field is changed whatever the mask was.
    function _mask(uint256 mask, uint256 bits) private pure returns (uint160) {
        uint256 cut = mask & ((1 << bits) - 1);
        return uint160(cut == 0 ? 1 << (mask % bits) : cut);
    }
}
