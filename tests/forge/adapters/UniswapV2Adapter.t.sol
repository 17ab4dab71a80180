// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {UniswapV2Adapter} from "../../../contracts/adapters/UniswapV2Adapter.sol";
import {IAdapter, Swap} from "../../../contracts/interfaces/IAdapter.sol";
import {MockToken} from "../../../contracts/mocks/MockToken.sol";
import {MockV2Pair} from "../../../contracts/mocks/MockV2Pair.sol";
import {Base} from "../Base.sol";
import {Payer} from "./Payer.sol";

/// The test contract is the factory: it creates the pair by CREATE2, as Uniswap's does.
contract UniswapV2AdapterTest is Base {
    uint256 private constant AMOUNT = 1e18;
    uint256 private constant RESERVE_0 = 1_000e18;
    uint256 private constant RESERVE_1 = 4_000e18;

    UniswapV2Adapter private adapter;
    MockToken private token0;
    MockToken private token1;
    MockV2Pair private pair;
    Payer private payer;

    function setUp() public {
        adapter = new UniswapV2Adapter(address(this), keccak256(type(MockV2Pair).creationCode));
        (token0, token1) = (new MockToken("A", 18), new MockToken("B", 18));
        if (token0 > token1) (token0, token1) = (token1, token0);
        pair = new MockV2Pair{salt: keccak256(abi.encodePacked(token0, token1))}();
        pair.open(address(token0), address(token1));
        token0.mint(address(pair), RESERVE_0);
        token1.mint(address(pair), RESERVE_1);
        pair.sync();
        payer = new Payer();
        token0.mint(address(payer), 1e30);
        token1.mint(address(payer), 1e30);
    }

    // -------------------------------------------------------------------------------------------------- probe

    function test_a_probe_tells_the_fee_and_the_pair() public view {
        (uint256 fee, address[] memory pools) = adapter.probe(address(token1), address(token0), address(pair), "");
        eq(fee, 3000, "three in a thousand");
        eq(pools.length, 1, "one pair");
        eq(pools[0], address(pair), "this one");
    }

    function test_a_probe_refuses_other_tokens_and_data() public {
        vm.expectRevert(abi.encodeWithSelector(IAdapter.VenueMismatch.selector, pair));
        adapter.probe(address(token1), address(this), address(pair), "");
        vm.expectRevert(abi.encodeWithSelector(IAdapter.PathMismatch.selector));
        adapter.probe(address(token1), address(token0), address(pair), hex"00");
    }

    // ------------------------------------------------------------------------------------------------- refusals

    function test_a_partial_fill_is_refused() public {
        Swap memory order = _order(true, AMOUNT, 0);
        order.partialFill = true;
        _refuses(order, abi.encodeWithSelector(IAdapter.PartialFillUnsupported.selector));
    }

    function test_data_is_refused() public {
        Swap memory order = _order(true, AMOUNT, 0);
        order.data = hex"00";
        _refuses(order, abi.encodeWithSelector(IAdapter.PathMismatch.selector));
    }

    function test_a_venue_that_is_not_the_factorys_pair_of_the_two_tokens_is_refused() public {
        MockV2Pair forged = new MockV2Pair();
        forged.open(address(token0), address(token1));
        Swap memory order = _order(true, AMOUNT, 0);
        order.venue = address(forged);
        _refuses(order, abi.encodeWithSelector(IAdapter.VenueMismatch.selector, forged));
        order = _order(true, AMOUNT, 0);
        order.tokenOut = address(this);
        _refuses(order, abi.encodeWithSelector(IAdapter.VenueMismatch.selector, pair));
    }

    function test_less_than_the_least_is_refused_before_anything_is_paid() public {
        uint256 out = _curve(AMOUNT, RESERVE_0, RESERVE_1);
        _refuses(_order(true, AMOUNT, out + 1), abi.encodeWithSelector(IAdapter.BelowMin.selector, out, out + 1));
        eq(token0.balanceOf(address(payer)), 1e30, "paid");
    }

    function test_an_empty_pair_is_refused() public {
        MockToken lone = new MockToken("C", 18);
        (address a, address b) =
            address(lone) < address(token0) ? (address(lone), address(token0)) : (address(token0), address(lone));
        MockV2Pair empty = new MockV2Pair{salt: keccak256(abi.encodePacked(a, b))}();
        empty.open(a, b);
        Swap memory order = _order(true, AMOUNT, 1);
        (order.tokenOut, order.venue) = (address(lone), address(empty));
        _refuses(order, abi.encodeWithSelector(IAdapter.BelowMin.selector, 0, 1));
        order.minOut = 0;
        _refuses(order, abi.encodeWithSelector(MockV2Pair.NothingAsked.selector));
    }

    // -------------------------------------------------------------------------------------------------- success

    function test_either_token_is_sold_for_what_the_curve_gives_and_nothing_stays() public {
        for (uint256 i; i < 2; ++i) {
            uint256 snapshot = vm.snapshotState();
            bool up = i == 0;
            (uint256 reserveIn, uint256 reserveOut) = up ? (RESERVE_0, RESERVE_1) : (RESERVE_1, RESERVE_0);
            uint256 expected = _curve(AMOUNT, reserveIn, reserveOut);
            (uint256 spent, uint256 got) = _swap(_order(up, AMOUNT, expected));
            eq(spent, AMOUNT, "spent");
            eq(got, expected, "got");
            eq(token0.balanceOf(address(adapter)) + token1.balanceOf(address(adapter)), 0, "kept");
            vm.revertToState(snapshot);
        }
    }

    /// The pair itself says what it would have given at most: it refuses one unit more.
    function test_fuzz_nothing_is_left_on_the_table(uint256 a, bool up) public {
        uint256 amount = bound(a, 1e6, 1e27);
        (, uint256 got) = _swap(_order(up, amount, 0));
        (uint256 reserveIn, uint256 reserveOut) = up ? (RESERVE_0, RESERVE_1) : (RESERVE_1, RESERVE_0);
        uint256 net = amount * 997;
        // with got + 1 the product, fee left out, would be below what it was
        lt((reserveIn * 1_000 + net) * (reserveOut - got - 1), reserveIn * 1_000 * reserveOut, "one more would fit");
    }

    function test_a_donation_to_the_pair_is_not_counted_as_payment() public {
        token0.mint(address(pair), 5e18);
        (uint256 spent, uint256 got) = _swap(_order(true, AMOUNT, 0));
        eq(spent, AMOUNT, "spent");
        eq(got, _curve(AMOUNT, RESERVE_0, RESERVE_1), "got");
    }

    // -------------------------------------------------------------------------------------------------- helpers

    function _curve(uint256 amount, uint256 reserveIn, uint256 reserveOut) private pure returns (uint256) {
        uint256 net = amount * 997 / 1_000; // exact for the amounts used
        return reserveOut * net / (reserveIn + net);
    }

    function _swap(Swap memory order) private returns (uint256 spent, uint256 got) {
        (MockToken sold, MockToken bought) = (MockToken(order.tokenIn), MockToken(order.tokenOut));
        (spent, got) = (sold.balanceOf(address(payer)), bought.balanceOf(address(payer)));
        uint256 out = payer.swap(adapter, order);
        (spent, got) = (spent - sold.balanceOf(address(payer)), bought.balanceOf(address(payer)) - got);
        eq(out, got, "reported");
    }

    function _refuses(Swap memory order, bytes memory why) private {
        vm.expectRevert(why);
        payer.swap(adapter, order);
    }

    function _order(bool up, uint256 amountIn, uint256 minOut) private view returns (Swap memory) {
        return Swap({
            tokenIn: address(up ? token0 : token1),
            tokenOut: address(up ? token1 : token0),
            amountIn: amountIn,
            minOut: minOut,
            partialFill: false,
            venue: address(pair),
            data: ""
        });
    }
}
