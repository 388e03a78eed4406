// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICoinSale} from "interfaces/ICoinSale.sol";
import {IRewardCoin} from "interfaces/IRewardCoin.sol";

/// @title CoinSale
/// @notice See {ICoinSale}.
contract CoinSale is ICoinSale {
    IRewardCoin private immutable _coin;
    address payable private immutable _commons;
    uint256 private immutable _rate;
    uint256 private immutable _cap;

    uint256 private _sold;

    constructor(IRewardCoin coin, address payable commons, uint256 rate_, uint256 cap) {
        _coin = coin;
        _commons = commons;
        _rate = rate_;
        _cap = cap;
    }

    /// @inheritdoc ICoinSale
    function buy() external payable {
        if (msg.value == 0) revert SaleNothingPaid();
        uint256 amount = msg.value * _rate;
        uint256 left = _cap - _sold;
        if (amount > left) revert SaleCapExceeded(amount, left);

        _sold += amount;

        emit CoinSold(msg.sender, msg.value, amount);

        _coin.mint(msg.sender, amount);
    }

    /// @inheritdoc ICoinSale
    function sendProceeds() external {
        uint256 amount = address(this).balance;

        emit ProceedsSent(_commons, amount);

        (bool sent,) = _commons.call{value: amount}("");
        if (!sent) revert SaleTransferFailed(_commons);
    }

    /// @inheritdoc ICoinSale
    function rate() external view returns (uint256) {
        return _rate;
    }

    /// @inheritdoc ICoinSale
    function sold() external view returns (uint256, uint256) {
        return (_sold, _cap);
    }
}
