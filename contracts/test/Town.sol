// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {IConsentRegistry, Terms} from "interfaces/IConsentRegistry.sol";
import {IUnions} from "interfaces/IUnions.sol";

/// @title Villager
/// @notice Somebody who grants to a union and joins it while they are made: for tests of what grows.
contract Villager {
    constructor(IConsentRegistry consents, IUnions unions, Terms memory terms, uint96 number) {
        bytes32 mark = bytes32(uint256(uint160(address(this))));
        unions.vouch(msg.sender, address(this), mark, "");
        consents.grant(terms);
        unions.join(number, mark);
    }
}

/// @title Town
/// @notice Makes villagers, and vouches for each of them: for tests of what grows.
contract Town is IERC1271 {
    function settle(IConsentRegistry consents, IUnions unions, Terms calldata terms, uint96 number, uint256 count)
        external
    {
        for (uint256 place; place < count; ++place) {
            new Villager(consents, unions, terms, number);
        }
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return IERC1271.isValidSignature.selector;
    }
}
