// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice What a sale is made with, for ever: `rate` base units of coin for a wei, 0 where ether isn't taken; `token`, which
/// is taken at `tokenPrice` of its own base units for a whole coin, both zero where there is none; at most `cap` base units
/// of coin in all, and at most `dayCap` of them in one day.
struct SaleTerms {
    uint256 rate;
    IERC20 token;
    uint256 tokenPrice;
    uint96 cap;
    uint96 dayCap;
}

/// @title ICoinSale
/// @notice Sells the coin at fixed prices, for ether and for one named token, up to a cap in all and a cap for each day.
/// This is how a researcher gets coin.
/// @dev It has no owner. The proceeds go to the commons, by anyone's call; prices, caps and commons never change. The
/// authority of the registry can end it, no sooner than the registry's delay after it said so, and do nothing else.
/// @dev A day is one of UTC. The caps are of all buyers together: accounts are free, so a cap for each would bind nobody.
/// @dev Warning: what arrives counts, not what was sent. Of a token that takes a fee of each transfer the buyer gets less.
/// @dev Warning: any other token, and coin, that is sent here stays here for ever.
interface ICoinSale {
    /// @notice Emitted when `buyer` gets `amount` base units of coin for `paid` base units of `token`; zero stands for ether.
    event CoinSold(address indexed buyer, address indexed token, uint256 paid, uint256 amount);

    /// @notice Emitted when proceeds are sent to the commons; a `token` of zero stands for ether.
    event ProceedsSent(address indexed commons, address indexed token, uint256 amount);

    /// @notice Emitted when it is said that nothing more is sold from `endsAt` on.
    event SaleEndAnnounced(uint40 endsAt);

    /// @notice Emitted when the sale goes on after all.
    event SaleEndCalledOff();

    /// @notice A term of the sale is empty or out of bounds; `term` is its place in {SaleTerms}, from 0.
    error SaleInvalidTerm(uint8 term);

    /// @notice The sale takes no ether.
    error SaleNotForEther();

    /// @notice The sale takes no token.
    error SaleNoToken();

    /// @notice Nothing was paid, or less than a base unit of coin costs.
    error SaleNothingPaid();

    /// @notice The sale has only `left` base units of coin left.
    error SaleCapExceeded(uint256 amount, uint256 left);

    /// @notice Today the sale has only `left` base units of coin left; there is more at the next midnight of UTC.
    error SaleDayCapExceeded(uint256 amount, uint256 left);

    /// @notice Nothing is sold since `endedAt`, for ever.
    error SaleOver(uint256 endedAt);

    /// @notice The end is announced for `endsAt` already.
    error SaleEnding(uint256 endsAt);

    /// @notice No end was announced, so there is none to call off.
    error SaleNotEnding();

    /// @notice Only the authority of the registry may do this.
    error SaleNotAuthority(address caller);

    /// @notice The commons didn't take the ether. It stays here, and anyone may try again.
    error SaleTransferFailed(address commons);

    /// @notice Mints coin to the caller for the ether sent: exactly `rate` base units for each wei.
    function buy() external payable;

    /// @notice Takes `paid` base units of the token from the caller, who allowed that before, and mints coin for what
    /// arrived of it: arrived × 10^18 ÷ price, rounded down.
    function buyWithToken(uint256 paid) external;

    /// @notice As {buyWithToken}, with the caller's permit of exactly `paid` for this contract (ERC-2612), where the token
    /// knows that.
    function buyWithPermit(uint256 paid, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Sends all ether that is here to the commons. Anybody may call.
    function sendProceeds() external;

    /// @notice Sends all that is here of the token to the commons. Anybody may call.
    function sendTokenProceeds() external;

    /// @notice Says that nothing more is sold after the registry's delay. Only the authority.
    function announceEnd() external;

    /// @notice Takes that back, before it is in force. Only the authority.
    function callOffEnd() external;

    /// @notice Base units of coin for one wei; 0 where ether isn't taken.
    function rate() external view returns (uint256);

    /// @notice The token that is taken, and what of it a whole coin costs, in its base units; zero where there is none.
    function token() external view returns (IERC20 taken, uint256 price);

    /// @notice What was sold so far, and the most that will ever be, in base units.
    function sold() external view returns (uint256 amount, uint256 cap);

    /// @notice What was sold in the day of the newest block, and the most that is sold in a day, in base units.
    function soldToday() external view returns (uint256 amount, uint256 dayCap);

    /// @notice From when on nothing is sold; 0 while no end is announced.
    function endsAt() external view returns (uint256);
}
