// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev What a persona granted to one grantee, in one word. From the lowest bit:
/// classes 32 | uses 16 | conditions 24 | disease 24 | validFrom 40 | validUntil 40 | grants 24 | withdrawals 24 |
/// epoch 24 | flags 8. Flags: 1 barred, 2 primary physician, the upper six count the bars, modulo 64.
/// A word with no classes permits nothing; its validUntil is then the second at which it stopped.
type Grant is uint256;

/// @dev What a persona holds once, in one word. From the lowest bit:
/// physician 160 | epoch 24 | stoppedAt 40 (when the epoch last rose) | changes 32 (of primary physician).
type Head is uint256;

using Grants for Grant global;
using Heads for Head global;

/// @title Grants
/// @notice Reads and writes the fields of a {Grant}.
library Grants {
    uint256 internal constant BARRED = 1;
    uint256 internal constant PRIMARY = 2;
    uint256 internal constant ONE_BAR = 4;

    function classes(Grant self) internal pure returns (uint32) {
        return uint32(Grant.unwrap(self));
    }

    function uses(Grant self) internal pure returns (uint16) {
        return uint16(Grant.unwrap(self) >> 32);
    }

    function conditions(Grant self) internal pure returns (uint24) {
        return uint24(Grant.unwrap(self) >> 48);
    }

    function disease(Grant self) internal pure returns (uint24) {
        return uint24(Grant.unwrap(self) >> 72);
    }

    function validFrom(Grant self) internal pure returns (uint40) {
        return uint40(Grant.unwrap(self) >> 96);
    }

    function validUntil(Grant self) internal pure returns (uint40) {
        return uint40(Grant.unwrap(self) >> 136);
    }

    /// @dev How often this word was granted. Only a grant (or the lifting of a bar) raises it.
    function grants(Grant self) internal pure returns (uint24) {
        return uint24(Grant.unwrap(self) >> 176);
    }

    /// @dev How often this word was withdrawn. Only a withdrawal (or a bar) raises it.
    function withdrawals(Grant self) internal pure returns (uint24) {
        return uint24(Grant.unwrap(self) >> 200);
    }

    function epoch(Grant self) internal pure returns (uint24) {
        return uint24(Grant.unwrap(self) >> 224);
    }

    function isBarred(Grant self) internal pure returns (bool) {
        return Grant.unwrap(self) & (BARRED << 248) != 0;
    }

    function isPrimary(Grant self) internal pure returns (bool) {
        return Grant.unwrap(self) & (PRIMARY << 248) != 0;
    }

    /// @dev How often the account was barred, modulo 64.
    function bars(Grant self) internal pure returns (uint8) {
        return uint8(Grant.unwrap(self) >> 250);
    }

    /// @dev The number that a signed bar names: of the bar in force, else of the next one. Only a bar that was lifted
    /// moves it, so no other act voids a signed bar, and the lifting voids those that were signed before.
    function barNumber(Grant self) internal pure returns (uint8) {
        unchecked {
            return isBarred(self) ? uint8(bars(self) - 1) & 63 : bars(self);
        }
    }

    /// @dev The word after a grant of `terms` (the lowest 176 bits) in `epoch_`. The bar count stays.
    function granted(Grant self, uint256 terms, uint24 epoch_, uint256 flags) internal pure returns (Grant) {
        uint256 word = Grant.unwrap(self);
        // A counter that wraps after 16,777,215 acts of one person on one grantee would let an old signature in; by
        // then every signature that carried a deadline has expired, and nobody else can make the count rise.
        unchecked {
            uint256 count = uint256(uint24((word >> 176) + 1)) << 176;
            uint256 kept = word & ((uint256(type(uint24).max) << 200) | (uint256(0xfc) << 248));
            return Grant.wrap(terms | count | kept | (uint256(epoch_) << 224) | (flags << 248));
        }
    }

    /// @dev The word after a withdrawal: no terms, the earlier of its end and `now_` as the stop, one withdrawal more.
    function withdrawn(Grant self, uint256 now_) internal pure returns (Grant) {
        uint256 word = Grant.unwrap(self);
        uint256 stop = uint40(word >> 136);
        if (now_ < stop) stop = now_;
        return _stopped(word, stop, (word >> 248) & ~PRIMARY);
    }

    /// @dev The word after a bar: as withdrawn, at `now_` whatever was granted, unless it was barred before.
    function barred(Grant self, uint256 now_) internal pure returns (Grant) {
        uint256 word = Grant.unwrap(self);
        uint256 flags = (word >> 248) & ~PRIMARY;
        if (flags & BARRED != 0) return _stopped(word, uint40(word >> 136), flags);
        return _stopped(word, now_, uint8(flags + ONE_BAR) | BARRED);
    }

    /// @dev The word after a bar was lifted: nothing is granted, and it counts as a grant.
    function unbarred(Grant self) internal pure returns (Grant) {
        uint256 word = Grant.unwrap(self);
        unchecked {
            uint256 count = uint256(uint24((word >> 176) + 1)) << 176;
            return Grant.wrap((word & ~((uint256(type(uint24).max) << 176) | (BARRED << 248))) | count);
        }
    }

    function _stopped(uint256 word, uint256 stop, uint256 flags) private pure returns (Grant) {
        unchecked {
            uint256 count = uint256(uint24((word >> 200) + 1)) << 200;
            uint256 kept = word & ((uint256(type(uint24).max) << 176) | (uint256(type(uint24).max) << 224));
            return Grant.wrap((stop << 136) | kept | count | (flags << 248));
        }
    }
}

/// @title Heads
/// @notice Reads and writes the fields of a {Head}.
library Heads {
    function physician(Head self) internal pure returns (address) {
        return address(uint160(Head.unwrap(self)));
    }

    function epoch(Head self) internal pure returns (uint24) {
        return uint24(Head.unwrap(self) >> 160);
    }

    function stoppedAt(Head self) internal pure returns (uint40) {
        return uint40(Head.unwrap(self) >> 184);
    }

    function changes(Head self) internal pure returns (uint32) {
        return uint32(Head.unwrap(self) >> 224);
    }

    /// @dev The head after all consents were withdrawn at `now_`.
    function raised(Head self, uint256 now_) internal pure returns (Head) {
        uint256 word = Head.unwrap(self);
        unchecked {
            uint256 next = uint256(uint24((word >> 160) + 1)) << 160;
            return Head.wrap(uint160(word) | next | (uint256(uint40(now_)) << 184) | ((word >> 224) << 224));
        }
    }

    /// @dev The head after `physician_` became the primary physician.
    function withPhysician(Head self, address physician_) internal pure returns (Head) {
        uint256 word = Head.unwrap(self);
        unchecked {
            uint256 next = uint256(uint32((word >> 224) + 1)) << 224;
            return Head.wrap(uint160(physician_) | ((word >> 160) & type(uint64).max) << 160 | next);
        }
    }
}
