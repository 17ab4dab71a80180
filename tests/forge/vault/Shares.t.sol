// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Erc4626Adapter} from "../../../contracts/adapters/Erc4626Adapter.sol";
import {IAdapter} from "../../../contracts/interfaces/IAdapter.sol";
import {IVaultCore, Report} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Cluster, IPriceSource, SourceKind} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Asset, Route, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {Listing, MedianOracle} from "../../../contracts/MedianOracle.sol";
import {MockShare, ShareTrick} from "../../../contracts/mocks/MockShare.sol";
import {MockSource} from "../../../contracts/mocks/MockSource.sol";
import {Erc4626Source} from "../../../contracts/sources/Erc4626Source.sol";
import {World} from "./World.sol";

/// The vault with a sixth asset, a share of USDC, on the real oracle: a tenth of it is wanted there, nothing is held.
contract SharesTest is World {
    uint8 private constant SHARE = 5;
    uint16 private constant IN = 14; // USDC to share
    uint16 private constant OUT = 15; // share to USDC
    uint16 private constant SHARE_SLIP = 10;
    uint32 private constant GROWTH = 1_000; // bps a year

    MockShare private share;
    MedianOracle private median;
    Erc4626Adapter private door;

    function _prepare() internal override {
        door = new Erc4626Adapter();
        share = new MockShare(IERC20(address(tokens[USDC])), 0);
        tokens[USDC].mint(address(this), 1_000_000e6);
        tokens[USDC].approve(address(share), 1_000_000e6);
        share.deposit(800_000e6, address(this));
        tokens[USDC].mint(address(share), 200_000e6); // 1.25 USDC each
        Listing[] memory listings = new Listing[](6);
        for (uint8 i; i < 5; ++i) {
            IPriceSource[] memory two = new IPriceSource[](2);
            for (uint256 j; j < 2; ++j) {
                two[j] = new MockSource(address(tokens[i]), SourceKind.PUSH, oracle.priceOf(address(tokens[i])));
            }
            listings[i] = Listing(address(tokens[i]), two);
        }
        IPriceSource[] memory rate = new IPriceSource[](1);
        rate[0] = new Erc4626Source(share, GROWTH);
        listings[SHARE] = Listing(address(share), rate);
        median = new MedianOracle(listings);
    }

    function _targets() internal pure override returns (uint16[] memory targets) {
        targets = new uint16[](6);
        (targets[WETH], targets[WBTC], targets[USDC], targets[GRAIN], targets[SHARE]) = (4500, 2500, 1000, 1000, 1000);
    }

    function _setup() internal view override returns (Setup memory setup) {
        setup = super._setup();
        setup.oracle = address(median);
        Asset[] memory assets = new Asset[](6);
        for (uint256 i; i < 5; ++i) {
            assets[i] = setup.assets[i];
        }
        assets[SHARE] = abi.decode(abi.encode(setup.assets[USDC]), (Asset)); // a copy, not the same place in memory
        (assets[SHARE].token, assets[SHARE].safeRank) = (address(share), 0);
        (assets[SHARE].priceLow, assets[SHARE].priceHigh) = (1e18, 3e18);
        setup.assets = assets;
        Route[] memory routes = new Route[](16);
        for (uint256 i; i < 14; ++i) {
            routes[i] = setup.routes[i];
        }
        (routes[IN], routes[OUT]) = (_door(USDC, SHARE), _door(SHARE, USDC));
        setup.routes = routes;
    }

    function _door(uint8 assetIn, uint8 assetOut) private view returns (Route memory route) {
        route = _route(assetIn, assetOut);
        (route.adapter, route.venue, route.data) = (address(door), address(share), "");
        route.slipBps = SHARE_SLIP;
    }

    // ------------------------------------------------------------------------------------------------- refusals

    function test_a_deposit_is_refused_when_the_true_rate_is_beyond_its_cap_and_redeeming_goes_on() public {
        _rebalance(IN, 20_000e6);
        uint256 held = share.balanceOf(address(vault));
        _pass(300);
        tokens[USDC].mint(address(share), 10_000e6); // nearly 1 % at once, ten times the slip
        (bool ok, bytes memory why) = _try(IN, 10_000e6);
        no(ok, "deposited above the cap");
        // casting is safe: only the selector is compared
        // forge-lint: disable-next-line(unsafe-typecast)
        yes(bytes4(why) == IAdapter.BelowMin.selector, "why");
        _halt();
        vm.prank(guardian);
        vault.flatten();
        eq(share.balanceOf(address(vault)), 0, "redeemed");
        gt(_held(USDC), 150_000e6 - 20_000e6 + held * 5 / 4, "for more than the oracle believed");
    }

    function test_a_share_whose_rate_dies_stops_rebalance_stays_in_flatten_and_leaves_by_withdraw() public {
        _rebalance(IN, 20_000e6);
        _pass(300);
        share.setTrick(ShareTrick.RATE_BURNS);
        _refused(IN, 10_000e6, abi.encodeWithSelector(IVaultCore.PriceMissing.selector, SHARE));
        _halt();
        uint256 held = share.balanceOf(address(vault));
        vm.prank(guardian);
        vault.flatten(_list(SHARE));
        eq(share.balanceOf(address(vault)), held, "stays");
        vm.prank(owner);
        vault.withdraw(address(share), type(uint256).max);
        eq(share.balanceOf(payout), held, "withdrawn in kind");
    }

    function test_a_share_that_cannot_be_redeemed_stays_and_the_leg_says_so() public {
        _rebalance(IN, 50_000e6);
        uint256 held = share.balanceOf(address(vault));
        share.setRedeemable(0);
        _halt();
        bytes memory why = abi.encodeWithSelector(MockShare.Illiquid.selector, held, 0);
        vm.expectEmit(address(vault));
        emit IVaultCore.LegFailed(SHARE, OUT, why);
        vm.prank(guardian);
        vault.flatten(_list(SHARE));
        eq(share.balanceOf(address(vault)), held, "sold though it could not be redeemed");
    }

    /// A lending market that is lent out: what is there comes out, the rest waits for the next call.
    function test_a_share_is_redeemed_as_far_as_it_lets_go() public {
        _rebalance(IN, 50_000e6);
        uint256 held = share.balanceOf(address(vault));
        uint256 usdc = _held(USDC);
        share.setRedeemable(held / 4);
        _halt();
        bytes memory why = abi.encodeWithSelector(MockShare.Illiquid.selector, held - held / 4, 0);
        vm.expectEmit(address(vault));
        emit IVaultCore.LegFailed(SHARE, OUT, why);
        vm.expectEmit(address(vault));
        emit IVaultCore.Flattened(guardian, USDC, 0, 1);
        vm.prank(guardian);
        vault.flatten(_list(SHARE));
        eq(share.balanceOf(address(vault)), held - held / 4, "a quarter is gone");
        near(_held(USDC) - usdc, 12_500e6, 2, "and came out as dollars");
        share.setRedeemable(held);
        vm.expectEmit(address(vault));
        emit IVaultCore.Flattened(guardian, USDC, 1, 0);
        vm.prank(guardian);
        vault.flatten(_list(SHARE));
        eq(share.balanceOf(address(vault)), 0, "the rest, by a second call");
    }

    // -------------------------------------------------------------------------------------------------- success

    function test_the_keeper_deposits_and_redeems_inside_the_envelope() public {
        Report memory report = _rebalance(IN, 50_000e6);
        near(share.balanceOf(address(vault)), 40_000e6, 2, "shares");
        // a rate is exact to its asset's last decimal: a millionth of the 5 % of NAV that moved
        le(report.loss, ONE / 20 / 1e6, "loss");
        eq(tokens[USDC].allowance(address(vault), address(door)), 0, "the vault's allowance");
        eq(tokens[USDC].allowance(address(door), address(share)), 0, "the door's allowance");
        eq(share.balanceOf(address(door)) + tokens[USDC].balanceOf(address(door)), 0, "kept");
        // a gift of 200,000 shares: NAV is $1.25M, dollars lack $25,000 of their tenth, and no more can be redeemed
        _pass(300);
        yes(share.transfer(address(vault), 200_000e6), "given");
        _rebalance(OUT, 50_000e6);
        near(_held(USDC), 125_000e6, 1e6, "dollars");
        near(share.balanceOf(address(vault)), 220_000e6, 1e6, "shares left");
    }

    function test_flatten_redeems_the_share_into_its_underlying() public {
        _rebalance(IN, 100_000e6);
        _halt();
        vm.prank(guardian);
        vault.flatten(_list(SHARE));
        eq(share.balanceOf(address(vault)), 0, "shares");
        near(_held(USDC), 150_000e6, 5, "dollars");
    }

    function test_a_donation_to_the_share_cannot_lift_the_vaults_value_past_the_cap() public {
        _rebalance(IN, 100_000e6);
        address[] memory asked = new address[](1);
        asked[0] = address(share);
        Cluster memory before = median.clusters(asked, 100)[0];
        tokens[USDC].mint(address(share), 10_000_000e6);
        eq(median.clusters(asked, 100)[0].mid, before.mid, "lifted at once");
        _pass(365 days);
        eq(median.clusters(asked, 100)[0].mid, uint256(before.mid) * 11 / 10, "lifted beyond a year's growth");
    }

    // -------------------------------------------------------------------------------------------------- helpers

    function _try(uint16 route, uint256 maxIn) private returns (bool ok, bytes memory why) {
        bytes memory call = abi.encodeCall(vault.rebalance, (_order(route, maxIn), _terms()));
        vm.prank(keeper);
        return address(vault).call(call);
    }
}
