// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Cluster, IPriceOracle, IPriceSource, Verdict, Voice} from "../../../contracts/interfaces/IPriceOracle.sol";
import {IAggregatorV3} from "../../../contracts/interfaces/venues/IAggregatorV3.sol";
import {Listing, MedianOracle} from "../../../contracts/MedianOracle.sol";
import {MockFeed} from "../../../contracts/mocks/MockFeed.sol";
import {MockToken} from "../../../contracts/mocks/MockToken.sol";
import {AggregatorSource} from "../../../contracts/sources/AggregatorSource.sol";
import {Base} from "../Base.sol";

/// The oracle reads the feeds of plain sources itself: it hears what the source would have said, and nothing else.
contract DirectFeedsTest is Base {
    uint256 private constant NOW = 1_700_000_000;
    uint256 private constant SPREAD = 100; // bps
    IAggregatorV3 private constant NO_SEQUENCER = IAggregatorV3(address(0));
    address private token;
    MockFeed private one;
    MockFeed private two;

    function setUp() public {
        vm.warp(NOW);
        token = address(new MockToken("TKN", 18));
        (one, two) = (new MockFeed(8, 2000e8), new MockFeed(18, 2001e18));
    }

    function testFuzz_it_hears_what_the_source_would_say(
        int256 answer,
        uint256 stamped,
        uint80 round,
        uint8 decimals,
        uint8 nowDecimals
    ) public {
        one = new MockFeed(uint8(bound(decimals, 0, 36)), 1);
        one.setRoundId(uint80(7 << 64) | 1);
        (AggregatorSource first, MedianOracle oracle) = _oracle();
        one.setRound(answer >> (round % 200), NOW, bound(stamped, NOW - 5_000, NOW + 1_000));
        one.setRoundId(round);
        if (nowDecimals < 64) one.setDecimals(nowDecimals);
        (uint128 price, uint40 time, Verdict verdict) = first.latest();
        (Voice[] memory heard,) = oracle.voices(token, SPREAD);
        eq(heard[0].price, price, "price");
        eq(heard[0].updatedAt, time, "time");
        eq(uint256(heard[0].verdict), uint256(verdict), "verdict");
        eq(heard[0].source, address(first), "who");
    }

    function test_the_feed_is_read_and_not_the_source() public {
        (AggregatorSource first, MedianOracle oracle) = _oracle();
        vm.etch(address(first), hex"fe");
        Cluster memory made = oracle.clusters(_tokens(), SPREAD)[0];
        eq(made.low, 2000e18, "low");
        eq(made.high, 2001e18, "high");
        eq(oracle.sources(token)[0], address(first), "named all the same");
    }

    function test_a_source_with_a_sequencer_is_asked_itself() public {
        MockFeed sequencer = new MockFeed(0, 0);
        sequencer.setRound(0, NOW - 4_000, NOW);
        IPriceSource[] memory list = new IPriceSource[](2);
        list[0] = new AggregatorSource(token, one, 3_600, sequencer, 1_800);
        list[1] = new AggregatorSource(token, two, 3_600, sequencer, 1_800);
        MedianOracle oracle = _listed(list);
        eq(oracle.clusters(_tokens(), SPREAD)[0].low, 2000e18, "while it is up");
        sequencer.setRound(1, NOW - 4_000, NOW);
        eq(oracle.clusters(_tokens(), SPREAD)[0].mid, 0, "while it is down");
    }

    function test_one_feed_behind_two_sources_is_refused() public {
        IPriceSource[] memory list = new IPriceSource[](2);
        list[0] = new AggregatorSource(token, one, 3_600, NO_SEQUENCER, 0);
        list[1] = new AggregatorSource(token, one, 7_200, NO_SEQUENCER, 0);
        vm.expectRevert(abi.encodeWithSelector(MedianOracle.FeedListedTwice.selector, one));
        _listed(list);
        MockFeed sequencer = new MockFeed(0, 0);
        list[1] = new AggregatorSource(token, one, 3_600, sequencer, 1_800);
        vm.expectRevert(abi.encodeWithSelector(MedianOracle.FeedListedTwice.selector, one));
        _listed(list);
    }

    function test_feeds_that_burn_their_gas_cost_a_bounded_amount_and_make_no_price() public {
        (, MedianOracle oracle) = _oracle();
        vm.etch(address(one), hex"5b600056");
        vm.etch(address(two), hex"5b600056");
        uint256 before = gasleft();
        eq(oracle.clusters(_tokens(), SPREAD)[0].mid, 0, "price");
        uint256 used = before - gasleft();
        le(used, 470_000, "two burners");
        ge(used, 440_000, "the burners did not burn");
    }

    /// The answer burns nearly all there is, the decimals the rest: together no more than one source may use.
    function test_a_feed_that_burns_at_its_decimals_too_stays_below_the_same_cap() public {
        one.setRoundId(1); // no phase: decimals are asked for
        (, MedianOracle oracle) = _oracle();
        vm.etch(address(one), address(new SlowFeed()).code);
        uint256 before = gasleft();
        (Voice[] memory heard,) = oracle.voices(token, SPREAD);
        le(before - gasleft(), 260_000, "one burner and an honest feed");
        require(heard[0].verdict == Verdict.ERROR, "believed");
    }

    /// Whatever gas the caller sends: the full answer, or a revert. Never an answer with a voice silenced.
    function test_a_caller_cannot_silence_a_feed_by_sending_little_gas() public {
        (, MedianOracle oracle) = _oracle();
        bytes memory call = abi.encodeCall(IPriceOracle.clusters, (_tokens(), SPREAD));
        (uint256 answered, uint256 starved) = (0, 0);
        for (uint256 gas_ = 200_000; gas_ < 300_000; gas_ += 1_000) {
            (bool ok, bytes memory data) = address(oracle).staticcall{gas: gas_}(call);
            if (ok) {
                ++answered;
                eq(abi.decode(data, (Cluster[]))[0].high, 2001e18, "a voice was silenced");
            } else {
                ++starved;
            }
        }
        require(answered > 10 && starved > 10, "both must occur");
    }

    function _oracle() private returns (AggregatorSource first, MedianOracle oracle) {
        first = new AggregatorSource(token, one, 3_600, NO_SEQUENCER, 0);
        IPriceSource[] memory list = new IPriceSource[](2);
        (list[0], list[1]) = (first, new AggregatorSource(token, two, 3_600, NO_SEQUENCER, 0));
        return (first, _listed(list));
    }

    function _listed(IPriceSource[] memory list) private returns (MedianOracle) {
        Listing[] memory listings = new Listing[](1);
        listings[0] = Listing(token, list);
        return new MedianOracle(listings);
    }

    function _tokens() private view returns (address[] memory list) {
        list = new address[](1);
        list[0] = token;
    }
}

/// Answers a round after 200,000 gas, and its decimals never.
contract SlowFeed {
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        uint256 enough = gasleft() - 200_000;
        while (gasleft() > enough) {}
        return (1, 2000e8, block.timestamp, block.timestamp, 1);
    }

    function decimals() external pure {
        while (true) {}
    }
}
