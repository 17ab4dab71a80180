// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A token anyone can mint, for tests; it can be told to break.
contract MockToken is ERC20 {
    uint8 private immutable _decimals;
    bool public broken;

    error TokenBroken();

    constructor(string memory symbol_, uint8 decimals_) ERC20(symbol_, symbol_) {
        _decimals = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice From now on every balance read and transfer reverts, or works again.
    function setBroken(bool broken_) external {
        broken = broken_;
    }

    function balanceOf(address account) public view override returns (uint256) {
        if (broken) revert TokenBroken();
        return super.balanceOf(account);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (broken) revert TokenBroken();
        super._update(from, to, value);
    }
}
