// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SwapRouter02Adapter} from "../../../contracts/adapters/SwapRouter02Adapter.sol";
import {IAdapter, Swap} from "../../../contracts/interfaces/IAdapter.sol";
import {MockRouter02} from "../../../contracts/mocks/MockRouter02.sol";
import {MockToken} from "../../../contracts/mocks/MockToken.sol";
import {Base} from "../Base.sol";
import {Payer} from "./Payer.sol";

contract SwapRouter02AdapterTest is Base {
    uint256 private constant AMOUNT = 1_000;
    uint256 private constant OUT = 2_000; // the mock router's rate
    uint24 private constant FEE = 500;

    SwapRouter02Adapter private adapter;
    MockRouter02 private router;
    MockToken private tokenIn;
    MockToken private middle;
    MockToken private tokenOut;
    Payer private payer;

    function setUp() public {
        adapter = new SwapRouter02Adapter();
        router = new MockRouter02();
        (tokenIn, middle, tokenOut) = (new MockToken("IN", 18), new MockToken("MID", 18), new MockToken("OUT", 6));
        payer = new Payer();
        tokenIn.mint(address(payer), 10 * AMOUNT);
    }

    // -------------------------------------------------------------------------------------------------- probe

    function test_a_probe_walks_the_path_through_the_routers_factory() public {
        router.setPool(address(tokenIn), address(middle), FEE, address(1));
        router.setPool(address(middle), address(tokenOut), 500, address(2));
        bytes memory path = abi.encodePacked(tokenIn, FEE, middle, uint24(500), tokenOut);
        (uint256 fee, address[] memory pools) =
            adapter.probe(address(tokenIn), address(tokenOut), address(router), path);
        eq(fee, uint256(FEE) + 500, "both hops");
        eq(pools.length, 2, "two pools");
        eq(pools[0], address(1), "first");
        eq(pools[1], address(2), "second");
    }

    function test_a_probe_refuses_a_hop_without_a_pool_and_other_ends() public {
        router.setPool(address(tokenIn), address(middle), FEE, address(1));
        bytes memory path = abi.encodePacked(tokenIn, FEE, middle, uint24(500), tokenOut);
        vm.expectRevert(abi.encodeWithSelector(IAdapter.VenueMismatch.selector, router));
        adapter.probe(address(tokenIn), address(tokenOut), address(router), path);
        vm.expectRevert(_mismatch());
        adapter.probe(address(tokenIn), address(middle), address(router), path);
        vm.expectRevert(_mismatch());
        adapter.probe(address(tokenIn), address(tokenOut), address(router), abi.encodePacked(tokenIn, tokenOut));
    }

    // ------------------------------------------------------------------------------------------------- refusals

    function test_a_partial_fill_is_refused() public {
        Swap memory order = _order(_hop(), OUT);
        order.partialFill = true;
        _refuses(order, abi.encodeWithSelector(IAdapter.PartialFillUnsupported.selector));
    }

    function test_a_path_that_does_not_begin_with_the_token_sold_is_refused() public {
        _refuses(_order(abi.encodePacked(middle, FEE, tokenOut), OUT), _mismatch());
    }

    function test_a_path_that_does_not_end_with_the_token_bought_is_refused() public {
        _refuses(_order(abi.encodePacked(tokenIn, FEE, middle), OUT), _mismatch());
        _refuses(_order(abi.encodePacked(tokenIn, FEE, tokenOut, FEE, middle), OUT), _mismatch());
    }

    function test_a_path_of_a_wrong_length_is_refused() public {
        _refuses(_order("", OUT), _mismatch());
        _refuses(_order(abi.encodePacked(tokenIn), OUT), _mismatch());
        _refuses(_order(abi.encodePacked(tokenIn, FEE, uint8(0), tokenOut), OUT), _mismatch());
        _refuses(_order(abi.encodePacked(tokenIn, tokenOut), OUT), _mismatch());
    }

    function test_a_router_that_gives_too_little_is_refused() public {
        router.setBps(10_000, 9_999);
        _refuses(_order(_hop(), OUT), abi.encodeWithSelector(IAdapter.BelowMin.selector, OUT - 1, OUT));
    }

    function test_a_router_that_takes_less_than_all_is_refused() public {
        router.setBps(9_000, 10_000);
        _refuses(_order(_hop(), OUT), abi.encodeWithSelector(IAdapter.NotFilled.selector, 900, AMOUNT));
    }

    function test_a_router_that_takes_more_than_all_is_refused() public {
        tokenIn.mint(address(adapter), AMOUNT); // even where a donation would cover it
        router.setBps(10_010, 10_000);
        vm.expectRevert();
        payer.swap(adapter, _order(_hop(), OUT));
    }

    // -------------------------------------------------------------------------------------------------- success

    function test_one_hop_delivers_to_the_caller_and_leaves_nothing_behind() public {
        eq(payer.swap(adapter, _order(_hop(), OUT)), OUT, "out");
        eq(router.lastFee(), FEE, "fee of the pool");
        _delivered();
    }

    function test_two_hops_take_the_whole_path_to_the_router() public {
        bytes memory path = abi.encodePacked(tokenIn, FEE, middle, uint24(3_000), tokenOut);
        eq(payer.swap(adapter, _order(path, OUT)), OUT, "out");
        eq(router.lastPath(), path, "path");
        _delivered();
    }

    function test_a_donation_to_the_adapter_changes_nothing() public {
        tokenIn.mint(address(adapter), 7);
        eq(payer.swap(adapter, _order(_hop(), OUT)), OUT, "out");
        eq(tokenIn.balanceOf(address(payer)), 9 * AMOUNT, "spent");
        eq(tokenIn.allowance(address(adapter), address(router)), 0, "allowance");
    }

    function _delivered() private view {
        eq(tokenOut.balanceOf(address(payer)), OUT, "received");
        eq(tokenIn.balanceOf(address(payer)), 9 * AMOUNT, "spent");
        eq(tokenIn.balanceOf(address(adapter)), 0, "kept in");
        eq(tokenOut.balanceOf(address(adapter)), 0, "kept out");
        eq(tokenIn.allowance(address(adapter), address(router)), 0, "allowance");
    }

    function _refuses(Swap memory order, bytes memory why) private {
        vm.expectRevert(why);
        payer.swap(adapter, order);
    }

    function _mismatch() private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAdapter.PathMismatch.selector);
    }

    function _hop() private view returns (bytes memory) {
        return abi.encodePacked(tokenIn, FEE, tokenOut);
    }

    function _order(bytes memory path, uint256 minOut) private view returns (Swap memory) {
        return Swap({
            tokenIn: address(tokenIn),
            tokenOut: address(tokenOut),
            amountIn: AMOUNT,
            minOut: minOut,
            partialFill: false,
            venue: address(router),
            data: path
        });
    }
}
