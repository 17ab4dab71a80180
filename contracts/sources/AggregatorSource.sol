// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Feed, IFeedSource, IPriceSource, SourceKind, Verdict} from "../interfaces/IPriceOracle.sol";
import {IAggregatorV3} from "../interfaces/venues/IAggregatorV3.sol";
import {PushFeed} from "../libraries/PushFeed.sol";

/// @title A push feed's voice: anything that speaks AggregatorV3 and quotes in USD
/// @dev A feed's decimals are compared on each read, but where its round ids show that the aggregator behind it is the one whose
/// decimals were compared: Chainlink's proxies count their aggregators in them, and an aggregator never changes its own.
/// @dev Warning: it is *not* checked that the feed prices this token, or in USD. A feed that stops at a bound of its own
/// while the market moves on (LUNA, 2022) looks fresh: the rulebook's sanity band and the cluster are there for that.
contract AggregatorSource is IFeedSource {
    error NoCode(address account);
    error MaxAgeOutOfRange(uint256 maxAge, uint256 ceiling);
    error DecimalsOutOfRange(uint256 decimals, uint256 ceiling);
    error GraceMismatch(address sequencerFeed, uint256 grace);

    // ---------------------------------------------------------------------------------------------- constants

    /// @notice Seconds. The longest heartbeat in use is 24 h; older than twice that, and some more, is no price.
    uint256 public constant MAX_AGE_CEILING = 3 days;
    /// @notice Above it the scale would not fit 128 bits; no feed known has more than 24.
    uint256 public constant DECIMALS_CEILING = 36;
    uint256 private constant PHASE_SHIFT = 64;
    /// @dev An L2 sequencer feed answers 0 while the sequencer is up.
    int256 private constant SEQUENCER_UP = 0;

    // --------------------------------------------------------------------------------------------- immutables

    /// @inheritdoc IPriceSource
    address public immutable token;
    IAggregatorV3 public immutable feed;
    /// @notice Decimals of the feed at deployment.
    uint8 public immutable feedDecimals;
    /// @notice What stood above the 64th bit of its round ids then; 0 = nothing, or no round yet.
    uint16 public immutable feedPhase;
    /// @notice Seconds after which an answer is stale.
    uint32 public immutable maxAge;
    /// @notice L2 sequencer uptime feed; 0 on a chain without.
    IAggregatorV3 public immutable sequencerFeed;
    /// @notice Seconds after the sequencer's return during which prices are refused.
    uint32 public immutable grace;

    // -------------------------------------------------------------------------------------------- constructor

    /// @param token_ what the feed prices
    /// @param feed_ its AggregatorV3, in USD
    /// @param maxAge_ seconds
    /// @param sequencerFeed_ 0 on a chain without a sequencer
    /// @param grace_ seconds; 0 exactly when there is no sequencer feed
    constructor(address token_, IAggregatorV3 feed_, uint32 maxAge_, IAggregatorV3 sequencerFeed_, uint32 grace_) {
        if (token_.code.length == 0) revert NoCode(token_);
        if (address(feed_).code.length == 0) revert NoCode(address(feed_));
        if (maxAge_ == 0 || maxAge_ > MAX_AGE_CEILING) revert MaxAgeOutOfRange(maxAge_, MAX_AGE_CEILING);
        bool sequenced = address(sequencerFeed_) != address(0);
        if (sequenced && address(sequencerFeed_).code.length == 0) revert NoCode(address(sequencerFeed_));
        if (sequenced != (grace_ > 0)) revert GraceMismatch(address(sequencerFeed_), grace_);
        uint8 decimals = feed_.decimals();
        if (decimals > DECIMALS_CEILING) revert DecimalsOutOfRange(decimals, DECIMALS_CEILING);
        token = token_;
        feed = feed_;
        maxAge = maxAge_;
        sequencerFeed = sequencerFeed_;
        grace = grace_;
        feedDecimals = decimals;
        feedPhase = _phase(feed_);
    }

    function _phase(IAggregatorV3 feed_) private view returns (uint16) {
        try feed_.latestRoundData() returns (uint80 round, int256, uint256, uint256, uint80) {
            // casting is safe: 80 bits less 64
            // forge-lint: disable-next-line(unsafe-typecast)
            return uint16(round >> PHASE_SHIFT);
        } catch {
            return 0; // no round yet: its decimals are compared on each read
        }
    }

    // -------------------------------------------------------------------------------------------------- reads

    /// @inheritdoc IPriceSource
    function kind() external pure returns (SourceKind) {
        return SourceKind.PUSH;
    }

    /// @inheritdoc IFeedSource
    function readAlone() external view returns (Feed memory, bool) {
        return (_feed(), address(sequencerFeed) == address(0));
    }

    /// @inheritdoc IPriceSource
    function latest() external view returns (uint128 price, uint40 updatedAt, Verdict verdict) {
        (price, updatedAt, verdict) = PushFeed.read(_feed(), gasleft());
        if (verdict != Verdict.OK || address(sequencerFeed) == address(0)) return (price, updatedAt, verdict);
        if (!_sequencerSettled()) verdict = Verdict.SEQUENCER;
    }

    function _feed() private view returns (Feed memory) {
        return Feed({at: address(feed), decimals: feedDecimals, maxAge: maxAge, phase: feedPhase});
    }

    /// @dev `since` 0 is a feed that has not begun, or a round that is no answer.
    function _sequencerSettled() private view returns (bool) {
        (, int256 answer, uint256 since,,) = sequencerFeed.latestRoundData();
        return answer == SEQUENCER_UP && since != 0 && since <= block.timestamp && block.timestamp - since > grace;
    }
}
