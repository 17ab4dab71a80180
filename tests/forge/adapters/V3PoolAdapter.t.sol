// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {V3PoolAdapter} from "../../../contracts/adapters/V3PoolAdapter.sol";
import {IAdapter, Swap} from "../../../contracts/interfaces/IAdapter.sol";
import {MockToken} from "../../../contracts/mocks/MockToken.sol";
import {MockV3Pool, PoolTrick} from "../../../contracts/mocks/MockV3Pool.sol";
import {Base} from "../Base.sol";
import {Payer} from "./Payer.sol";

/// The test contract is the factory: it creates the pools by CREATE2, as Uniswap's does.
contract V3PoolAdapterTest is Base {
    uint24 private constant FEE = 3_000; // millionths
    uint256 private constant AMOUNT = 1e18;
    uint256 private constant LIQUIDITY = 1e24;
    uint256 private constant AT_PAR = 1 << 96;

    V3PoolAdapter private adapter;
    MockToken private token0;
    MockToken private token1;
    MockV3Pool private pool;
    Payer private payer;

    function setUp() public {
        adapter = new V3PoolAdapter(address(this), keccak256(type(MockV3Pool).creationCode));
        (token0, token1) = (new MockToken("A", 18), new MockToken("B", 18));
        if (token0 > token1) (token0, token1) = (token1, token0);
        pool = new MockV3Pool{salt: keccak256(abi.encode(token0, token1, FEE))}();
        pool.open(address(token0), address(token1), FEE, AT_PAR, LIQUIDITY);
        payer = new Payer();
        for (uint256 i; i < 2; ++i) {
            MockToken token = i == 0 ? token0 : token1;
            token.mint(address(pool), 1e30);
            token.mint(address(payer), 1e30);
        }
    }

    // -------------------------------------------------------------------------------------------------- probe

    function test_a_probe_tells_the_fee_and_the_pool_both_ways() public view {
        for (uint256 i; i < 2; ++i) {
            (address a, address b) = i == 0 ? (address(token0), address(token1)) : (address(token1), address(token0));
            (uint256 fee, address[] memory pools) = adapter.probe(a, b, address(pool), abi.encode(FEE));
            eq(fee, FEE, "fee");
            eq(pools.length, 1, "one pool");
            eq(pools[0], address(pool), "this one");
        }
    }

    function test_a_probe_refuses_other_tokens_another_fee_and_a_forged_pool() public {
        bytes memory why = abi.encodeWithSelector(IAdapter.VenueMismatch.selector, pool);
        vm.expectRevert(why);
        adapter.probe(address(token0), address(this), address(pool), abi.encode(FEE));
        vm.expectRevert(why);
        adapter.probe(address(token0), address(token1), address(pool), abi.encode(FEE + 1));
        vm.expectRevert(abi.encodeWithSelector(IAdapter.VenueMismatch.selector, this));
        adapter.probe(address(token0), address(token1), address(this), abi.encode(FEE));
    }

    // ------------------------------------------------------------------------------------------------- refusals

    function test_a_venue_that_is_not_the_factorys_pool_is_refused() public {
        MockV3Pool forged = new MockV3Pool();
        forged.open(address(token0), address(token1), FEE, AT_PAR, LIQUIDITY);
        Swap memory order = _order(true, AMOUNT, 0, false);
        order.venue = address(forged);
        _refuses(order, abi.encodeWithSelector(IAdapter.VenueMismatch.selector, forged));
    }

    function test_another_fee_or_token_than_the_pools_is_refused() public {
        Swap memory order = _order(true, AMOUNT, 0, false);
        order.data = abi.encode(FEE + 1);
        _refuses(order, abi.encodeWithSelector(IAdapter.VenueMismatch.selector, pool));
        order = _order(true, AMOUNT, 0, false);
        order.tokenOut = address(this);
        _refuses(order, abi.encodeWithSelector(IAdapter.VenueMismatch.selector, pool));
    }

    function test_a_forged_callback_draws_nothing() public {
        bytes memory data = abi.encode(address(payer), address(token0), address(token1), FEE);
        vm.expectRevert(abi.encodeWithSelector(IAdapter.CallerRefused.selector, address(this)));
        adapter.uniswapV3SwapCallback(1e18, -1e18, data);
    }

    /// The real pool, made to call back with the attacker's data: only the adapter can begin a swap whose callback comes
    /// here, and a vault without a swap in flight pays nobody.
    function test_a_genuine_pools_call_for_someone_elses_money_is_refused_by_the_payer() public {
        bytes memory data = abi.encode(address(payer), address(token0), address(token1), FEE);
        bytes memory why = abi.encodeWithSelector(Payer.Refused.selector, address(adapter), address(pool), 1e18);
        vm.prank(address(pool));
        vm.expectRevert(why);
        adapter.uniswapV3SwapCallback(1e18, -1e18, data);
    }

    function test_a_pool_that_asks_for_more_or_twice_is_refused_by_the_payer() public {
        pool.setTrick(PoolTrick.ASKS_MORE);
        bytes memory more = abi.encodeWithSelector(Payer.Refused.selector, address(adapter), address(pool), AMOUNT + 1);
        _refuses(_order(true, AMOUNT, 0, false), more);
        pool.setTrick(PoolTrick.ASKS_TWICE);
        bytes memory twice = abi.encodeWithSelector(Payer.Refused.selector, address(adapter), address(pool), AMOUNT);
        _refuses(_order(true, AMOUNT, 0, false), twice);
    }

    function test_less_than_the_least_is_refused() public {
        pool.setTrick(PoolTrick.SENDS_LESS);
        uint256 half = _curve(AMOUNT) / 2;
        bytes memory why = abi.encodeWithSelector(IAdapter.BelowMin.selector, half, half + 1);
        _refuses(_order(true, AMOUNT, half + 1, false), why);
        eq(payer.swap(adapter, _order(true, AMOUNT, half, false)), half, "at the least");
    }

    function test_a_whole_fill_that_the_pool_cannot_take_is_refused() public {
        // nearly empty, and at the edge of V3's prices: the extreme limit stops it half way
        pool.open(address(token0), address(token1), FEE, 4295128739 + 1_000, 1e6);
        (bool ok, bytes memory why) =
            address(payer).call(abi.encodeCall(Payer.swap, (adapter, _order(true, 1e30, 0, false))));
        no(ok, "filled whole");
        // casting is safe: only the selector is compared
        // forge-lint: disable-next-line(unsafe-typecast)
        yes(bytes4(why) == IAdapter.NotFilled.selector, "why");
    }

    function test_a_partial_fill_where_the_price_is_already_beyond_the_limit_is_refused() public {
        bytes memory why = abi.encodeWithSelector(MockV3Pool.PriceLimit.selector);
        _refuses(_order(true, AMOUNT, AMOUNT, true), why);
        _refuses(_order(false, AMOUNT, AMOUNT, true), why);
    }

    // -------------------------------------------------------------------------------------------------- success

    function test_either_token_is_sold_whole_for_what_the_curve_gives() public {
        for (uint256 i; i < 2; ++i) {
            uint256 snapshot = vm.snapshotState();
            bool up = i == 0;
            uint256 expected = _curve(AMOUNT);
            (uint256 spent, uint256 got) = _swap(_order(up, AMOUNT, expected, false));
            eq(spent, AMOUNT, "spent");
            eq(got, expected, "got");
            eq(token0.balanceOf(address(adapter)) + token1.balanceOf(address(adapter)), 0, "kept");
            vm.revertToState(snapshot);
        }
    }

    function test_a_partial_fill_that_fits_fills_whole() public {
        (uint256 spent,) = _swap(_order(true, AMOUNT, AMOUNT * 99 / 100, true));
        eq(spent, AMOUNT, "spent");
    }

    /// The sum is far beyond the pool's depth: what fills is at minOut / amountIn or better, and little more would fit.
    function test_fuzz_a_partial_fill_stops_where_the_marginal_price_reaches_the_floor(uint256 a, bool up) public {
        uint256 amount = LIQUIDITY; // moves the price by a factor of four
        uint256 floor = bound(a, 0.5e18, 0.99e18); // out per in, 1e18
        uint256 minOut = amount * floor / 1e18;
        (uint256 spent, uint256 got) = _swap(_order(up, amount, minOut, true));
        ge(got * 1e18, spent * floor, "below the floor");
        lt(spent, amount, "all of it");
        gt(spent, 0, "nothing");
        // the marginal price left, fee included, is the floor to one part in a million
        (uint256 more, uint256 gives) = (1e12, 0);
        (, gives) = _swap(_order(up, more, 0, false));
        near(gives * 1e18 / more, floor, floor / 1e6, "marginal price");
    }

    function test_a_partial_fill_works_at_prices_beyond_64_bits() public {
        uint256 amount = 1e12; // of token0, each worth 2^80 of token1; the pool holds about as much
        uint256 worth = amount << 80;
        pool.open(address(token0), address(token1), FEE, uint256(1) << 136, LIQUIDITY);
        token1.mint(address(pool), 1e60);
        token1.mint(address(payer), 1e60);
        (uint256 spent, uint256 got) = _swap(_order(true, amount, worth * 9 / 10, true));
        ge(got * 10, (spent << 80) * 9, "token0 in");
        gt(spent, amount / 100, "hardly anything");
        pool.open(address(token0), address(token1), FEE, uint256(1) << 136, LIQUIDITY);
        (spent, got) = _swap(_order(false, worth, amount * 9 / 10, true));
        ge((got << 80) * 10, spent * 9, "token1 in");
        gt(spent, worth / 100, "hardly anything");
    }

    // -------------------------------------------------------------------------------------------------- helpers

    /// What the pool at par gives for `amount` of either token: L·n/(L+n), n net of the fee.
    function _curve(uint256 amount) private pure returns (uint256) {
        uint256 net = amount * (1_000_000 - FEE) / 1_000_000;
        return LIQUIDITY * net / (LIQUIDITY + net);
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

    function _order(bool up, uint256 amountIn, uint256 minOut, bool partialFill) private view returns (Swap memory) {
        return Swap({
            tokenIn: address(up ? token0 : token1),
            tokenOut: address(up ? token1 : token0),
            amountIn: amountIn,
            minOut: minOut,
            partialFill: partialFill,
            venue: address(pool),
            data: abi.encode(FEE)
        });
    }
}
