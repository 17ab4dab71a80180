// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Erc4626Adapter} from "../../../contracts/adapters/Erc4626Adapter.sol";
import {IVaultCore} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Asset, Route, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {MockShare} from "../../../contracts/mocks/MockShare.sol";
import {World} from "../vault/World.sol";

/// Five shares of dollars, lent out to the last one: whatever subset cannot pay, the others are redeemed, in full; what can pay in
/// part pays that; and shares that pay nothing leave by withdraw, as they are.
contract LentOutTest is World {
    uint256 private constant SHARES = 5;
    uint8 private constant FIRST = 5;
    uint256 private constant EACH = 20_000e6;

    MockShare[SHARES] private shares;
    Erc4626Adapter private door;

    function _prepare() internal override {
        door = new Erc4626Adapter();
        for (uint256 k; k < SHARES; ++k) {
            shares[k] = new MockShare(IERC20(address(tokens[USDC])), 0);
            oracle.set(address(shares[k]), 1e18);
        }
    }

    function setUp() public override {
        super.setUp();
        tokens[USDC].mint(address(this), SHARES * EACH);
        for (uint256 k; k < SHARES; ++k) {
            tokens[USDC].approve(address(shares[k]), EACH);
            shares[k].deposit(EACH, address(vault));
        }
        _halt();
    }

    function _targets() internal pure override returns (uint16[] memory targets) {
        targets = new uint16[](FIRST + SHARES);
        (targets[WETH], targets[WBTC], targets[USDC]) = (4000, 2500, 3500);
    }

    function _setup() internal view override returns (Setup memory setup) {
        setup = super._setup();
        Asset[] memory assets = new Asset[](FIRST + SHARES);
        Route[] memory routes = new Route[](14 + SHARES);
        for (uint256 i; i < FIRST; ++i) {
            assets[i] = setup.assets[i];
        }
        for (uint256 i; i < 14; ++i) {
            routes[i] = setup.routes[i];
        }
        for (uint8 k; k < SHARES; ++k) {
            assets[FIRST + k] = abi.decode(abi.encode(setup.assets[USDC]), (Asset)); // a copy, not the same place
            (assets[FIRST + k].token, assets[FIRST + k].safeRank) = (address(shares[k]), 0);
            routes[14 + k] = _route(FIRST + k, USDC);
            (routes[14 + k].adapter, routes[14 + k].venue) = (address(door), address(shares[k]));
            routes[14 + k].data = "";
        }
        (setup.assets, setup.routes) = (assets, routes);
    }

    /// Each subset; its members can pay nothing, or a fourth.
    function test_at_full_utilisation_of_any_subset_the_other_shares_are_redeemed() public {
        uint256 before = vm.snapshotState();
        for (uint256 payable_; payable_ <= EACH / 4; payable_ += EACH / 4) {
            for (uint256 subset; subset < 2 ** SHARES; ++subset) {
                _flattenWith(subset, payable_);
                vm.revertToState(before);
            }
        }
    }

    function _flattenWith(uint256 subset, uint256 most) private {
        uint256 expected = 150_000e6 + 850_000e6;
        for (uint256 k; k < SHARES; ++k) {
            bool lent = subset >> k & 1 == 1;
            if (lent) shares[k].setRedeemable(most);
            expected += lent ? most : EACH;
        }
        vm.prank(guardian);
        vault.flatten{gas: 30_000_000}();
        eq(_held(USDC), expected, "what can be paid, and everything else");
        for (uint256 k; k < SHARES; ++k) {
            uint256 left = subset >> k & 1 == 1 ? EACH - most : 0;
            eq(shares[k].balanceOf(address(vault)), left, "and no more");
            if (left == 0) continue;
            vm.prank(owner);
            vault.withdraw(address(shares[k]), type(uint256).max);
            eq(shares[k].balanceOf(payout), left, "the share itself leaves");
        }
    }

    function test_what_was_lent_out_is_redeemed_by_a_later_flatten_and_the_failure_says_why() public {
        shares[2].setRedeemable(0);
        vm.expectEmit(true, true, false, false, address(vault));
        emit IVaultCore.LegFailed(FIRST + 2, 16, "");
        vm.startPrank(guardian);
        vault.flatten();
        eq(shares[2].balanceOf(address(vault)), EACH, "stays");
        shares[2].setRedeemable(type(uint256).max);
        vault.flatten();
        eq(shares[2].balanceOf(address(vault)), 0, "and goes");
    }
}
