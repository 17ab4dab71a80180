// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice Ways in which a share can cheat or fail.
enum ShareTrick {
    NONE,
    MINTS_NOTHING, // takes the deposit, mints nothing, and says it did
    TAKES_HALF, // takes and mints for half of a deposit
    BURNS_HALF, // burns and pays for half of a redemption
    PAYS_HALF, // burns all, pays half, and says it paid all
    RATE_REVERTS,
    RATE_BURNS, // all the gas it is given
    RATE_IS_NOTHING,
    RATE_IS_HUGE
}

/// @notice OpenZeppelin's ERC-4626 vault, honest until told otherwise; whoever sends it assets raises the rate.
contract MockShare is ERC4626 {
    using SafeERC20 for IERC20;

    error Illiquid(uint256 asked, uint256 most);
    error RateBroken();

    uint8 private immutable _offset;
    ShareTrick public trick;
    uint256 public redeemable = type(uint256).max;

    constructor(IERC20 asset_, uint8 offset_) ERC20("Share", "SHARE") ERC4626(asset_) {
        _offset = offset_;
    }

    function setTrick(ShareTrick trick_) external {
        trick = trick_;
    }

    /// @notice Shares that can be redeemed until told otherwise, whoever asks.
    function setRedeemable(uint256 shares) external {
        redeemable = shares;
    }

    function maxRedeem(address owner) public view override returns (uint256) {
        uint256 held = balanceOf(owner);
        return held < redeemable ? held : redeemable;
    }

    function convertToAssets(uint256 shares) public view override returns (uint256) {
        if (trick == ShareTrick.RATE_REVERTS) revert RateBroken();
        if (trick == ShareTrick.RATE_BURNS) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (trick == ShareTrick.RATE_IS_NOTHING) return 0;
        if (trick == ShareTrick.RATE_IS_HUGE) return type(uint256).max;
        return super.convertToAssets(shares);
    }

    function deposit(uint256 assets, address receiver) public virtual override returns (uint256 shares) {
        shares = previewDeposit(assets);
        if (trick == ShareTrick.MINTS_NOTHING) {
            IERC20(asset()).safeTransferFrom(msg.sender, address(this), assets);
            return shares;
        }
        if (trick == ShareTrick.TAKES_HALF) return super.deposit(assets / 2, receiver);
        return super.deposit(assets, receiver);
    }

    function redeem(uint256 shares, address receiver, address owner) public virtual override returns (uint256 assets) {
        if (shares > maxRedeem(owner)) revert Illiquid(shares, maxRedeem(owner));
        assets = _redeem(shares, receiver, owner);
        if (redeemable != type(uint256).max) redeemable -= shares;
    }

    function _redeem(uint256 shares, address receiver, address owner) private returns (uint256 assets) {
        assets = previewRedeem(shares);
        if (trick == ShareTrick.BURNS_HALF) return super.redeem(shares / 2, receiver, owner);
        if (trick != ShareTrick.PAYS_HALF) return super.redeem(shares, receiver, owner);
        _burn(owner, shares);
        IERC20(asset()).safeTransfer(receiver, assets / 2);
    }

    function _decimalsOffset() internal view override returns (uint8) {
        return _offset;
    }
}
