// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Codes} from "contracts/libraries/Codes.sol";

/// @title CodesDouble
/// @notice Shows the rules of {Codes} to tests, each answer for many questions at once.
contract CodesDouble {
    /// @notice The answers for `first` and the `count - 1` numbers after it.
    function allowedBy(uint16 first, uint256 count) external pure returns (uint16[] memory answers) {
        answers = new uint16[](count);
        for (uint256 i; i < count; ++i) {
            answers[i] = Codes.allowedBy(uint16(first + i));
        }
    }

    /// @notice The answers for `first` and the `count - 1` numbers after it.
    function maxDuration(uint16 first, uint256 count) external pure returns (uint40[] memory answers) {
        answers = new uint40[](count);
        for (uint256 i; i < count; ++i) {
            answers[i] = Codes.maxDuration(uint16(first + i));
        }
    }
}
