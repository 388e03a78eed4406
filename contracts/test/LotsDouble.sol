// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Lot, Lots} from "contracts/libraries/Lots.sol";

/// @title LotsDouble
/// @notice Draws from lots, for tests.
contract LotsDouble {
    using Lots for Lot;

    /// @notice The first `count` places that each of these seeds gives.
    function drawn(uint256 first, uint256 seeds, uint256 pool, uint256 count)
        external
        pure
        returns (uint256[][] memory found)
    {
        found = new uint256[][](seeds);
        for (uint256 at; at < seeds; ++at) {
            Lot memory lot;
            lot.seed = first + at;
            lot.pool = pool;
            found[at] = new uint256[](count);
            for (uint256 place; place < count; ++place) {
                found[at][place] = lot.draw();
            }
        }
    }
}
