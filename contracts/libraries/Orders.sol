// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev How far an order is. `SETTLED` is final; a disputed order is delivered again, or settled, when it is resolved.
enum OrderState {
    NONE,
    OPEN,
    DELIVERED,
    SETTLED,
    DISPUTED
}

/// @dev The half of an order that delivery and settlement change. From the lowest bit:
/// party 160 | start 40 | duration 32 | sequence 16 | state 8.
/// The party is the one whom the group doesn't name: the buyer of an offer.
type OrderHead is uint256;

/// @dev The half that is fixed when the order is made, but for what was paid in parts. From the lowest bit:
/// price 96 | group 48 | deadline 40 | grants 24 | epoch 24 | bars 8 | parts 16.
/// Parts are how much of the duration was paid for already, of 65,536.
type OrderTail is uint256;

using OrderHeads for OrderHead global;
using OrderTails for OrderTail global;

/// @title OrderHeads
/// @notice Reads and writes the fields of an {OrderHead}.
library OrderHeads {
    /// @dev The head of an open order, without its sequence.
    function pack(address party_, uint256 start_, uint32 duration_) internal pure returns (OrderHead) {
        return OrderHead.wrap(
            uint160(party_) | (uint256(uint40(start_)) << 160) | (uint256(duration_) << 200)
                | (uint256(OrderState.OPEN) << 248)
        );
    }

    function party(OrderHead self) internal pure returns (address) {
        return address(uint160(OrderHead.unwrap(self)));
    }

    function start(OrderHead self) internal pure returns (uint40) {
        return uint40(OrderHead.unwrap(self) >> 160);
    }

    function duration(OrderHead self) internal pure returns (uint32) {
        return uint32(OrderHead.unwrap(self) >> 200);
    }

    /// @dev When a delivered order's time is over. 40 bits and 32 bits can't overflow.
    function end(OrderHead self) internal pure returns (uint256) {
        unchecked {
            return uint256(start(self)) + duration(self);
        }
    }

    function sequence(OrderHead self) internal pure returns (uint16) {
        return uint16(OrderHead.unwrap(self) >> 232);
    }

    function state(OrderHead self) internal pure returns (OrderState) {
        return OrderState(OrderHead.unwrap(self) >> 248);
    }

    function isIn(OrderHead self, OrderState state_) internal pure returns (bool) {
        return OrderHead.unwrap(self) >> 248 == uint256(state_);
    }

    function isZero(OrderHead self) internal pure returns (bool) {
        return OrderHead.unwrap(self) == 0;
    }

    /// @dev The head as order number `sequence_` of its key.
    function numbered(OrderHead self, uint16 sequence_) internal pure returns (OrderHead) {
        return OrderHead.wrap(OrderHead.unwrap(self) | (uint256(sequence_) << 232));
    }

    /// @dev The head once delivered: its time runs from `start_`.
    function delivered(OrderHead self, uint256 start_) internal pure returns (OrderHead) {
        uint256 kept = OrderHead.unwrap(self) & ~((uint256(type(uint40).max) << 160) | (uint256(0xff) << 248));
        return OrderHead.wrap(kept | (uint256(uint40(start_)) << 160) | (uint256(OrderState.DELIVERED) << 248));
    }

    /// @dev The head in another state, with nothing else changed.
    function to(OrderHead self, OrderState state_) internal pure returns (OrderHead) {
        return OrderHead.wrap(uint248(OrderHead.unwrap(self)) | (uint256(state_) << 248));
    }
}

/// @title OrderTails
/// @notice Reads and writes the fields of an {OrderTail}.
library OrderTails {
    /// @dev The tail of an order, without what consent says.
    function pack(uint96 price_, uint96 group_, uint256 deadline_) internal pure returns (OrderTail) {
        return OrderTail.wrap(uint256(price_) | (uint256(uint48(group_)) << 96) | (uint256(uint40(deadline_)) << 144));
    }

    /// @dev The tail under the consent of these counts: whatever moves them later may be a stop.
    function under(OrderTail self, uint24 grants_, uint24 epoch_, uint8 bars_) internal pure returns (OrderTail) {
        return OrderTail.wrap(
            OrderTail.unwrap(self) | (uint256(grants_) << 184) | (uint256(epoch_) << 208) | (uint256(bars_) << 232)
        );
    }

    function price(OrderTail self) internal pure returns (uint96) {
        return uint96(OrderTail.unwrap(self));
    }

    function group(OrderTail self) internal pure returns (uint96) {
        return uint48(OrderTail.unwrap(self) >> 96);
    }

    function deadline(OrderTail self) internal pure returns (uint40) {
        return uint40(OrderTail.unwrap(self) >> 144);
    }

    function grants(OrderTail self) internal pure returns (uint24) {
        return uint24(OrderTail.unwrap(self) >> 184);
    }

    function epoch(OrderTail self) internal pure returns (uint24) {
        return uint24(OrderTail.unwrap(self) >> 208);
    }

    function bars(OrderTail self) internal pure returns (uint8) {
        return uint8(OrderTail.unwrap(self) >> 232);
    }

    function parts(OrderTail self) internal pure returns (uint16) {
        return uint16(OrderTail.unwrap(self) >> 240);
    }

    /// @dev The tail of an order that is divided by as many members, those of places up to `places_`: in the places of
    /// grants, bars and parts, which it has none of. How many claimed is in the place of the epoch. See {IUnions}.
    function divided(OrderTail self, uint24 members, uint24 places_) internal pure returns (OrderTail) {
        uint256 kept = uint184(OrderTail.unwrap(self));
        return OrderTail.wrap(kept | (uint256(members) << 184) | (uint256(places_) << 232));
    }

    /// @dev See {divided}.
    function places(OrderTail self) internal pure returns (uint24) {
        return uint24(OrderTail.unwrap(self) >> 232);
    }

    /// @dev The tail once `count` more are paid. Assumes that so many are left.
    function claimed(OrderTail self, uint256 count) internal pure returns (OrderTail) {
        unchecked {
            return OrderTail.wrap(OrderTail.unwrap(self) + (count << 208));
        }
    }

    /// @dev The tail once `parts_` were paid for.
    function paidFor(OrderTail self, uint256 parts_) internal pure returns (OrderTail) {
        return OrderTail.wrap(uint240(OrderTail.unwrap(self)) | (parts_ << 240));
    }
}
