// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

import {IRewardCoin} from "interfaces/IRewardCoin.sol";

/// @title RewardCoin
/// @notice See {IRewardCoin}.
contract RewardCoin is IRewardCoin, ERC20Permit {
    address private immutable _sale;
    address private immutable _pool;
    uint256 private immutable _cap;

    constructor(address sale, address pool, uint256 cap_) ERC20("Aceso", "ACE") ERC20Permit("Aceso") {
        _sale = sale;
        _pool = pool;
        _cap = cap_;
    }

    /// @inheritdoc IRewardCoin
    function mint(address to, uint256 amount) external {
        if (msg.sender != _sale && msg.sender != _pool) revert CoinNotMinter(msg.sender);
        uint256 supply = totalSupply() + amount;
        if (supply > _cap) revert CoinCapExceeded(supply, _cap);

        _mint(to, amount);
    }

    /// @inheritdoc IRewardCoin
    function cap() external view returns (uint256) {
        return _cap;
    }

    /// @inheritdoc IRewardCoin
    function minters() external view returns (address, address) {
        return (_sale, _pool);
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(IERC20Permit, ERC20Permit) returns (uint256) {
        return super.nonces(owner);
    }
}
