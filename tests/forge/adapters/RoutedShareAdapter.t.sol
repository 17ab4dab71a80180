// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {RoutedShareAdapter} from "../../../contracts/adapters/RoutedShareAdapter.sol";
import {IAdapter, Swap} from "../../../contracts/interfaces/IAdapter.sol";
import {MockRouter02} from "../../../contracts/mocks/MockRouter02.sol";
import {MockShare, ShareTrick} from "../../../contracts/mocks/MockShare.sol";
import {MockToken} from "../../../contracts/mocks/MockToken.sol";
import {Base} from "../Base.sol";
import {Payer} from "./Payer.sol";

/// @dev The mock router gives two for one; a share is worth one unit of its asset.
contract RoutedShareAdapterTest is Base {
    uint256 private constant AMOUNT = 1_000e6;
    uint24 private constant FEE = 500;

    RoutedShareAdapter private adapter;
    MockRouter02 private router;
    MockToken private other;
    MockToken private asset;
    MockShare private share;
    Payer private payer;

    function setUp() public {
        adapter = new RoutedShareAdapter();
        router = new MockRouter02();
        (other, asset) = (new MockToken("WETH", 18), new MockToken("USDC", 6));
        share = new MockShare(asset, 0);
        payer = new Payer();
        other.mint(address(payer), 10 * AMOUNT);
        asset.mint(address(this), 10 * AMOUNT);
        asset.approve(address(share), 10 * AMOUNT);
        share.deposit(5 * AMOUNT, address(payer));
    }

    // -------------------------------------------------------------------------------------------------- probe

    function test_a_probe_walks_the_path_to_or_from_the_shares_asset() public {
        router.setPool(address(other), address(asset), 500, address(1));
        bytes memory in_ = abi.encodePacked(other, uint24(500), asset);
        bytes memory out = abi.encodePacked(asset, uint24(500), other);
        (uint256 fee, address[] memory pools) = adapter.probe(address(other), address(share), address(router), in_);
        eq(fee, 500, "fee");
        eq(pools[0], address(1), "pool");
        adapter.probe(address(share), address(other), address(router), out);
        bytes memory mismatch = abi.encodeWithSelector(IAdapter.PathMismatch.selector);
        vm.expectRevert(mismatch);
        adapter.probe(address(share), address(other), address(router), in_);
        vm.expectRevert(mismatch);
        adapter.probe(address(share), address(asset), address(router), out);
        MockShare stranger = new MockShare(other, 0); // of another asset than the path's end
        vm.expectRevert(mismatch);
        adapter.probe(address(other), address(stranger), address(router), in_);
        vm.expectRevert(mismatch);
        adapter.probe(address(stranger), address(other), address(router), out);
    }

    // ------------------------------------------------------------------------------------------------- refusals

    function test_a_partial_fill_is_refused() public {
        Swap memory order = _enter(0);
        order.partialFill = true;
        _refuses(order, abi.encodeWithSelector(IAdapter.PartialFillUnsupported.selector));
    }

    function test_a_path_of_a_wrong_length_is_refused() public {
        Swap memory order = _enter(0);
        order.data = abi.encodePacked(other, asset);
        _refuses(order, _mismatch());
        order.data = "";
        _refuses(order, _mismatch());
    }

    function test_a_path_that_does_not_end_in_the_shares_asset_is_refused() public {
        Swap memory order = _enter(0);
        order.data = abi.encodePacked(other, FEE, new MockToken("DAI", 18));
        _refuses(order, _mismatch());
    }

    function test_a_path_that_does_not_begin_in_the_shares_asset_is_refused() public {
        Swap memory order = _leave(0);
        order.data = abi.encodePacked(new MockToken("DAI", 18), FEE, other);
        _refuses(order, _mismatch());
    }

    function test_a_path_that_does_not_end_in_the_token_bought_is_refused() public {
        Swap memory order = _leave(0);
        order.data = abi.encodePacked(asset, FEE, new MockToken("DAI", 18));
        _refuses(order, _mismatch());
    }

    function test_what_comes_out_below_the_least_is_refused() public {
        _refuses(_enter(2 * AMOUNT + 1), abi.encodeWithSelector(IAdapter.BelowMin.selector, 2 * AMOUNT, 2 * AMOUNT + 1));
        _refuses(_leave(2 * AMOUNT + 1), abi.encodeWithSelector(IAdapter.BelowMin.selector, 2 * AMOUNT, 2 * AMOUNT + 1));
    }

    function test_a_share_that_mints_nothing_and_says_it_did_is_refused() public {
        share.setTrick(ShareTrick.MINTS_NOTHING);
        _refuses(_enter(1), abi.encodeWithSelector(IAdapter.BelowMin.selector, 0, 1));
    }

    function test_a_share_that_takes_half_a_deposit_is_refused() public {
        share.setTrick(ShareTrick.TAKES_HALF);
        _refuses(_enter(0), abi.encodeWithSelector(IAdapter.NotFilled.selector, AMOUNT, 2 * AMOUNT));
    }

    function test_a_share_that_burns_half_a_redemption_is_refused() public {
        share.setTrick(ShareTrick.BURNS_HALF);
        _refuses(_leave(0), abi.encodeWithSelector(IAdapter.NotFilled.selector, AMOUNT / 2, AMOUNT));
    }

    function test_a_share_that_pays_half_brings_half_and_the_least_sees_it() public {
        share.setTrick(ShareTrick.PAYS_HALF);
        _refuses(_leave(2 * AMOUNT), abi.encodeWithSelector(IAdapter.BelowMin.selector, AMOUNT, 2 * AMOUNT));
    }

    function test_a_router_that_takes_less_than_all_is_refused() public {
        router.setBps(9_000, 10_000);
        _refuses(_enter(0), abi.encodeWithSelector(IAdapter.NotFilled.selector, 900e6, AMOUNT));
        _refuses(_leave(0), abi.encodeWithSelector(IAdapter.NotFilled.selector, 900e6, AMOUNT));
    }

    function test_a_router_that_takes_more_than_all_is_refused() public {
        other.mint(address(adapter), AMOUNT); // even where a donation would cover it
        router.setBps(10_010, 10_000);
        vm.expectRevert();
        payer.swap(adapter, _enter(0));
    }

    // -------------------------------------------------------------------------------------------------- success

    function test_a_token_becomes_a_share_of_the_caller_and_leaves_nothing_behind() public {
        eq(payer.swap(adapter, _enter(2 * AMOUNT)), 2 * AMOUNT, "out");
        eq(share.balanceOf(address(payer)), 7 * AMOUNT, "shares");
        eq(other.balanceOf(address(payer)), 9 * AMOUNT, "spent");
        _nothingBehind();
    }

    function test_a_share_becomes_a_token_of_the_caller_and_leaves_nothing_behind() public {
        eq(payer.swap(adapter, _leave(2 * AMOUNT)), 2 * AMOUNT, "out");
        eq(share.balanceOf(address(payer)), 4 * AMOUNT, "shares");
        eq(other.balanceOf(address(payer)), 12 * AMOUNT, "received");
        _nothingBehind();
    }

    function test_donations_to_the_adapter_change_nothing() public {
        asset.mint(address(adapter), 7);
        other.mint(address(adapter), 9);
        eq(payer.swap(adapter, _enter(0)), 2 * AMOUNT, "in");
        eq(payer.swap(adapter, _leave(0)), 2 * AMOUNT, "out");
        eq(asset.balanceOf(address(adapter)), 7, "asset");
        eq(other.balanceOf(address(adapter)), 9, "other");
    }

    function _nothingBehind() private view {
        eq(other.balanceOf(address(adapter)), 0, "kept other");
        eq(asset.balanceOf(address(adapter)), 0, "kept asset");
        eq(share.balanceOf(address(adapter)), 0, "kept shares");
        eq(other.allowance(address(adapter), address(router)), 0, "allowance of the router");
        eq(asset.allowance(address(adapter), address(router)), 0, "allowance of the router in the asset");
        eq(asset.allowance(address(adapter), address(share)), 0, "allowance of the share");
    }

    function _refuses(Swap memory order, bytes memory why) private {
        vm.expectRevert(why);
        payer.swap(adapter, order);
    }

    function _mismatch() private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAdapter.PathMismatch.selector);
    }

    function _enter(uint256 least) private view returns (Swap memory) {
        return _order(address(other), address(share), abi.encodePacked(other, FEE, asset), least);
    }

    function _leave(uint256 least) private view returns (Swap memory) {
        return _order(address(share), address(other), abi.encodePacked(asset, FEE, other), least);
    }

    function _order(address sold, address bought, bytes memory path, uint256 least) private view returns (Swap memory) {
        return Swap({
            tokenIn: sold,
            tokenOut: bought,
            amountIn: AMOUNT,
            minOut: least,
            partialFill: false,
            venue: address(router),
            data: path
        });
    }
}
