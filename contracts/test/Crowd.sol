// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title Crowd
/// @notice One account that does an act many times over and signs whatever it is asked: for tests of what grows.
contract Crowd is IERC1271 {
    error CrowdCallFailed(uint256 place, bytes reason);

    /// @notice Calls `to` with `head`, a number and `tail`, for `count` numbers from `first`, `step` apart.
    function fill(address to, bytes calldata head, bytes calldata tail, uint256 first, uint256 step, uint256 count)
        external
    {
        for (uint256 place; place < count; ++place) {
            (bool success, bytes memory reason) = to.call(bytes.concat(head, bytes32(first + place * step), tail));
            if (!success) revert CrowdCallFailed(place, reason);
        }
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return IERC1271.isValidSignature.selector;
    }
}
