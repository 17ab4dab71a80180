// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Listing, MedianOracle} from "../../../contracts/MedianOracle.sol";
import {IPriceSource, SourceKind, Verdict} from "../../../contracts/interfaces/IPriceOracle.sol";
import {IUniswapV3Pool} from "../../../contracts/interfaces/venues/IUniswapV3Pool.sol";
import {SourceReader} from "../../../contracts/libraries/SourceReader.sol";
import {TickPrice} from "../../../contracts/libraries/TickPrice.sol";
import {HostileSource, Mischief} from "../../../contracts/mocks/HostileSource.sol";
import {MockSource} from "../../../contracts/mocks/MockSource.sol";
import {MockToken} from "../../../contracts/mocks/MockToken.sol";
import {MockV3Oracle} from "../../../contracts/mocks/MockV3Oracle.sol";
import {TwapSource} from "../../../contracts/sources/TwapSource.sol";
import {Base} from "../Base.sol";

contract TwapSourceTest is Base {
    uint256 private constant NOW = 1_700_000_000;
    uint32 private constant WINDOW = 1_800;
    uint128 private constant LIQUIDITY = 1e15;
    int24 private constant TICK = -201_234; // of an 18-decimal token against a 6-decimal quote: 1823.708… USD
    uint128 private constant PRICE = 1823708271287539977242;

    address private token;
    address private quote;
    MockV3Oracle private pool;
    MockSource private feed;

    function setUp() public {
        vm.warp(NOW);
        token = address(new MockToken("TKN", 18));
        quote = address(new MockToken("QTE", 6));
        pool = new MockV3Oracle(token, quote);
        pool.set(TICK, LIQUIDITY, NOW - WINDOW);
        feed = new MockSource(quote, SourceKind.PUSH, 1e18);
    }

    // -------------------------------------------------------------------------------------- construction refuses

    function test_construction_refuses_a_window_too_short_or_too_long() public {
        bytes4 why = TwapSource.WindowOutOfRange.selector;
        _refuses(token, _terms(10 minutes - 1, 1, 1), _one(feed), abi.encodeWithSelector(why, 599, 600, 6 hours));
        _refuses(token, _terms(6 hours + 1, 1, 1), _one(feed), abi.encodeWithSelector(why, 21_601, 600, 6 hours));
    }

    function test_construction_refuses_no_liquidity_bound() public {
        _refuses(token, _terms(WINDOW, 0, 1), _one(feed), abi.encodeWithSelector(TwapSource.NoLiquidityBound.selector));
    }

    function test_construction_refuses_a_pool_that_keeps_too_few_observations() public {
        bytes memory why = abi.encodeWithSelector(TwapSource.CardinalityTooSmall.selector, 100, 101);
        _refuses(token, _terms(WINDOW, 1, 101), _one(feed), why);
    }

    function test_construction_refuses_a_token_that_is_not_in_the_pool() public {
        address other = address(new MockToken("OTH", 18));
        bytes memory why = abi.encodeWithSelector(TwapSource.TokenNotInPool.selector, other, address(pool));
        _refuses(other, _good(), _one(feed), why);
    }

    function test_construction_refuses_none_and_three_quote_feeds() public {
        bytes4 why = TwapSource.WrongQuoteCount.selector;
        _refuses(token, _good(), new IPriceSource[](0), abi.encodeWithSelector(why, 0));
        _refuses(token, _good(), new IPriceSource[](3), abi.encodeWithSelector(why, 3));
    }

    function test_construction_refuses_the_same_quote_feed_twice() public {
        _refuses(token, _good(), _two(feed, feed), abi.encodeWithSelector(TwapSource.QuoteListedTwice.selector, feed));
    }

    function test_construction_refuses_a_quote_feed_of_another_token() public {
        MockSource stranger = new MockSource(token, SourceKind.PUSH, 1e18);
        bytes memory why = abi.encodeWithSelector(TwapSource.WrongQuote.selector, stranger, token, quote);
        _refuses(token, _good(), _one(stranger), why);
    }

    function test_construction_refuses_a_quote_that_is_no_push_feed() public {
        MockSource late = new MockSource(quote, SourceKind.TWAP, 1e18);
        _refuses(token, _good(), _one(late), abi.encodeWithSelector(TwapSource.QuoteNotPush.selector, late));
    }

    function test_construction_refuses_more_than_24_decimals() public {
        address wide = address(new MockToken("WID", 25));
        pool = new MockV3Oracle(wide, quote);
        bytes memory why = abi.encodeWithSelector(TwapSource.DecimalsOutOfRange.selector, 25, 24);
        _refuses(wide, _good(), _one(feed), why);
    }

    // ------------------------------------------------------------------------------------------------- verdicts

    function test_a_pool_a_second_younger_than_the_window_is_young() public {
        TwapSource source = _source(_one(feed));
        pool.set(TICK, LIQUIDITY, NOW - WINDOW + 1);
        _says(source, 0, 0, Verdict.YOUNG);
    }

    function test_a_pool_thinner_than_the_least_liquidity_is_thin_and_its_price_is_shown() public {
        TwapSource source = _source(_one(feed));
        pool.set(TICK, LIQUIDITY - 1e3, NOW - WINDOW);
        _says(source, PRICE, NOW, Verdict.THIN);
        pool.set(TICK, 0, NOW - WINDOW);
        _says(source, PRICE, NOW, Verdict.THIN);
        int56[] memory ticks = new int56[](2);
        ticks[1] = int56(TICK) * int56(uint56(WINDOW));
        bytes memory stood = abi.encode(ticks, new uint160[](2)); // a pool whose liquidity was not counted at all
        vm.mockCall(address(pool), abi.encodeWithSelector(IUniswapV3Pool.observe.selector), stood);
        _says(source, PRICE, NOW, Verdict.THIN);
    }

    function test_a_pool_that_fails_in_another_way_is_an_error_to_the_reader() public {
        TwapSource source = _source(_one(feed));
        pool.setFailure(abi.encodeWithSignature("Error(string)", "LOK"));
        _reads(source, Verdict.ERROR);
        pool.setFailure(hex"12345678");
        _reads(source, Verdict.ERROR);
        vm.etch(address(pool), hex"00");
        _reads(source, Verdict.ERROR);
    }

    function test_without_a_fresh_quote_feed_there_is_no_price() public {
        MockSource second = new MockSource(quote, SourceKind.PUSH, 1e18);
        TwapSource source = _source(_two(feed, second));
        feed.setVerdict(Verdict.STALE);
        second.setVerdict(Verdict.FUTURE);
        _says(source, 0, 0, Verdict.QUOTE);
        second.setVerdict(Verdict.OK);
        _says(source, PRICE, NOW, Verdict.OK);
    }

    function test_a_price_beyond_128_bits_or_below_one_unit_is_not_positive() public {
        TwapSource source = _source(_one(feed));
        pool.set(700_000, LIQUIDITY, NOW - WINDOW);
        _says(source, 0, NOW, Verdict.NOT_POSITIVE);
        pool.set(-887_000, LIQUIDITY, NOW - WINDOW);
        _says(source, 0, NOW, Verdict.NOT_POSITIVE);
    }

    /// Under the oracle's cap, whatever one quote feed does, the other one still speaks.
    function test_every_mischief_of_one_quote_feed_leaves_the_price_to_the_other() public {
        for (uint256 m; m <= uint256(type(Mischief).max); ++m) {
            IPriceSource bad = IPriceSource(address(new HostileSource(quote, Mischief(m))));
            _reads(_source(_two(bad, feed)), Verdict.OK);
            _reads(_source(_two(feed, bad)), Verdict.OK);
            _reads(_source(_one(bad)), Verdict.QUOTE);
        }
    }

    // ---------------------------------------------------------------------------------------------------- price

    function test_the_price_is_the_mean_tick_times_the_mean_of_the_quote_feeds() public {
        _says(_source(_one(feed)), PRICE, NOW, Verdict.OK);
        TwapSource source = _source(_two(feed, new MockSource(quote, SourceKind.PUSH, 1.01e18)));
        _says(source, uint128(TickPrice.usd(TICK, 1e18, 1e6, 1.005e18)), NOW, Verdict.OK);
    }

    function test_the_pools_other_token_is_priced_by_the_negative_tick() public {
        MockSource tokenFeed = new MockSource(token, SourceKind.PUSH, PRICE);
        TwapSource source = new TwapSource(quote, IUniswapV3Pool(address(pool)), _good(), _one(tokenFeed));
        (uint128 price,,) = source.latest();
        // 1 to the rounding of PRICE, in 22 digits
        le(price, 1e18, "above 1");
        le(1e18 - 1, price, "below 1");
    }

    function test_a_mean_tick_that_is_not_whole_rounds_towards_minus_infinity() public {
        TwapSource source = _source(_one(feed));
        pool.setOffsets(0, 0, -1);
        _says(source, uint128(TickPrice.usd(TICK - 1, 1e18, 1e6, 1e18)), NOW, Verdict.OK);
        pool.setOffsets(0, 0, 1);
        _says(source, uint128(TickPrice.usd(TICK, 1e18, 1e6, 1e18)), NOW, Verdict.OK);
    }

    function test_accumulators_that_wrap_inside_the_window_change_nothing() public {
        TwapSource source = _source(_one(feed));
        pool.setOffsets(type(int56).min + 1, type(uint160).max, 0);
        _says(source, PRICE, NOW, Verdict.OK);
    }

    /// Anyone may pay to enlarge a pool's ring of observations: 65,535 of them make a cold `observe` take 97k gas (measured
    /// on Uniswap's own code). With a quote feed that burns its share besides, the voice is heard all the same.
    function test_the_largest_ring_and_a_burning_quote_feed_leave_the_voice_its_say() public {
        TwapSource source =
            _source(_two(IPriceSource(address(new HostileSource(quote, Mischief.BURN))), IPriceSource(address(feed))));
        pool.setToll(97_000);
        MockSource silent = new MockSource(token, SourceKind.PUSH, PRICE);
        silent.setVerdict(Verdict.STALE);
        Listing[] memory listings = new Listing[](1);
        listings[0] = Listing({token: token, sources: new IPriceSource[](3)});
        listings[0].sources[0] = silent;
        listings[0].sources[1] = new MockSource(token, SourceKind.PUSH, PRICE);
        listings[0].sources[2] = source;
        MedianOracle oracle = new MedianOracle(listings);
        address[] memory tokens = new address[](1);
        tokens[0] = token;
        eq(oracle.clusters(tokens, 100)[0].mid, PRICE, "the one fresh push feed and the pool agree");
    }

    function test_it_is_a_twap_of_its_token() public {
        TwapSource source = _source(_one(feed));
        require(source.kind() == SourceKind.TWAP && source.token() == token, "identity");
    }

    // -------------------------------------------------------------------------------------------------- helpers

    function _reads(TwapSource source, Verdict verdict) private view {
        (uint128 price,, Verdict got) = SourceReader.read(address(source), 220_000);
        eq(uint256(got), uint256(verdict), "verdict");
        eq(price, verdict == Verdict.OK ? PRICE : 0, "price");
    }

    function _says(TwapSource source, uint128 price, uint256 updatedAt, Verdict verdict) private view {
        (uint128 gotPrice, uint40 gotTime, Verdict gotVerdict) = source.latest();
        eq(uint256(gotVerdict), uint256(verdict), "verdict");
        eq(gotPrice, price, "price");
        eq(gotTime, updatedAt, "time");
    }

    function _refuses(address of_, TwapSource.Terms memory terms, IPriceSource[] memory quotes, bytes memory why)
        private
    {
        vm.expectRevert(why);
        new TwapSource(of_, IUniswapV3Pool(address(pool)), terms, quotes);
    }

    function _source(IPriceSource[] memory quotes) private returns (TwapSource) {
        return new TwapSource(token, IUniswapV3Pool(address(pool)), _good(), quotes);
    }

    function _good() private pure returns (TwapSource.Terms memory) {
        return _terms(WINDOW, LIQUIDITY - 10, 100);
    }

    function _terms(uint32 window, uint128 least, uint16 cardinality) private pure returns (TwapSource.Terms memory) {
        return TwapSource.Terms({window: window, minLiquidity: least, minCardinality: cardinality});
    }

    function _one(IPriceSource a) private pure returns (IPriceSource[] memory list) {
        list = new IPriceSource[](1);
        list[0] = a;
    }

    function _two(IPriceSource a, IPriceSource b) private pure returns (IPriceSource[] memory list) {
        list = new IPriceSource[](2);
        (list[0], list[1]) = (a, b);
    }
}
