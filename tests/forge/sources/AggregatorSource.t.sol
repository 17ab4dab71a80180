// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SourceKind, Verdict} from "../../../contracts/interfaces/IPriceOracle.sol";
import {IAggregatorV3} from "../../../contracts/interfaces/venues/IAggregatorV3.sol";
import {MockFeed} from "../../../contracts/mocks/MockFeed.sol";
import {MockToken} from "../../../contracts/mocks/MockToken.sol";
import {AggregatorSource} from "../../../contracts/sources/AggregatorSource.sol";
import {Base} from "../Base.sol";

contract AggregatorSourceTest is Base {
    uint256 private constant NOW = 1_700_000_000;
    uint32 private constant MAX_AGE = 3_600;
    uint32 private constant GRACE = 1_800;
    IAggregatorV3 private constant NO_SEQUENCER = IAggregatorV3(address(0));
    address private token;
    MockFeed private feed;
    MockFeed private sequencer;

    function setUp() public {
        vm.warp(NOW);
        token = address(new MockToken("TKN", 18));
        feed = new MockFeed(8, 2000e8);
        sequencer = new MockFeed(0, 0);
    }

    // -------------------------------------------------------------------------------------- construction refuses

    function test_construction_refuses_a_token_without_code() public {
        vm.expectRevert(abi.encodeWithSelector(AggregatorSource.NoCode.selector, address(1)));
        new AggregatorSource(address(1), feed, MAX_AGE, NO_SEQUENCER, 0);
    }

    function test_construction_refuses_a_feed_without_code() public {
        vm.expectRevert(abi.encodeWithSelector(AggregatorSource.NoCode.selector, address(1)));
        new AggregatorSource(token, IAggregatorV3(address(1)), MAX_AGE, NO_SEQUENCER, 0);
    }

    function test_construction_refuses_a_sequencer_feed_without_code() public {
        vm.expectRevert(abi.encodeWithSelector(AggregatorSource.NoCode.selector, address(1)));
        new AggregatorSource(token, feed, MAX_AGE, IAggregatorV3(address(1)), GRACE);
    }

    function test_construction_refuses_no_max_age_and_one_beyond_three_days() public {
        vm.expectRevert(abi.encodeWithSelector(AggregatorSource.MaxAgeOutOfRange.selector, 0, 3 days));
        new AggregatorSource(token, feed, 0, NO_SEQUENCER, 0);
        vm.expectRevert(abi.encodeWithSelector(AggregatorSource.MaxAgeOutOfRange.selector, 3 days + 1, 3 days));
        new AggregatorSource(token, feed, 3 days + 1, NO_SEQUENCER, 0);
    }

    function test_construction_refuses_a_grace_without_a_sequencer_and_a_sequencer_without_a_grace() public {
        vm.expectRevert(abi.encodeWithSelector(AggregatorSource.GraceMismatch.selector, address(0), GRACE));
        new AggregatorSource(token, feed, MAX_AGE, NO_SEQUENCER, GRACE);
        vm.expectRevert(abi.encodeWithSelector(AggregatorSource.GraceMismatch.selector, sequencer, 0));
        new AggregatorSource(token, feed, MAX_AGE, sequencer, 0);
    }

    function test_construction_refuses_more_decimals_than_can_be_scaled() public {
        feed.setDecimals(37);
        vm.expectRevert(abi.encodeWithSelector(AggregatorSource.DecimalsOutOfRange.selector, 37, 36));
        new AggregatorSource(token, feed, MAX_AGE, NO_SEQUENCER, 0);
    }

    // ------------------------------------------------------------------------------------------------- verdicts

    function test_an_answer_at_its_max_age_is_ok_and_a_second_later_stale() public {
        AggregatorSource source = _source();
        vm.warp(NOW + MAX_AGE);
        _says(source, 2000e18, NOW, Verdict.OK);
        vm.warp(NOW + MAX_AGE + 1);
        _says(source, 2000e18, NOW, Verdict.STALE);
    }

    function test_an_answer_never_updated_is_stale() public {
        feed.setRound(2000e8, 0, 0);
        _says(_source(), 2000e18, 0, Verdict.STALE);
    }

    function test_an_answer_from_the_future_is_refused() public {
        feed.setRound(2000e8, NOW, NOW + 1);
        _says(_source(), 2000e18, NOW + 1, Verdict.FUTURE);
        feed.setRound(2000e8, NOW, type(uint256).max);
        _says(_source(), 2000e18, type(uint40).max, Verdict.FUTURE);
    }

    function test_zero_negative_and_immense_answers_are_not_positive() public {
        AggregatorSource source = _source();
        int256[5] memory bad = [int256(0), -1, type(int256).min, type(int256).max, int256(uint256(1) << 128)];
        for (uint256 i; i < bad.length; ++i) {
            feed.setRound(bad[i], NOW, NOW);
            _says(source, 0, NOW, Verdict.NOT_POSITIVE);
        }
    }

    function test_a_price_beyond_128_bits_after_scaling_is_not_positive() public {
        int256 most = int256(uint256(type(uint128).max / 1e10));
        feed.setRound(most, NOW, NOW);
        AggregatorSource source = _source();
        _says(source, type(uint128).max / 1e10 * 1e10, NOW, Verdict.OK);
        feed.setRound(most + 1, NOW, NOW);
        _says(source, 0, NOW, Verdict.NOT_POSITIVE);
    }

    function test_a_feed_whose_decimals_changed_is_refused() public {
        AggregatorSource source = _source();
        feed.setDecimals(18);
        (,, Verdict verdict) = source.latest();
        require(verdict == Verdict.DECIMALS_CHANGED, "decimals");
    }

    function test_a_feed_that_reverts_burns_its_gas_or_answers_garbage_is_an_error() public {
        AggregatorSource source = _source();
        bytes[6] memory codes = [
            bytes(hex"fe"), // burns all its gas
            hex"60006000fd", // reverts
            hex"5b600056", // burns it in a loop
            hex"00", // answers nothing
            hex"609f6000f3", // one byte less than a round
            hex"600160501b5f5260a05ff3" // a round id of 81 bits
        ];
        for (uint256 i; i < codes.length; ++i) {
            vm.etch(address(feed), codes[i]);
            (uint128 price, uint40 time, Verdict verdict) = source.latest{gas: 1_000_000}();
            require(verdict == Verdict.ERROR && price == 0 && time == 0, "garbage believed");
        }
    }

    // -------------------------------------------------------------------------------------------------- decimals

    function test_decimals_are_compared_again_where_the_feeds_phase_has_moved() public {
        feed.setRoundId((7 << 64) | 3);
        AggregatorSource source = _source();
        eq(source.feedPhase(), 7, "phase");
        feed.setRoundId((8 << 64) | 1);
        _says(source, 2000e18, NOW, Verdict.OK);
        feed.setDecimals(18);
        _says(source, 2000e18, NOW, Verdict.DECIMALS_CHANGED);
    }

    function test_decimals_are_compared_on_each_read_where_round_ids_carry_no_phase() public {
        feed.setRoundId(type(uint64).max);
        AggregatorSource source = _source();
        eq(source.feedPhase(), 0, "phase");
        feed.setDecimals(7);
        _says(source, 2000e18, NOW, Verdict.DECIMALS_CHANGED);
    }

    /// Within a phase the aggregator behind the proxy is the same, and its decimals are not asked for again.
    function test_decimals_are_not_asked_for_within_the_phase_they_were_compared_in() public {
        feed.setRoundId((7 << 64) | 3);
        AggregatorSource source = _source();
        vm.mockCallRevert(address(feed), abi.encodeCall(IAggregatorV3.decimals, ()), "asked");
        _says(source, 2000e18, NOW, Verdict.OK);
        feed.setRoundId((8 << 64) | 1);
        (,, Verdict verdict) = source.latest();
        require(verdict == Verdict.ERROR, "not asked in another phase");
    }

    function test_a_feed_without_a_round_yet_has_no_phase() public {
        vm.mockCallRevert(address(feed), abi.encodeCall(IAggregatorV3.latestRoundData, ()), "no round");
        eq(_source().feedPhase(), 0, "phase");
    }

    // ------------------------------------------------------------------------------------------------ sequencer

    function test_prices_are_refused_while_the_sequencer_is_down_and_until_its_grace_is_over() public {
        AggregatorSource source = new AggregatorSource(token, feed, MAX_AGE, sequencer, GRACE);
        sequencer.setRound(1, NOW - GRACE - 1, NOW);
        _says(source, 2000e18, NOW, Verdict.SEQUENCER);
        sequencer.setRound(0, NOW - GRACE, NOW);
        _says(source, 2000e18, NOW, Verdict.SEQUENCER);
        sequencer.setRound(0, NOW - GRACE - 1, NOW);
        _says(source, 2000e18, NOW, Verdict.OK);
    }

    function test_a_sequencer_feed_not_begun_or_ahead_of_time_is_refused() public {
        AggregatorSource source = new AggregatorSource(token, feed, MAX_AGE, sequencer, GRACE);
        sequencer.setRound(0, 0, NOW);
        _says(source, 2000e18, NOW, Verdict.SEQUENCER);
        sequencer.setRound(0, NOW + 1, NOW);
        _says(source, 2000e18, NOW, Verdict.SEQUENCER);
    }

    // ---------------------------------------------------------------------------------------------------- price

    function test_decimals_below_at_and_above_eighteen_are_scaled_down_to_eighteen() public {
        uint8[5] memory decimals = [0, 6, 18, 24, 36];
        for (uint256 i; i < decimals.length; ++i) {
            feed = new MockFeed(decimals[i], int256(1234 * 10 ** uint256(decimals[i])));
            _says(_source(), 1234e18, NOW, Verdict.OK);
        }
        feed = new MockFeed(24, 1_999_999);
        _says(_source(), 1, NOW, Verdict.OK); // rounded down
        feed = new MockFeed(24, 999_999);
        _says(_source(), 0, NOW, Verdict.NOT_POSITIVE); // rounded down to nothing
    }

    function test_it_is_a_push_feed_of_its_token() public {
        AggregatorSource source = _source();
        require(source.kind() == SourceKind.PUSH && source.token() == token, "identity");
    }

    function _source() private returns (AggregatorSource) {
        return new AggregatorSource(token, feed, MAX_AGE, NO_SEQUENCER, 0);
    }

    function _says(AggregatorSource source, uint128 price, uint256 updatedAt, Verdict verdict) private view {
        (uint128 gotPrice, uint40 gotTime, Verdict gotVerdict) = source.latest();
        eq(uint256(gotVerdict), uint256(verdict), "verdict");
        eq(gotPrice, price, "price");
        eq(gotTime, updatedAt, "time");
    }
}
