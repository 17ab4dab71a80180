// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {
    Cluster,
    IPriceOracle,
    IPriceSource,
    SourceKind,
    Verdict,
    Voice
} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Listing, MedianOracle} from "../../../contracts/MedianOracle.sol";
import {HostileSource, Mischief} from "../../../contracts/mocks/HostileSource.sol";
import {MockRate} from "../../../contracts/mocks/MockRate.sol";
import {MockSource} from "../../../contracts/mocks/MockSource.sol";
import {Base} from "../Base.sol";

/// A share in the oracle: its underlying's price times a rate, and what happens where either fails.
contract DerivedPricesTest is Base {
    address private constant DOLLAR = address(0x70);
    address private constant SHARE = address(0x71);
    address private constant NESTED = address(0x72);
    uint256 private constant SPREAD = 100; // bps
    uint128 private constant RATE = 1.1e18;

    MockSource private one;
    MockSource private two;
    MockSource private late;
    MockRate private rate;
    MedianOracle private oracle;

    function setUp() public {
        vm.warp(1_700_000_000);
        one = new MockSource(DOLLAR, SourceKind.PUSH, 1e18);
        two = new MockSource(DOLLAR, SourceKind.PUSH, 1.004e18);
        late = new MockSource(DOLLAR, SourceKind.TWAP, 1.05e18);
        rate = new MockRate(SHARE, DOLLAR, RATE);
        oracle = new MedianOracle(_listings(_one(rate)));
    }

    // -------------------------------------------------------------------------------------- construction refuses

    function test_construction_refuses_a_share_before_its_underlying() public {
        Listing[] memory listings = _listings(_one(rate));
        (listings[0], listings[1]) = (listings[1], listings[0]);
        _refuses(listings, abi.encodeWithSelector(MedianOracle.UnderlyingNotListed.selector, SHARE, DOLLAR));
    }

    function test_construction_refuses_a_share_of_itself() public {
        MockRate own = new MockRate(SHARE, SHARE, RATE);
        bytes memory why = abi.encodeWithSelector(MedianOracle.UnderlyingNotListed.selector, SHARE, SHARE);
        _refuses(_listings(_one(own)), why);
    }

    function test_construction_refuses_a_share_of_a_share() public {
        Listing[] memory listings = new Listing[](3);
        (listings[0], listings[1]) = (_listings(_one(rate))[0], _listings(_one(rate))[1]);
        listings[2] = Listing(NESTED, _one(new MockRate(NESTED, SHARE, RATE)));
        _refuses(listings, abi.encodeWithSelector(MedianOracle.UnderlyingDerived.selector, NESTED, SHARE));
    }

    function test_construction_refuses_a_share_with_another_voice_beside_its_rate() public {
        IPriceSource[] memory list = new IPriceSource[](2);
        (list[0], list[1]) = (IPriceSource(rate), new MockSource(SHARE, SourceKind.PUSH, 1e18));
        bytes memory why = abi.encodeWithSelector(MedianOracle.KindRefused.selector, rate, SourceKind.DERIVED);
        _refuses(_listings(list), why);
    }

    function test_construction_refuses_another_shares_rate() public {
        MockRate other = new MockRate(NESTED, DOLLAR, RATE);
        bytes memory why = abi.encodeWithSelector(MedianOracle.WrongToken.selector, other, NESTED, SHARE);
        _refuses(_listings(_one(other)), why);
    }

    function test_construction_refuses_one_voice_that_is_no_rate() public {
        MockSource lone = new MockSource(SHARE, SourceKind.PUSH, 1e18);
        _refuses(_listings(_one(lone)), abi.encodeWithSelector(MedianOracle.WrongSourceCount.selector, SHARE, 1));
    }

    function test_construction_refuses_a_share_listed_twice() public {
        Listing[] memory listings = new Listing[](3);
        (listings[0], listings[1]) = (_listings(_one(rate))[0], _listings(_one(rate))[1]);
        listings[2] = listings[1];
        _refuses(listings, abi.encodeWithSelector(MedianOracle.TokenListedTwice.selector, SHARE));
    }

    // ------------------------------------------------------------------------------------------------- no price

    function test_a_rate_that_fails_in_any_way_leaves_errors_and_no_price() public {
        for (uint256 m; m <= uint256(type(Mischief).max); ++m) {
            rate.setMischief(address(new HostileSource(SHARE, Mischief(m))));
            _same(_ask(SHARE), 0, 0, 0);
            (Voice[] memory voices, Cluster memory made) = oracle.voices(SHARE, SPREAD);
            _same(made, 0, 0, 0);
            eq(voices.length, 3, "voices");
            for (uint256 i; i < 3; ++i) {
                require(voices[i].verdict == Verdict.ERROR && !voices[i].inCluster, "counted");
                eq(voices[i].price, 0, "price");
            }
        }
    }

    function test_a_rate_that_is_refused_leaves_no_price() public {
        rate.setVerdict(Verdict.NOT_POSITIVE);
        _same(_ask(SHARE), 0, 0, 0);
        (Voice[] memory voices,) = oracle.voices(SHARE, SPREAD);
        require(voices[0].verdict == Verdict.ERROR, "verdict");
    }

    function test_without_an_underlying_price_there_is_none() public {
        two.setVerdict(Verdict.STALE);
        _same(_ask(SHARE), 0, 0, 0);
        (Voice[] memory voices, Cluster memory made) = oracle.voices(SHARE, SPREAD);
        _same(made, 0, 0, 0);
        require(voices[1].verdict == Verdict.STALE, "the underlying's verdict shows");
        eq(voices[1].price, 1.1044e18, "and its price, scaled");
    }

    function test_a_price_that_rounds_to_nothing_or_passes_128_bits_is_none() public {
        uint128[2] memory rates = [uint128(0.9e18), type(uint128).max];
        uint128[2] memory prices = [uint128(1), type(uint128).max];
        for (uint256 i; i < 2; ++i) {
            rate.setPrice(rates[i]);
            one.setPrice(prices[i]);
            two.setPrice(prices[i]);
            require(_ask(DOLLAR).mid == prices[i], "the underlying has one");
            _same(_ask(SHARE), 0, 0, 0);
            (Voice[] memory voices, Cluster memory made) = oracle.voices(SHARE, SPREAD);
            _same(made, 0, 0, 0);
            require(voices[0].verdict == Verdict.NOT_POSITIVE && !voices[0].inCluster, "counted");
        }
    }

    function test_a_cluster_that_fits_128_bits_only_in_part_is_no_price() public {
        rate.setPrice(2e18);
        one.setPrice(1.699e38);
        two.setPrice(1.705e38); // twice that is beyond
        require(_ask(DOLLAR).high == 1.705e38, "the underlying has one");
        _same(_ask(SHARE), 0, 0, 0);
        (Voice[] memory voices,) = oracle.voices(SHARE, SPREAD);
        require(voices[0].verdict == Verdict.OK && !voices[0].inCluster, "the one that fits made no price");
        require(voices[1].verdict == Verdict.NOT_POSITIVE, "the other is none");
    }

    /// Whatever gas the caller sends: the full answer, or a revert. Never a share without a price for want of gas.
    function test_a_caller_cannot_silence_the_rate_by_sending_little_gas() public view {
        bytes memory call = abi.encodeCall(IPriceOracle.clusters, (_tokens(SHARE, DOLLAR), SPREAD));
        (uint256 answered, uint256 starved) = (0, 0);
        for (uint256 gas_ = 220_000; gas_ < 330_000; gas_ += 1_000) {
            (bool ok, bytes memory data) = address(oracle).staticcall{gas: gas_}(call);
            if (ok) {
                ++answered;
                _same(abi.decode(data, (Cluster[]))[0], 1.1022e18, 1.1e18, 1.1044e18);
            } else {
                ++starved;
                // casting is safe: only the selector is compared
                // forge-lint: disable-next-line(unsafe-typecast)
                yes(bytes4(data) == IPriceOracle.GasStarved.selector, "another error");
            }
        }
        require(answered > 10 && starved > 10, "both must occur");
    }

    // --------------------------------------------------------------------------------------------------- price

    function test_a_share_is_its_underlying_times_the_rate_in_any_order_and_alone() public view {
        Cluster[] memory found = oracle.clusters(_tokens(SHARE, DOLLAR), SPREAD);
        _same(found[0], 1.1022e18, 1.1e18, 1.1044e18);
        _same(found[1], 1.002e18, 1e18, 1.004e18);
        found = oracle.clusters(_tokens(DOLLAR, SHARE), SPREAD);
        _same(found[0], 1.002e18, 1e18, 1.004e18);
        _same(found[1], 1.1022e18, 1.1e18, 1.1044e18);
        _same(_ask(SHARE), 1.1022e18, 1.1e18, 1.1044e18);
    }

    function test_the_underlying_is_read_once_where_both_are_asked_for() public {
        // counting by gas: a feed that burns 50,000 each time it is read
        one.setBurn(50_000);
        uint256 lone = _gasOf(_tokens(DOLLAR, address(0)));
        uint256 both = _gasOf(_tokens(SHARE, DOLLAR));
        lt(both, lone + 45_000, "read twice");
        gt(lone, 50_000, "the feed burnt nothing");
    }

    function test_every_reader_hears_the_underlyings_voices_scaled() public {
        one.setUpdatedAt(1_600_000_000);
        (Voice[] memory voices, Cluster memory made) = oracle.voices(SHARE, SPREAD);
        _same(made, 1.1022e18, 1.1e18, 1.1044e18);
        eq(voices.length, 3, "voices");
        eq(voices[0].source, address(one), "source");
        eq(voices[0].price, 1.1e18, "first");
        eq(voices[0].updatedAt, 1_600_000_000, "its own age");
        eq(voices[1].price, 1.1044e18, "second");
        eq(voices[2].price, 1.155e18, "third");
        require(voices[0].inCluster && voices[1].inCluster && !voices[2].inCluster, "cluster");
        require(voices[2].kind == SourceKind.TWAP && voices[2].verdict == Verdict.OK, "third as it is");
        address[] memory seated = oracle.sources(SHARE);
        eq(seated.length, 1, "sources");
        eq(seated[0], address(rate), "its one source");
    }

    function test_fuzz_prices_are_rounded_down(uint128 a, uint128 b) public {
        uint128 price = uint128(bound(a, 1e9, 1e30));
        uint128 scale = uint128(bound(b, 1e12, 1e24));
        one.setPrice(price);
        two.setPrice(price);
        rate.setPrice(scale);
        uint256 expected = uint256(price) * scale / 1e18;
        _same(_ask(SHARE), expected, expected, expected);
    }

    // ------------------------------------------------------------------------------------------------- helpers

    function _gasOf(address[] memory tokens) private view returns (uint256 used) {
        used = gasleft();
        oracle.clusters(tokens, SPREAD);
        used -= gasleft();
    }

    function _listings(IPriceSource[] memory ofShare) private view returns (Listing[] memory listings) {
        listings = new Listing[](2);
        IPriceSource[] memory three = new IPriceSource[](3);
        (three[0], three[1], three[2]) = (one, two, late);
        listings[0] = Listing(DOLLAR, three);
        listings[1] = Listing(SHARE, ofShare);
    }

    function _refuses(Listing[] memory listings, bytes memory why) private {
        vm.expectRevert(why);
        new MedianOracle(listings);
    }

    function _one(IPriceSource source) private pure returns (IPriceSource[] memory list) {
        list = new IPriceSource[](1);
        list[0] = source;
    }

    function _ask(address token) private view returns (Cluster memory) {
        address[] memory tokens = new address[](1);
        tokens[0] = token;
        return oracle.clusters(tokens, SPREAD)[0];
    }

    function _tokens(address a, address b) private pure returns (address[] memory tokens) {
        tokens = new address[](2);
        (tokens[0], tokens[1]) = (a, b);
    }

    function _same(Cluster memory got, uint256 mid, uint256 low, uint256 high) private pure {
        eq(got.mid, mid, "mid");
        eq(got.low, low, "low");
        eq(got.high, high, "high");
    }
}
