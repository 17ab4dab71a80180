// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Erc4626Adapter} from "../../../contracts/adapters/Erc4626Adapter.sol";
import {IAdapter, Swap} from "../../../contracts/interfaces/IAdapter.sol";
import {MockShare, ShareTrick} from "../../../contracts/mocks/MockShare.sol";
import {MockToken} from "../../../contracts/mocks/MockToken.sol";
import {Base} from "../Base.sol";
import {Payer} from "./Payer.sol";

contract Erc4626AdapterTest is Base {
    uint256 private constant ASSETS = 1_000e6;
    uint256 private constant SHARES = 500e6; // two assets each, but for OpenZeppelin's one virtual unit

    Erc4626Adapter private adapter;
    MockToken private asset;
    MockShare private share;
    Payer private payer;

    function setUp() public {
        adapter = new Erc4626Adapter();
        asset = new MockToken("USDC", 6);
        share = new MockShare(asset, 0);
        payer = new Payer();
        asset.mint(address(this), 10_000e6);
        asset.approve(address(share), 10_000e6);
        share.deposit(2_000e6, address(payer));
        share.deposit(1_000e6, actor("somebody else"));
        asset.mint(address(share), 3_000e6); // a share is worth two assets now
        asset.mint(address(payer), 5_000e6);
    }

    // -------------------------------------------------------------------------------------------------- probe

    function test_a_probe_knows_the_share_both_ways_and_nothing_else() public {
        (uint256 fee, address[] memory pools) = adapter.probe(address(asset), address(share), address(share), "");
        eq(fee + pools.length, 0, "neither fee nor pool");
        adapter.probe(address(share), address(asset), address(share), "");
        bytes memory mismatch = abi.encodeWithSelector(IAdapter.PathMismatch.selector);
        vm.expectRevert(mismatch);
        adapter.probe(address(share), address(this), address(share), "");
        vm.expectRevert(mismatch);
        adapter.probe(address(this), address(share), address(share), "");
        vm.expectRevert(mismatch);
        adapter.probe(address(asset), address(share), address(share), hex"00");
        vm.expectRevert(abi.encodeWithSelector(IAdapter.VenueMismatch.selector, this));
        adapter.probe(address(asset), address(share), address(this), "");
    }

    // ------------------------------------------------------------------------------------------------- refusals

    function test_a_venue_that_is_neither_token_is_refused() public {
        Swap memory order = _deposit(ASSETS, 0);
        order.tokenOut = actor("another share");
        _refuses(order, abi.encodeWithSelector(IAdapter.VenueMismatch.selector, share));
    }

    function test_another_token_than_the_shares_asset_is_refused() public {
        MockToken other = new MockToken("DAI", 18);
        Swap memory order = _deposit(ASSETS, 0);
        order.tokenIn = address(other);
        _refuses(order, abi.encodeWithSelector(IAdapter.PathMismatch.selector));
        order = _redeem(SHARES, 0, false);
        order.tokenOut = address(other);
        _refuses(order, abi.encodeWithSelector(IAdapter.PathMismatch.selector));
    }

    function test_data_is_refused() public {
        Swap memory order = _deposit(ASSETS, 0);
        order.data = hex"00";
        _refuses(order, abi.encodeWithSelector(IAdapter.PathMismatch.selector));
    }

    function test_a_share_that_mints_nothing_and_says_it_did_is_refused() public {
        share.setTrick(ShareTrick.MINTS_NOTHING);
        _refuses(_deposit(ASSETS, 1), abi.encodeWithSelector(IAdapter.BelowMin.selector, 0, 1));
    }

    function test_a_share_that_takes_half_a_deposit_is_refused() public {
        share.setTrick(ShareTrick.TAKES_HALF);
        _refuses(_deposit(ASSETS, 0), abi.encodeWithSelector(IAdapter.NotFilled.selector, ASSETS / 2, ASSETS));
    }

    function test_a_share_that_burns_half_a_redemption_is_refused() public {
        share.setTrick(ShareTrick.BURNS_HALF);
        bytes memory why = abi.encodeWithSelector(IAdapter.NotFilled.selector, SHARES / 2, SHARES);
        _refuses(_redeem(SHARES, 0, false), why);
        _refuses(_redeem(SHARES, 0, true), why);
    }

    function test_a_share_that_pays_half_and_says_all_is_refused() public {
        share.setTrick(ShareTrick.PAYS_HALF);
        uint256 whole = share.previewRedeem(SHARES);
        bytes memory why = abi.encodeWithSelector(IAdapter.BelowMin.selector, whole / 2, whole);
        _refuses(_redeem(SHARES, whole, false), why);
    }

    function test_less_than_the_least_is_refused_either_way() public {
        uint256 shares = share.previewDeposit(ASSETS);
        _refuses(_deposit(ASSETS, shares + 1), abi.encodeWithSelector(IAdapter.BelowMin.selector, shares, shares + 1));
        uint256 assets = share.previewRedeem(SHARES);
        _refuses(
            _redeem(SHARES, assets + 1, false), abi.encodeWithSelector(IAdapter.BelowMin.selector, assets, assets + 1)
        );
    }

    function test_where_nothing_can_be_redeemed_whole_and_part_are_refused() public {
        share.setRedeemable(0);
        _refuses(_redeem(SHARES, 0, false), abi.encodeWithSelector(MockShare.Illiquid.selector, SHARES, 0));
        _refuses(_redeem(SHARES, 0, true), abi.encodeWithSelector(IAdapter.NotFilled.selector, 0, SHARES));
    }

    function test_what_can_be_redeemed_in_part_is_refused_whole() public {
        share.setRedeemable(SHARES - 1);
        _refuses(_redeem(SHARES, 0, false), abi.encodeWithSelector(MockShare.Illiquid.selector, SHARES, SHARES - 1));
    }

    function test_a_part_delivers_its_part_of_the_least_or_is_refused() public {
        share.setRedeemable(SHARES / 4);
        uint256 part = share.previewRedeem(SHARES / 4);
        bytes memory why = abi.encodeWithSelector(IAdapter.BelowMin.selector, part, part + 1);
        _refuses(_redeem(SHARES, 4 * part + 1, true), why); // a quarter of it, rounded up
        (uint256 spent, uint256 got) = _swap(_redeem(SHARES, 4 * part, true));
        eq(spent, SHARES / 4, "spent");
        eq(got, part, "got");
    }

    // -------------------------------------------------------------------------------------------------- success

    function test_a_deposit_is_whole_and_its_shares_go_to_the_caller() public {
        uint256 expected = share.previewDeposit(ASSETS);
        Swap memory order = _deposit(ASSETS, expected);
        for (uint256 i; i < 2; ++i) {
            order.partialFill = i == 1; // whole all the same
            order.minOut = share.previewDeposit(ASSETS);
            (uint256 spent, uint256 got) = _swap(order);
            eq(spent, ASSETS, "spent");
            near(got, expected, 1, "got");
        }
    }

    function test_a_redemption_is_whole_where_the_share_lets_it() public {
        for (uint256 i; i < 2; ++i) {
            uint256 expected = share.previewRedeem(SHARES);
            (uint256 spent, uint256 got) = _swap(_redeem(SHARES, expected, i == 1));
            eq(spent, SHARES, "spent");
            eq(got, expected, "got");
        }
    }

    function test_donations_to_the_adapter_change_nothing() public {
        asset.mint(address(adapter), 7);
        vm.prank(actor("somebody else"));
        yes(share.transfer(address(adapter), 11), "given");
        uint256 shares = share.previewDeposit(ASSETS);
        eq(payer.swap(adapter, _deposit(ASSETS, shares)), shares, "deposited");
        uint256 assets = share.previewRedeem(SHARES);
        eq(payer.swap(adapter, _redeem(SHARES, assets, false)), assets, "redeemed");
        eq(asset.balanceOf(address(adapter)), 7, "assets");
        eq(share.balanceOf(address(adapter)), 11, "shares");
    }

    // -------------------------------------------------------------------------------------------------- helpers

    function _swap(Swap memory order) private returns (uint256 spent, uint256 got) {
        (MockToken sold, MockToken bought) = (MockToken(order.tokenIn), MockToken(order.tokenOut));
        (spent, got) = (sold.balanceOf(address(payer)), bought.balanceOf(address(payer)));
        uint256 out = payer.swap(adapter, order);
        (spent, got) = (spent - sold.balanceOf(address(payer)), bought.balanceOf(address(payer)) - got);
        eq(out, got, "reported");
        eq(asset.balanceOf(address(adapter)) + share.balanceOf(address(adapter)), 0, "kept");
        eq(asset.allowance(address(adapter), address(share)), 0, "allowance");
    }

    function _refuses(Swap memory order, bytes memory why) private {
        vm.expectRevert(why);
        payer.swap(adapter, order);
    }

    function _deposit(uint256 amountIn, uint256 minOut) private view returns (Swap memory) {
        return Swap({
            tokenIn: address(asset),
            tokenOut: address(share),
            amountIn: amountIn,
            minOut: minOut,
            partialFill: false,
            venue: address(share),
            data: ""
        });
    }

    function _redeem(uint256 amountIn, uint256 minOut, bool partialFill) private view returns (Swap memory) {
        return Swap({
            tokenIn: address(share),
            tokenOut: address(asset),
            amountIn: amountIn,
            minOut: minOut,
            partialFill: partialFill,
            venue: address(share),
            data: ""
        });
    }
}
