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
import {MockSource} from "../../../contracts/mocks/MockSource.sol";
import {Base} from "../Base.sol";

contract MedianOracleTest is Base {
    address private constant TOKEN = address(0x70);
    uint256 private constant SPREAD = 100; // bps
    uint128 private constant USD = 1e18;

    // -------------------------------------------------------------------------------------- construction refuses

    function test_construction_refuses_an_empty_list() public {
        vm.expectRevert(abi.encodeWithSelector(MedianOracle.NoListings.selector));
        new MedianOracle(new Listing[](0));
    }

    function test_construction_refuses_fewer_than_two_or_more_than_four_sources() public {
        for (uint256 count; count <= 5; ++count) {
            IPriceSource[] memory list = new IPriceSource[](count);
            for (uint256 i; i < count; ++i) {
                list[i] = _source(SourceKind.PUSH, USD);
            }
            if (count < 2 || count > 4) {
                _refuses(list, abi.encodeWithSelector(MedianOracle.WrongSourceCount.selector, TOKEN, count));
            } else {
                eq(_oracle(list).sources(TOKEN).length, count, "sources");
            }
        }
    }

    function test_construction_refuses_a_source_of_another_token() public {
        IPriceSource stranger = new MockSource(address(0x71), SourceKind.PUSH, USD);
        _refuses(
            _two(_source(SourceKind.PUSH, USD), stranger),
            abi.encodeWithSelector(MedianOracle.WrongToken.selector, stranger, address(0x71), TOKEN)
        );
    }

    function test_construction_refuses_the_same_source_twice() public {
        IPriceSource one = _source(SourceKind.PUSH, USD);
        _refuses(_two(one, one), abi.encodeWithSelector(MedianOracle.SourceListedTwice.selector, one));
    }

    function test_construction_refuses_a_push_feed_after_a_twap() public {
        IPriceSource late = _source(SourceKind.PUSH, USD);
        IPriceSource[] memory list = _three(_source(SourceKind.PUSH, USD), _source(SourceKind.TWAP, USD), late);
        _refuses(list, abi.encodeWithSelector(MedianOracle.PushFeedsFirst.selector, TOKEN, late));
    }

    function test_construction_refuses_a_token_without_a_push_feed() public {
        _refuses(
            _two(_source(SourceKind.TWAP, USD), _source(SourceKind.TWAP, USD)),
            abi.encodeWithSelector(MedianOracle.NoPushFeed.selector, TOKEN)
        );
    }

    function test_construction_refuses_a_derived_source() public {
        IPriceSource derived = _source(SourceKind.DERIVED, USD);
        _refuses(
            _two(_source(SourceKind.PUSH, USD), derived),
            abi.encodeWithSelector(MedianOracle.KindRefused.selector, derived, SourceKind.DERIVED)
        );
    }

    function test_construction_refuses_a_token_listed_twice() public {
        Listing[] memory listings = new Listing[](2);
        listings[0] = Listing(TOKEN, _two(_source(SourceKind.PUSH, USD), _source(SourceKind.PUSH, USD)));
        listings[1] = Listing(TOKEN, _two(_source(SourceKind.PUSH, USD), _source(SourceKind.PUSH, USD)));
        vm.expectRevert(abi.encodeWithSelector(MedianOracle.TokenListedTwice.selector, TOKEN));
        new MedianOracle(listings);
    }

    // ------------------------------------------------------------------------------------------------ no price

    function test_an_unlisted_token_has_no_price_no_voices_and_no_sources() public {
        MedianOracle oracle = _oracle(_two(_source(SourceKind.PUSH, USD), _source(SourceKind.PUSH, USD)));
        _same(_price(oracle, address(0x99)), 0, 0, 0);
        _same(_price(oracle, address(0)), 0, 0, 0);
        (Voice[] memory voices, Cluster memory cluster) = oracle.voices(address(0x99), SPREAD);
        eq(voices.length, 0, "voices");
        _same(cluster, 0, 0, 0);
        eq(oracle.sources(address(0x99)).length, 0, "sources");
    }

    function test_two_feeds_beyond_the_spread_make_no_price() public {
        MedianOracle oracle = _oracle(_two(_source(SourceKind.PUSH, USD), _source(SourceKind.PUSH, 1.0101e18)));
        _same(_price(oracle, TOKEN), 0, 0, 0);
    }

    function test_every_mischief_is_an_error_and_leaves_the_price_to_the_others() public {
        for (uint256 m; m <= uint256(type(Mischief).max); ++m) {
            IPriceSource bad = IPriceSource(address(new HostileSource(TOKEN, Mischief(m))));
            IPriceSource good = _source(SourceKind.PUSH, USD);
            MedianOracle oracle = _oracle(_three(bad, good, _source(SourceKind.PUSH, 1.002e18)));
            _same(_price(oracle, TOKEN), 1.001e18, USD, 1.002e18);
            (Voice[] memory voices, Cluster memory cluster) = oracle.voices(TOKEN, SPREAD);
            require(voices[0].verdict == Verdict.ERROR && !voices[0].inCluster, "mischief counted");
            eq(voices[0].price, 0, "mischief has a price");
            require(voices[1].inCluster && voices[2].inCluster, "the others");
            _same(cluster, 1.001e18, USD, 1.002e18);
        }
    }

    function test_four_gas_burners_cost_a_bounded_amount_and_make_no_price() public {
        IPriceSource[] memory list = new IPriceSource[](4);
        for (uint256 i; i < 4; ++i) {
            list[i] = IPriceSource(address(new HostileSource(TOKEN, Mischief.BURN)));
        }
        MedianOracle oracle = _oracle(list);
        uint256 before = gasleft();
        _same(_price(oracle, TOKEN), 0, 0, 0);
        uint256 used = before - gasleft();
        le(used, 930_000, "four burners");
        le(880_000, used, "the burners did not burn");
    }

    /// Whatever gas the caller sends: the full answer, or a revert. Never an answer with a voice silenced.
    function test_a_caller_cannot_silence_a_voice_by_sending_little_gas() public {
        MedianOracle oracle = _oracle(
            _three(_source(SourceKind.PUSH, USD), _source(SourceKind.PUSH, 1.0055e18), _source(SourceKind.TWAP, USD))
        );
        bytes memory call = abi.encodeCall(IPriceOracle.clusters, (_tokens(TOKEN), SPREAD));
        (uint256 answered, uint256 starved) = (0, 0);
        for (uint256 gas_ = 220_000; gas_ < 330_000; gas_ += 1_000) {
            (bool ok, bytes memory data) = address(oracle).staticcall{gas: gas_}(call);
            if (ok) {
                ++answered;
                _same(abi.decode(data, (Cluster[]))[0], USD, USD, 1.0055e18);
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

    function test_two_push_feeds_within_half_the_spread_are_not_asked_further() public {
        MedianOracle oracle = _oracle(
            _three(
                _source(SourceKind.PUSH, USD), _source(SourceKind.PUSH, 1.005e18), _source(SourceKind.TWAP, 1.001e18)
            )
        );
        _same(_price(oracle, TOKEN), 1.0025e18, USD, 1.005e18);
        (Voice[] memory voices, Cluster memory all) = oracle.voices(TOKEN, SPREAD);
        _same(all, 1.001e18, USD, 1.005e18);
        require(voices[2].inCluster, "voices reads all");
    }

    function test_beyond_half_the_spread_the_third_voice_is_read() public {
        MedianOracle oracle = _oracle(
            _three(
                _source(SourceKind.PUSH, USD), _source(SourceKind.PUSH, 1.00501e18), _source(SourceKind.TWAP, 1.001e18)
            )
        );
        _same(_price(oracle, TOKEN), 1.001e18, USD, 1.00501e18);
    }

    function test_a_twap_as_second_voice_never_ends_the_reading() public {
        MedianOracle oracle = _oracle(
            _three(_source(SourceKind.PUSH, USD), _source(SourceKind.TWAP, USD), _source(SourceKind.TWAP, 1.004e18))
        );
        _same(_price(oracle, TOKEN), USD, USD, 1.004e18);
    }

    function test_a_stale_first_feed_is_replaced_by_a_twap() public {
        MockSource stale = _source(SourceKind.PUSH, USD);
        stale.setVerdict(Verdict.STALE);
        MedianOracle oracle = _oracle(_three(stale, _source(SourceKind.PUSH, 2e18), _source(SourceKind.TWAP, 2.002e18)));
        _same(_price(oracle, TOKEN), 2.001e18, 2e18, 2.002e18);
        (Voice[] memory voices,) = oracle.voices(TOKEN, SPREAD);
        require(voices[0].verdict == Verdict.STALE && !voices[0].inCluster, "stale");
        eq(voices[0].price, USD, "the stale price is still shown");
        eq(voices[0].updatedAt, block.timestamp, "with its time");
    }

    function test_a_lying_minority_does_not_move_the_price_beyond_the_honest_voices() public {
        MedianOracle oracle = _oracle(
            _three(
                _source(SourceKind.PUSH, type(uint128).max),
                _source(SourceKind.PUSH, USD),
                _source(SourceKind.TWAP, USD)
            )
        );
        _same(_price(oracle, TOKEN), USD, USD, USD);
    }

    function test_prices_come_in_the_order_asked() public {
        Listing[] memory listings = new Listing[](2);
        listings[0] = Listing(TOKEN, _two(_source(SourceKind.PUSH, USD), _source(SourceKind.PUSH, USD)));
        address other = address(0x71);
        listings[1] = Listing(
            other, _two(new MockSource(other, SourceKind.PUSH, 5e18), new MockSource(other, SourceKind.PUSH, 5e18))
        );
        address[] memory asked = new address[](3);
        (asked[0], asked[1], asked[2]) = (other, address(0), TOKEN);
        Cluster[] memory got = new MedianOracle(listings).clusters(asked, SPREAD);
        _same(got[0], 5e18, 5e18, 5e18);
        _same(got[1], 0, 0, 0);
        _same(got[2], USD, USD, USD);
    }

    /// With an honest majority of three voices within the spread, the price is at most the spread outside their range; or
    /// there is none, where the lie agrees with the TWAP as the honest feed does: a push feed and the TWAP either way.
    function test_fuzz_one_liar_among_three_moves_the_price_at_most_the_spread(uint256 a, uint256 b, uint128 lie)
        public
    {
        uint128 one = uint128(bound(a, 1e18, 1.002e18));
        uint128 two = uint128(bound(b, 1e18, 1.002e18));
        MedianOracle oracle = _oracle(
            _three(_source(SourceKind.PUSH, lie), _source(SourceKind.PUSH, one), _source(SourceKind.TWAP, two))
        );
        Cluster memory got = _price(oracle, TOKEN);
        if (got.mid == 0) {
            (uint256 nearer, uint256 further) = lie < two ? (lie, two) : (two, lie);
            le((further - nearer) * 10_000, SPREAD * nearer, "no price, and no tie");
            return;
        }
        (uint256 low, uint256 high) = one < two ? (one, two) : (two, one);
        le(low * 10_000, uint256(got.mid) * (10_000 + SPREAD), "too low");
        le(uint256(got.mid) * 10_000, high * (10_000 + SPREAD), "too high");
        le(got.low, got.mid, "low above mid");
        le(got.mid, got.high, "mid above high");
    }

    // ------------------------------------------------------------------------------------------------- helpers

    function _refuses(IPriceSource[] memory list, bytes memory why) private {
        Listing[] memory listings = new Listing[](1);
        listings[0] = Listing(TOKEN, list);
        vm.expectRevert(why);
        new MedianOracle(listings);
    }

    function _oracle(IPriceSource[] memory list) private returns (MedianOracle) {
        Listing[] memory listings = new Listing[](1);
        listings[0] = Listing(TOKEN, list);
        return new MedianOracle(listings);
    }

    function _source(SourceKind kind, uint128 price) private returns (MockSource) {
        return new MockSource(TOKEN, kind, price);
    }

    function _price(MedianOracle oracle, address token) private view returns (Cluster memory) {
        return oracle.clusters(_tokens(token), SPREAD)[0];
    }

    function _tokens(address token) private pure returns (address[] memory tokens) {
        tokens = new address[](1);
        tokens[0] = token;
    }

    function _two(IPriceSource a, IPriceSource b) private pure returns (IPriceSource[] memory list) {
        list = new IPriceSource[](2);
        (list[0], list[1]) = (a, b);
    }

    function _three(IPriceSource a, IPriceSource b, IPriceSource c) private pure returns (IPriceSource[] memory list) {
        list = new IPriceSource[](3);
        (list[0], list[1], list[2]) = (a, b, c);
    }

    function _same(Cluster memory got, uint256 mid, uint256 low, uint256 high) private pure {
        eq(got.mid, mid, "mid");
        eq(got.low, low, "low");
        eq(got.high, high, "high");
    }
}
