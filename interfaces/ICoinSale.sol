// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title ICoinSale
/// @notice Sells the coin for ether at a fixed rate, up to a cap. This is how a researcher gets coin.
/// @dev It has no owner. The proceeds go to the commons, by anyone's call; rate, cap and commons never change.
interface ICoinSale {
    /// @notice Emitted when `buyer` gets `amount` base units of coin for `paid` wei.
    event CoinSold(address indexed buyer, uint256 paid, uint256 amount);

    /// @notice Emitted when the proceeds are sent to the commons.
    event ProceedsSent(address indexed commons, uint256 amount);

    /// @notice Nothing was paid.
    error SaleNothingPaid();

    /// @notice The sale has only `left` base units of coin left.
    error SaleCapExceeded(uint256 amount, uint256 left);

    /// @notice The commons didn't take the ether. It stays here, and anyone may try again.
    error SaleTransferFailed(address commons);

    /// @notice Mints coin to the caller for the ether sent: exactly `rate` base units for each wei.
    function buy() external payable;

    /// @notice Sends all ether that is here to the commons. Anybody may call.
    function sendProceeds() external;

    /// @notice Base units of coin for one wei.
    function rate() external view returns (uint256);

    /// @notice What was sold so far, and the most that will ever be, in base units.
    function sold() external view returns (uint256 amount, uint256 cap);
}
