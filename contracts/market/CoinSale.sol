// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

import {ICoinSale, SaleTerms} from "interfaces/ICoinSale.sol";
import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";
import {IRewardCoin} from "interfaces/IRewardCoin.sol";

/// @title CoinSale
/// @notice See {ICoinSale}.
contract CoinSale is ICoinSale, ReentrancyGuard {
    using SafeERC20 for IERC20;

    /// @dev One slot. `soldToday` is of `day`, which is the day of the last sale, counted from 1970.
    struct Book {
        uint96 sold;
        uint96 soldToday;
        uint24 day;
        uint40 endsAt;
    }

    /// @dev Base units in a coin.
    uint256 private constant COIN = 1e18;

    IParticipantRegistry private immutable _participants;
    IRewardCoin private immutable _coin;
    address payable private immutable _commons;
    uint256 private immutable _rate;
    IERC20 private immutable _token;
    uint256 private immutable _tokenPrice;
    uint96 private immutable _cap;
    uint96 private immutable _dayCap;

    Book private _book;

    constructor(IParticipantRegistry participants, IRewardCoin coin, address payable commons, SaleTerms memory terms) {
        IERC20 taken = terms.token;
        bool named = address(taken) != address(0);
        _check(0, terms.rate != 0 || named);
        // Coin that came in for coin would be minted out of nothing.
        _check(1, !named || (address(taken) != address(coin) && address(taken).code.length != 0));
        _check(2, named == (terms.tokenPrice != 0));
        _check(3, terms.cap != 0);
        _check(4, terms.dayCap != 0 && terms.dayCap <= terms.cap);

        _participants = participants;
        _coin = coin;
        _commons = commons;
        _rate = terms.rate;
        _token = taken;
        _tokenPrice = terms.tokenPrice;
        _cap = terms.cap;
        _dayCap = terms.dayCap;
    }

    modifier onlyAuthority() {
        if (msg.sender != _participants.authority()) revert SaleNotAuthority(msg.sender);
        _;
    }

    function _check(uint8 term, bool holds) private pure {
        if (!holds) revert SaleInvalidTerm(term);
    }

    /* BUYING */

    /// @inheritdoc ICoinSale
    function buy() external payable {
        if (_rate == 0) revert SaleNotForEther();
        _sell(address(0), msg.value, msg.value * _rate);
    }

    /// @inheritdoc ICoinSale
    function buyWithToken(uint256 paid) public nonReentrant {
        _checkToken();
        // What another purchase or the commons moved in the midst of the transfer would be counted as this one's: hence
        // the guard.
        uint256 before = _token.balanceOf(address(this));
        _token.safeTransferFrom(msg.sender, address(this), paid);
        uint256 arrived = _token.balanceOf(address(this)) - before;

        _sell(address(_token), arrived, arrived * COIN / _tokenPrice);
    }

    /// @inheritdoc ICoinSale
    function buyWithPermit(uint256 paid, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        _checkToken();
        // Whoever saw the permit may have sent it first; what counts is whether the allowance is there.
        try IERC20Permit(address(_token)).permit(msg.sender, address(this), paid, deadline, v, r, s) {} catch {}
        buyWithToken(paid);
    }

    function _sell(address taken, uint256 paid, uint256 amount) private {
        Book memory book = _book;
        if (book.endsAt != 0 && block.timestamp >= book.endsAt) revert SaleOver(book.endsAt);
        if (amount == 0) revert SaleNothingPaid();
        uint256 left = _cap - book.sold;
        if (amount > left) revert SaleCapExceeded(amount, left);
        uint24 today = _today();
        if (book.day != today) (book.day, book.soldToday) = (today, 0);
        left = _dayCap - book.soldToday;
        if (amount > left) revert SaleDayCapExceeded(amount, left);

        // Within the caps, which fit.
        book.sold += uint96(amount);
        book.soldToday += uint96(amount);
        _book = book;

        emit CoinSold(msg.sender, taken, paid, amount);

        _coin.mint(msg.sender, amount);
    }

    function _checkToken() private view {
        if (address(_token) == address(0)) revert SaleNoToken();
    }

    function _today() private view returns (uint24) {
        return uint24(block.timestamp / 1 days);
    }

    /* PROCEEDS */

    /// @inheritdoc ICoinSale
    function sendProceeds() external {
        uint256 amount = address(this).balance;

        emit ProceedsSent(_commons, address(0), amount);

        (bool sent,) = _commons.call{value: amount}("");
        if (!sent) revert SaleTransferFailed(_commons);
    }

    /// @inheritdoc ICoinSale
    function sendTokenProceeds() external nonReentrant {
        _checkToken();
        uint256 amount = _token.balanceOf(address(this));

        emit ProceedsSent(_commons, address(_token), amount);

        _token.safeTransfer(_commons, amount);
    }

    /* END */

    /// @inheritdoc ICoinSale
    function announceEnd() external onlyAuthority {
        if (_book.endsAt != 0) revert SaleEnding(_book.endsAt);
        uint40 ends = uint40(block.timestamp) + _participants.accreditationDelay();
        _book.endsAt = ends;

        emit SaleEndAnnounced(ends);
    }

    /// @inheritdoc ICoinSale
    function callOffEnd() external onlyAuthority {
        uint40 ends = _book.endsAt;
        if (ends == 0) revert SaleNotEnding();
        if (block.timestamp >= ends) revert SaleOver(ends);
        _book.endsAt = 0;

        emit SaleEndCalledOff();
    }

    /* VIEWS */

    /// @inheritdoc ICoinSale
    function rate() external view returns (uint256) {
        return _rate;
    }

    /// @inheritdoc ICoinSale
    function token() external view returns (IERC20, uint256) {
        return (_token, _tokenPrice);
    }

    /// @inheritdoc ICoinSale
    function sold() external view returns (uint256, uint256) {
        return (_book.sold, _cap);
    }

    /// @inheritdoc ICoinSale
    function soldToday() external view returns (uint256, uint256) {
        return (_book.day == _today() ? _book.soldToday : 0, _dayCap);
    }

    /// @inheritdoc ICoinSale
    function endsAt() external view returns (uint256) {
        return _book.endsAt;
    }
}
