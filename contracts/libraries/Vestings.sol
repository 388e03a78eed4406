// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev What an account earned by the last epochs that still vest, from the lowest bit:
/// four amounts of 48 bits, of the epochs that are 0, 1, 2, 3 modulo 4 | the newest of these epochs 16 | banned 8.
/// Amounts are in millionths of a coin.
type Vesting is uint256;

using Vestings for Vesting global;

/// @title Vestings
/// @notice Adds to a {Vesting}, and says what of it has vested.
/// @dev An epoch's rewards vest evenly over the four epochs that follow it, so what came four epochs before the newest
/// has vested whole, and four amounts are enough for good: the sum is exact, however many rewards there are.
library Vestings {
    /// @dev How many epochs a reward takes to vest.
    uint256 internal constant PERIOD = 4;

    uint256 private constant NEWEST_AT = 192;
    uint256 private constant BANNED_AT = 208;

    function newest(Vesting self) internal pure returns (uint16) {
        return uint16(Vesting.unwrap(self) >> NEWEST_AT);
    }

    function isBanned(Vesting self) internal pure returns (bool) {
        return Vesting.unwrap(self) >> BANNED_AT != 0;
    }

    function banned(Vesting self, bool value) internal pure returns (Vesting) {
        uint256 word = Vesting.unwrap(self) & ((1 << BANNED_AT) - 1);
        return Vesting.wrap(value ? word | (1 << BANNED_AT) : word);
    }

    /// @dev With `amount` of `epoch`, and what had to leave for it, which has vested whole.
    function add(Vesting self, uint16 epoch, uint48 amount) internal pure returns (Vesting, uint256 vested) {
        uint256 word = Vesting.unwrap(self);
        uint256 last = newest(self);
        // Epochs have 16 bits, and four amounts that are each of an epoch's budget or less fit.
        unchecked {
            if (epoch + PERIOD <= last) return (self, amount);
            for (uint256 gone = last + 1; gone <= epoch && gone <= last + PERIOD; ++gone) {
                uint256 place = _place(gone);
                vested += uint48(word >> place);
                word &= ~(uint256(type(uint48).max) << place);
            }
            if (epoch > last) {
                word = (word & ~(uint256(type(uint16).max) << NEWEST_AT)) | (uint256(epoch) << NEWEST_AT);
            }
            return (Vesting.wrap(word + (uint256(amount) << _place(epoch))), vested);
        }
    }

    /// @dev Without `amount` of `epoch`, which was added before and is there still.
    function remove(Vesting self, uint16 epoch, uint48 amount) internal pure returns (Vesting) {
        return Vesting.wrap(Vesting.unwrap(self) - (uint256(amount) << _place(epoch)));
    }

    /// @dev What of it has vested `elapsed` seconds after the start of the first epoch, an epoch being `length` long.
    function vestedAt(Vesting self, uint256 elapsed, uint256 length) internal pure returns (uint256 sum) {
        uint256 last = newest(self);
        // 48 bits times 40 bits, four times.
        unchecked {
            for (uint256 age; age < PERIOD && age <= last; ++age) {
                uint256 amount = uint48(Vesting.unwrap(self) >> _place(last - age));
                sum += amount * vestedPart(last - age, elapsed, length);
            }
            return sum / (PERIOD * length);
        }
    }

    /// @dev For how many seconds of its period, PERIOD x `length` long, a reward of `epoch` has vested.
    function vestedPart(uint256 epoch, uint256 elapsed, uint256 length) internal pure returns (uint256 part) {
        // 16 bits times 40 bits.
        unchecked {
            uint256 begins = (epoch + 1) * length;
            if (elapsed <= begins) return 0;
            part = elapsed - begins;
            if (part > PERIOD * length) part = PERIOD * length;
        }
    }

    function _place(uint256 epoch) private pure returns (uint256) {
        return (epoch % PERIOD) * 48;
    }
}
