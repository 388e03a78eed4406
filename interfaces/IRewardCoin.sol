// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title IRewardCoin
/// @notice The coin that research pays with and contributors earn: ERC-20 with permit, 18 decimals, capped.
/// @dev It is minted only by the two contracts that it was deployed with, for ever. It has no owner and no pause.
interface IRewardCoin is IERC20, IERC20Permit {
    /// @notice The caller is neither of the two minters.
    error CoinNotMinter(address caller);

    /// @notice The supply would exceed the cap.
    error CoinCapExceeded(uint256 supply, uint256 cap);

    /// @notice Mints `amount` to `to`. Only a minter.
    function mint(address to, uint256 amount) external;

    /// @notice The most that can ever be in existence at once, in base units.
    function cap() external view returns (uint256);

    /// @notice The two contracts that may mint: the sale and the reward pool (zero where there is none).
    function minters() external view returns (address sale, address pool);
}
