// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title FeeToken
/// @notice A token with permit and 6 decimals, all of it its deployer's, that keeps a part of each transfer for itself.
contract FeeToken is ERC20Permit {
    uint256 private immutable _feeBps;

    constructor(uint256 feeBps) ERC20("A token", "TOK") ERC20Permit("A token") {
        _feeBps = feeBps;
        _mint(msg.sender, 1e24);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 fee = from == address(0) ? 0 : value * _feeBps / 10_000;
        if (fee != 0) super._update(from, address(this), fee);
        super._update(from, to, value - fee);
    }
}

/// @title SilentToken
/// @notice Answers nothing to a transfer, as some old tokens do; knows no permit.
contract SilentToken {
    error SilentShort(address account);

    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    constructor() {
        balanceOf[msg.sender] = 1e24;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        if (allowance[from][msg.sender] < amount) revert SilentShort(from);
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        if (balanceOf[from] < amount) revert SilentShort(from);
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @title HookToken
/// @notice Calls whom it was told to in the midst of each transfer, and keeps what that answered; or says no to any transfer.
contract HookToken is ERC20 {
    bytes public answer;
    bool public succeeded;

    address private _target;
    bytes private _call;
    bool private _refuses;

    constructor() ERC20("A token", "TOK") {
        _mint(msg.sender, 1e24);
    }

    /// @notice In the midst of the next transfer this is called, as this token.
    function hook(address target, bytes calldata data) external {
        (_target, _call) = (target, data);
    }

    /// @notice From now on a transfer moves nothing and answers no.
    function refuse() external {
        _refuses = true;
    }

    /// @notice Buys or allows as this token.
    function act(address target, bytes calldata data) external returns (bool done) {
        (done,) = target.call(data);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return !_refuses && super.transferFrom(from, to, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        address target = _target;
        if (target != address(0)) {
            _target = address(0);
            (succeeded, answer) = target.call(_call);
        }
    }
}
