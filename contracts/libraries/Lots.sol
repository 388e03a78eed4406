// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev How many places are drawn from a lot, at most.
uint256 constant LOT_PLACES = 32;

/// @dev The places 0 to `pool` - 1 in an order that `seed` gives; `count` of them are drawn. What a drawn place's number
/// stands for from then on: `at` a number lies the place that it `holds`.
struct Lot {
    uint256 seed;
    uint256 pool;
    uint256 count;
    uint256[LOT_PLACES] at;
    uint256[LOT_PLACES] holds;
}

/// @title Lots
/// @notice Draws places by lot, none twice: each place left is as likely as any other, whichever lies beside it.
library Lots {
    /// @dev The first steps of a Fisher-Yates shuffle, by Durstenfeld (Communications of the ACM 7:7, 1964, algorithm
    /// 235). Assumes that places are left, and `LOT_PLACES` not drawn yet.
    function draw(Lot memory self) internal pure returns (uint256 place) {
        uint256 count = self.count;
        uint256 number = count + uint256(keccak256(abi.encode(self.seed, count))) % (self.pool - count);
        place = _held(self, number);
        self.holds[count] = _held(self, count);
        self.at[count] = number;
        self.count = count + 1;
    }

    function _held(Lot memory self, uint256 number) private pure returns (uint256) {
        for (uint256 step = self.count; step > 0; --step) {
            if (self.at[step - 1] == number) return self.holds[step - 1];
        }
        return number;
    }
}
