// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev How far an order is. `SETTLED` is final.
enum OrderState {
    NONE,
    OPEN,
    DELIVERED,
    SETTLED
}

/// @dev The half of an order that delivery and settlement change. From the lowest bit:
/// buyer 160 | start 40 | duration 32 | sequence 16 | state 8.
type OrderHead is uint256;

/// @dev The half that never changes. From the lowest bit:
/// price 96 | offer 48 | deadline 40 | grants 24 | epoch 24 | bars 8 | unused 16.
type OrderTail is uint256;

using OrderHeads for OrderHead global;
using OrderTails for OrderTail global;

/// @title OrderHeads
/// @notice Reads and writes the fields of an {OrderHead}.
library OrderHeads {
    function pack(address buyer_, uint256 start_, uint32 duration_, uint16 sequence_)
        internal
        pure
        returns (OrderHead)
    {
        return OrderHead.wrap(
            uint160(buyer_) | (uint256(uint40(start_)) << 160) | (uint256(duration_) << 200)
                | (uint256(sequence_) << 232) | (uint256(OrderState.OPEN) << 248)
        );
    }

    function buyer(OrderHead self) internal pure returns (address) {
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

    /// @dev The head once delivered: its time runs from `start_`.
    function delivered(OrderHead self, uint256 start_) internal pure returns (OrderHead) {
        uint256 kept = OrderHead.unwrap(self) & ~((uint256(type(uint40).max) << 160) | (uint256(0xff) << 248));
        return OrderHead.wrap(kept | (uint256(uint40(start_)) << 160) | (uint256(OrderState.DELIVERED) << 248));
    }

    function settled(OrderHead self) internal pure returns (OrderHead) {
        return OrderHead.wrap(uint248(OrderHead.unwrap(self)) | (uint256(OrderState.SETTLED) << 248));
    }
}

/// @title OrderTails
/// @notice Reads and writes the fields of an {OrderTail}.
library OrderTails {
    function pack(uint96 price_, uint96 offer_, uint256 deadline_, uint24 grants_, uint24 epoch_, uint8 bars_)
        internal
        pure
        returns (OrderTail)
    {
        return OrderTail.wrap(
            uint256(price_) | (uint256(uint48(offer_)) << 96) | (uint256(uint40(deadline_)) << 144)
                | (uint256(grants_) << 184) | (uint256(epoch_) << 208) | (uint256(bars_) << 232)
        );
    }

    function price(OrderTail self) internal pure returns (uint96) {
        return uint96(OrderTail.unwrap(self));
    }

    function offer(OrderTail self) internal pure returns (uint96) {
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
}
