// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Erc4626Adapter} from "../../../contracts/adapters/Erc4626Adapter.sol";
import {IVaultCore} from "../../../contracts/interfaces/IKeeperVault.sol";
import {SourceKind, Verdict} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Asset, Route, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {MockShare} from "../../../contracts/mocks/MockShare.sol";
import {World} from "./World.sol";

/// Two passes: a share of WETH becomes WETH, and WETH, with what was held of it, dollars. A share of dollars becomes dollars
/// only where those are the refuge. Both shares are worth one of what they stand on.
contract ShareExitTest is World {
    uint8 private constant VWETH = 5;
    uint8 private constant VUSDC = 6;
    uint16 private constant VWETH_WETH = 14;
    uint16 private constant VWETH_USDC = 15; // a market for the share itself
    uint16 private constant VUSDC_USDC = 16;

    MockShare private vweth;
    MockShare private vusdc;
    Erc4626Adapter private door;

    function _prepare() internal override {
        door = new Erc4626Adapter();
        vweth = new MockShare(IERC20(address(tokens[WETH])), 0);
        vusdc = new MockShare(IERC20(address(tokens[USDC])), 0);
        oracle.set(address(vweth), 2000e18);
        oracle.set(address(vusdc), 1e18);
    }

    function setUp() public override {
        super.setUp();
        tokens[WETH].mint(address(this), 100e18);
        tokens[WETH].approve(address(vweth), 100e18);
        vweth.deposit(100e18, address(vault));
        tokens[USDC].mint(address(this), 50_000e6);
        tokens[USDC].approve(address(vusdc), 50_000e6);
        vusdc.deposit(50_000e6, address(vault));
        _halt();
    }

    function _targets() internal pure override returns (uint16[] memory targets) {
        targets = new uint16[](7);
        (targets[WETH], targets[WBTC], targets[USDC], targets[VWETH]) = (4000, 2500, 1500, 2000);
    }

    function _setup() internal view override returns (Setup memory setup) {
        setup = super._setup();
        Asset[] memory assets = new Asset[](7);
        for (uint256 i; i < 5; ++i) {
            assets[i] = setup.assets[i];
        }
        assets[VWETH] = abi.decode(abi.encode(setup.assets[WETH]), (Asset)); // copies, not the same place in memory
        assets[VUSDC] = abi.decode(abi.encode(setup.assets[USDC]), (Asset));
        (assets[VWETH].token, assets[VUSDC].token, assets[VUSDC].safeRank) = (address(vweth), address(vusdc), 0);
        setup.assets = assets;
        Route[] memory routes = new Route[](17);
        for (uint256 i; i < 14; ++i) {
            routes[i] = setup.routes[i];
        }
        routes[VWETH_WETH] = _door(VWETH, WETH, vweth);
        routes[VWETH_USDC] = _route(VWETH, USDC);
        routes[VUSDC_USDC] = _door(VUSDC, USDC, vusdc);
        setup.routes = routes;
    }

    function _door(uint8 assetIn, uint8 assetOut, MockShare share) private view returns (Route memory route) {
        route = _route(assetIn, assetOut);
        (route.adapter, route.venue, route.data) = (address(door), address(share), "");
    }

    function _sold(uint8 asset, uint16 route, uint256 amount, uint256 got) private {
        vm.expectEmit(address(vault));
        emit IVaultCore.LegSold(asset, route, amount, got, got * (BPS - SLIP) / BPS);
    }

    function test_shares_are_redeemed_first_and_what_came_is_sold_with_the_rest() public {
        _sold(VWETH, VWETH_WETH, 100e18, 100e18);
        _sold(VUSDC, VUSDC_USDC, 50_000e6, 50_000e6);
        _sold(WETH, WETH_USDC, 400e18, 800_000e6);
        vm.prank(guardian);
        vault.flatten();
        eq(_held(USDC), 1_250_000e6, "everything is dollars");
    }

    /// Lent out to nine tenths: what comes out is sold as WETH, the rest through the share's own market.
    function test_what_a_share_does_not_let_go_of_is_sold_in_its_own_market() public {
        vweth.setRedeemable(10e18);
        _sold(VWETH, VWETH_WETH, 10e18, 10e18);
        _sold(VUSDC, VUSDC_USDC, 50_000e6, 50_000e6);
        _sold(WETH, WETH_USDC, 310e18, 620_000e6);
        vm.expectEmit(true, true, true, false, address(vault));
        emit IVaultCore.LegSold(WBTC, WBTC_USDC, 0, 0, 0);
        vm.expectEmit(true, true, true, false, address(vault));
        emit IVaultCore.LegSold(GRAIN, GRAIN_USDC, 0, 0, 0);
        _sold(VWETH, VWETH_USDC, 90e18, 180_000e6);
        vm.prank(guardian);
        vault.flatten();
        eq(vweth.balanceOf(address(vault)), 0, "all of it");
    }

    /// USDC at $0.90, DAI the refuge: dollars that are safe are never sold, so redeeming the share would lead nowhere.
    function test_a_share_of_a_safe_asset_that_is_no_refuge_is_left_as_it_is() public {
        oracle.set(address(tokens[USDC]), 0.9e18);
        oracle.set(address(vusdc), 0.9e18);
        vm.expectEmit(address(vault));
        emit IVaultCore.LegFailed(VUSDC, type(uint16).max, "");
        vm.prank(guardian);
        vault.flatten();
        eq(vusdc.balanceOf(address(vault)), 50_000e6, "left");
        eq(vweth.balanceOf(address(vault)), 0, "the other share is redeemed");
        eq(_held(WETH), 0, "and sold");
        eq(_held(USDC), 150_000e6, "safe, not sold");
    }

    /// Redeeming would lead into what has no price, and so no floor: the share's own market has one.
    function test_a_share_of_what_has_no_price_is_sold_in_its_own_market() public {
        oracle.set(address(tokens[WETH]), 0);
        _sold(VWETH, VWETH_USDC, 100e18, 200_000e6);
        vm.prank(guardian);
        vault.flatten(_list(VWETH));
        eq(_held(WETH), 300e18, "nothing was redeemed");
    }

    /// A share of an asset without a cluster, redeemed at the highest single voice on both sides: at its rate.
    function test_guardian_and_owner_redeem_without_a_cluster_at_the_shares_rate() public {
        _lone(address(vweth), 2000e18);
        _lone(address(tokens[WETH]), 2000e18);
        uint256 before = vm.snapshotState();
        vm.prank(keeper);
        vault.flatten(_list(VWETH));
        eq(vweth.balanceOf(address(vault)), 100e18, "not the keeper");
        vm.revertToState(before);
        vm.prank(guardian);
        vault.flatten(_list(VWETH));
        eq(vweth.balanceOf(address(vault)), 0, "redeemed");
        eq(_held(WETH), 400e18, "into WETH, which was not named");
    }

    function _lone(address token, uint128 price) private {
        uint128[] memory prices = new uint128[](1);
        (SourceKind[] memory kinds, Verdict[] memory verdicts) = (new SourceKind[](1), new Verdict[](1));
        (prices[0], kinds[0], verdicts[0]) = (price, SourceKind.PUSH, Verdict.OK);
        oracle.setVoices(token, prices, kinds, verdicts);
    }
}
