// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev Who is in a union, in one word. From the lowest bit:
/// members 24 | places 24 (given so far) | isOpen 8.
type Roll is uint256;

/// @dev What a union knows of one person, in one word. From the lowest bit:
/// joinedAt 40 | leftAt 40 (0: not yet) | grants 24 | epoch 24 | place 24 | joins 16 | leavings 24.
/// Grants and epoch are those of the consent that they joined under: whatever moves them later may be a stop.
/// Leavings are how often they said that they leave, also while they were not in.
type Membership is uint256;

using Rolls for Roll global;
using Memberships for Membership global;

/// @title Rolls
/// @notice Reads and writes the fields of a {Roll}.
library Rolls {
    /// @dev The roll of a new union.
    function opened() internal pure returns (Roll) {
        return Roll.wrap(1 << 48);
    }

    function members(Roll self) internal pure returns (uint24) {
        return uint24(Roll.unwrap(self));
    }

    function places(Roll self) internal pure returns (uint24) {
        return uint24(Roll.unwrap(self) >> 24);
    }

    /// @dev Whether it takes anybody. A union that gave 16,777,215 places has none left.
    function isOpen(Roll self) internal pure returns (bool) {
        return Roll.unwrap(self) >> 48 != 0 && places(self) != type(uint24).max;
    }

    /// @dev The roll with one place more, and `count` members more: 1, or 0 for who is in. Assumes that it is open: there
    /// are never more members than places.
    function joined(Roll self, uint256 count) internal pure returns (Roll) {
        unchecked {
            return Roll.wrap(Roll.unwrap(self) + (1 << 24) + count);
        }
    }

    /// @dev The roll with a member less. Assumes that there is one.
    function left(Roll self) internal pure returns (Roll) {
        unchecked {
            return Roll.wrap(Roll.unwrap(self) - 1);
        }
    }

    function closed(Roll self) internal pure returns (Roll) {
        return Roll.wrap(uint48(Roll.unwrap(self)));
    }
}

/// @title Memberships
/// @notice Reads and writes the fields of a {Membership}.
library Memberships {
    function joinedAt(Membership self) internal pure returns (uint40) {
        return uint40(Membership.unwrap(self));
    }

    function leftAt(Membership self) internal pure returns (uint40) {
        return uint40(Membership.unwrap(self) >> 40);
    }

    function grants(Membership self) internal pure returns (uint24) {
        return uint24(Membership.unwrap(self) >> 80);
    }

    function epoch(Membership self) internal pure returns (uint24) {
        return uint24(Membership.unwrap(self) >> 104);
    }

    function place(Membership self) internal pure returns (uint24) {
        return uint24(Membership.unwrap(self) >> 128);
    }

    function joins(Membership self) internal pure returns (uint16) {
        return uint16(Membership.unwrap(self) >> 152);
    }

    function leavings(Membership self) internal pure returns (uint24) {
        return uint24(Membership.unwrap(self) >> 168);
    }

    function isIn(Membership self) internal pure returns (bool) {
        return joinedAt(self) != 0 && leftAt(self) == 0;
    }

    /// @dev Whether they are one of those who were counted at `time`, when so many places were given. Who left in that
    /// second counts as one who left before: there is nothing that they would have earned.
    function isCounted(Membership self, uint24 places, uint256 time) internal pure returns (bool) {
        uint256 left_ = leftAt(self);
        return place(self) != 0 && place(self) <= places && (left_ == 0 || left_ > time);
    }

    /// @dev The word of who joins now, under the consent of these counts.
    function joined(Membership self, uint256 now_, uint24 place_, uint24 grants_, uint24 epoch_)
        internal
        pure
        returns (Membership)
    {
        // A person who joins one union 65,536 times could have the first signature carried again, had it no deadline.
        unchecked {
            return Membership.wrap(
                uint256(uint40(now_)) | (uint256(grants_) << 80) | (uint256(epoch_) << 104) | (uint256(place_) << 128)
                    | (uint256(uint16(joins(self) + 1)) << 152) | (uint256(leavings(self)) << 168)
            );
        }
    }

    /// @dev The word of who leaves now. Assumes that they are in.
    function left(Membership self, uint256 now_) internal pure returns (Membership) {
        return Membership.wrap(Membership.unwrap(self) | (uint256(uint40(now_)) << 40));
    }

    /// @dev The word once they said one time more that they leave. It wraps after 16,777,216 times, when the first
    /// signature to leave is good again.
    function said(Membership self) internal pure returns (Membership) {
        unchecked {
            return Membership.wrap(uint168(Membership.unwrap(self)) | (uint256(uint24(leavings(self) + 1)) << 168));
        }
    }
}
