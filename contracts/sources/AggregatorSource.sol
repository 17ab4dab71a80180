// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceSource, SourceKind, Verdict} from "../interfaces/IPriceOracle.sol";
import {IAggregatorV3} from "../interfaces/venues/IAggregatorV3.sol";

/// @title A push feed's voice: anything that speaks AggregatorV3 and quotes in USD
/// @dev Reverts when the feed reverts; the reader makes that Verdict.ERROR.
/// @dev Warning: it is *not* checked that the feed prices this token, or in USD. A feed that stops at a bound of its own
/// while the market moves on (LUNA, 2022) looks fresh: the rulebook's sanity band and the cluster are there for that.
contract AggregatorSource is IPriceSource {
    error NoCode(address account);
    error MaxAgeOutOfRange(uint256 maxAge, uint256 ceiling);
    error DecimalsOutOfRange(uint256 decimals, uint256 ceiling);
    error GraceMismatch(address sequencerFeed, uint256 grace);

    // ---------------------------------------------------------------------------------------------- constants

    /// @notice Seconds. The longest heartbeat in use is 24 h; older than twice that, and some more, is no price.
    uint256 public constant MAX_AGE_CEILING = 3 days;
    /// @notice Above it the scale would not fit 128 bits; no feed known has more than 24.
    uint256 public constant DECIMALS_CEILING = 36;
    uint8 private constant PRICE_DECIMALS = 18;
    /// @dev An L2 sequencer feed answers 0 while the sequencer is up.
    int256 private constant SEQUENCER_UP = 0;

    // --------------------------------------------------------------------------------------------- immutables

    /// @inheritdoc IPriceSource
    address public immutable token;
    IAggregatorV3 public immutable feed;
    /// @notice Decimals of the feed at deployment, compared on each read.
    uint8 public immutable feedDecimals;
    /// @notice Seconds after which an answer is stale.
    uint32 public immutable maxAge;
    /// @notice L2 sequencer uptime feed; 0 on a chain without.
    IAggregatorV3 public immutable sequencerFeed;
    /// @notice Seconds after the sequencer's return during which prices are refused.
    uint32 public immutable grace;
    /// @dev 10^|18 - feedDecimals|
    uint256 private immutable _scale;

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
        _scale = 10 ** (decimals <= PRICE_DECIMALS ? PRICE_DECIMALS - decimals : decimals - PRICE_DECIMALS);
    }

    // -------------------------------------------------------------------------------------------------- reads

    /// @inheritdoc IPriceSource
    function kind() external pure returns (SourceKind) {
        return SourceKind.PUSH;
    }

    /// @inheritdoc IPriceSource
    function latest() external view returns (uint128 price, uint40 updatedAt, Verdict verdict) {
        (, int256 answer,, uint256 stamped,) = feed.latestRoundData();
        price = _scaled(answer);
        // casting is safe: compared in the same expression
        // forge-lint: disable-next-line(unsafe-typecast)
        updatedAt = stamped > type(uint40).max ? type(uint40).max : uint40(stamped);
        verdict = _judge(price, stamped);
    }

    function _judge(uint128 price, uint256 stamped) private view returns (Verdict) {
        if (feed.decimals() != feedDecimals) return Verdict.DECIMALS_CHANGED;
        if (price == 0) return Verdict.NOT_POSITIVE;
        if (stamped > block.timestamp) return Verdict.FUTURE;
        if (block.timestamp - stamped > maxAge) return Verdict.STALE;
        if (address(sequencerFeed) != address(0) && !_sequencerSettled()) return Verdict.SEQUENCER;
        return Verdict.OK;
    }

    /// @return USD, 18 decimals, rounded down; 0 for what is not positive or beyond 128 bits
    function _scaled(int256 answer) private view returns (uint128) {
        if (answer <= 0) return 0;
        // casting is safe: answer is above 0
        // forge-lint: disable-next-line(unsafe-typecast)
        uint256 raw = uint256(answer);
        if (feedDecimals > PRICE_DECIMALS) {
            raw /= _scale;
        } else {
            if (raw > type(uint128).max) return 0;
            raw *= _scale; // at most 2^128 * 10^18 < 2^188
        }
        // casting is safe: compared in the same expression
        // forge-lint: disable-next-line(unsafe-typecast)
        return raw > type(uint128).max ? 0 : uint128(raw);
    }

    /// @dev `since` 0 is a feed that has not begun, or a round that is no answer.
    function _sequencerSettled() private view returns (bool) {
        (, int256 answer, uint256 since,,) = sequencerFeed.latestRoundData();
        return answer == SEQUENCER_UP && since != 0 && since <= block.timestamp && block.timestamp - since > grace;
    }
}
