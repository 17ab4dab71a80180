// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {IPriceSource, SourceKind, Verdict} from "../interfaces/IPriceOracle.sol";
import {IUniswapV3Pool} from "../interfaces/venues/IUniswapV3Pool.sol";
import {SourceReader} from "../libraries/SourceReader.sol";
import {TickPrice} from "../libraries/TickPrice.sol";

/// @title A Uniswap V3 pool's voice: the time-weighted mean of its log price
/// @dev In USD by the quote token's own push feeds. Late by construction, so it never makes a price alone.
/// @dev Warning: it is *not* checked that `pool` came from Uniswap's factory. A pool thinner than `minLiquidity` can be
/// bent (Rodeo, 2023); the least liquidity is the deployer's judgement of what bending it would cost.
contract TwapSource is IPriceSource {
    /// @notice What the pool must be for its mean to count.
    /// @param window seconds the mean runs over
    /// @param minLiquidity the pool's L, harmonic mean over the window, at least
    /// @param minCardinality observations the pool keeps, or will once its ring has grown, at least; it writes one a
    /// block in which it trades
    struct Terms {
        uint32 window;
        uint128 minLiquidity;
        uint16 minCardinality;
    }

    error WindowOutOfRange(uint256 window, uint256 least, uint256 most);
    error NoLiquidityBound();
    error CardinalityTooSmall(uint256 cardinality, uint256 least);
    error TokenNotInPool(address token, address pool);
    error WrongQuoteCount(uint256 count);
    error QuoteListedTwice(address source);
    error WrongQuote(address source, address priced, address quote);
    error QuoteNotPush(address source);
    error DecimalsOutOfRange(uint256 decimals, uint256 ceiling);

    // ---------------------------------------------------------------------------------------------- constants

    /// @notice Seconds. Bending a shorter mean means holding the pool off the market for less than 50 blocks of 12 s.
    uint256 public constant MIN_WINDOW = 10 minutes;
    /// @notice Seconds. A longer mean is so late that it would leave the cluster on any busy day.
    uint256 public constant MAX_WINDOW = 6 hours;
    /// @notice Keeps price * 10^decimals * 2^128 inside TickPrice's words.
    uint256 public constant DECIMALS_CEILING = 24;
    /// @notice Gas one quote feed may use: cold, with a sequencer feed, about 40k. One that burns it all and a cold
    /// `observe` of 97k, the most it can take, still fit the reader's cap: a burning quote feed leaves the other its say.
    uint256 public constant QUOTE_GAS = 45_000;

    // --------------------------------------------------------------------------------------------- immutables

    /// @inheritdoc IPriceSource
    address public immutable token;
    IUniswapV3Pool public immutable pool;
    /// @notice Seconds the mean runs over.
    uint32 public immutable window;
    /// @notice The pool's L, harmonic mean over the window, at least.
    uint128 public immutable minLiquidity;
    /// @notice Push feeds of the pool's other token; the second may be 0.
    IPriceSource public immutable quoteOne;
    IPriceSource public immutable quoteTwo;
    bool private immutable _tokenIsZero;
    uint256 private immutable _tokenUnit;
    uint256 private immutable _quoteUnit;

    // -------------------------------------------------------------------------------------------- constructor

    /// @param quotes one or two push sources of the pool's other token
    constructor(address token_, IUniswapV3Pool pool_, Terms memory terms, IPriceSource[] memory quotes) {
        if (terms.window < MIN_WINDOW || terms.window > MAX_WINDOW) {
            revert WindowOutOfRange(terms.window, MIN_WINDOW, MAX_WINDOW);
        }
        if (terms.minLiquidity == 0) revert NoLiquidityBound();
        (address zero, address one) = (pool_.token0(), pool_.token1());
        if (token_ != zero && token_ != one) revert TokenNotInPool(token_, address(pool_));
        (,,,, uint16 cardinality,,) = pool_.slot0();
        if (cardinality < terms.minCardinality) revert CardinalityTooSmall(cardinality, terms.minCardinality);
        address quote = token_ == zero ? one : zero;
        _checkQuotes(quotes, quote);
        token = token_;
        pool = pool_;
        window = terms.window;
        minLiquidity = terms.minLiquidity;
        quoteOne = quotes[0];
        quoteTwo = quotes.length > 1 ? quotes[1] : IPriceSource(address(0));
        _tokenIsZero = token_ == zero;
        _tokenUnit = _unit(token_);
        _quoteUnit = _unit(quote);
    }

    function _checkQuotes(IPriceSource[] memory quotes, address quote) private view {
        if (quotes.length == 0 || quotes.length > 2) revert WrongQuoteCount(quotes.length);
        for (uint256 i; i < quotes.length; ++i) {
            address priced = quotes[i].token();
            if (priced != quote) revert WrongQuote(address(quotes[i]), priced, quote);
            if (quotes[i].kind() != SourceKind.PUSH) revert QuoteNotPush(address(quotes[i]));
        }
        if (quotes.length == 2 && quotes[0] == quotes[1]) revert QuoteListedTwice(address(quotes[0]));
    }

    function _unit(address of_) private view returns (uint256) {
        uint256 decimals = IERC20Metadata(of_).decimals();
        if (decimals > DECIMALS_CEILING) revert DecimalsOutOfRange(decimals, DECIMALS_CEILING);
        return 10 ** decimals;
    }

    // -------------------------------------------------------------------------------------------------- reads

    /// @inheritdoc IPriceSource
    function kind() external pure returns (SourceKind) {
        return SourceKind.TWAP;
    }

    /// @inheritdoc IPriceSource
    /// @dev `updatedAt` is now: the window ends at this block. If nobody has traded in it, the pool's price stood.
    function latest() external view returns (uint128 price, uint40 updatedAt, Verdict verdict) {
        int256 tick;
        uint256 liquidity;
        (tick, liquidity, verdict) = _mean();
        if (verdict != Verdict.OK) return (0, 0, verdict);
        uint256 quotePrice = _quotePrice();
        if (quotePrice == 0) return (0, 0, Verdict.QUOTE);
        uint256 value = TickPrice.usd(_tokenIsZero ? tick : -tick, _tokenUnit, _quoteUnit, quotePrice);
        updatedAt = uint40(block.timestamp);
        if (value == 0 || value > type(uint128).max) return (0, updatedAt, Verdict.NOT_POSITIVE);
        // casting is safe: compared in the line above
        // forge-lint: disable-next-line(unsafe-typecast)
        return (uint128(value), updatedAt, liquidity < minLiquidity ? Verdict.THIN : Verdict.OK);
    }

    /// @return tick the mean tick over the window, rounded towards minus infinity as the pool itself rounds
    /// @return liquidity harmonic mean of the pool's L over the window, rounded down
    /// @return verdict YOUNG when the history is shorter than the window; reverts where the pool fails in another way
    function _mean() private view returns (int256 tick, uint256 liquidity, Verdict verdict) {
        uint32[] memory ago = new uint32[](2);
        ago[0] = window;
        try pool.observe(ago) returns (int56[] memory ticks, uint160[] memory perLiquidity) {
            int256 span = int256(uint256(window));
            // both accumulators wrap by design, and only their difference has a meaning
            unchecked {
                int256 moved = ticks[1] - ticks[0];
                tick = moved / span;
                if (moved < 0 && moved % span != 0) --tick;
                uint160 inverse = perLiquidity[1] - perLiquidity[0];
                liquidity = inverse == 0 ? 0 : (uint256(window) << 128) / inverse;
            }
            return (tick, liquidity, Verdict.OK);
        } catch Error(string memory reason) {
            return (0, 0, keccak256(bytes(reason)) == keccak256("OLD") ? Verdict.YOUNG : Verdict.ERROR);
        }
    }

    /// @return USD per whole quote token, 18 decimals: mean of the fresh feeds, rounded down; 0 when none is
    function _quotePrice() private view returns (uint256) {
        (uint256 sum, uint256 count) = (0, 0);
        (uint256 one,, Verdict heardOne) = SourceReader.read(address(quoteOne), QUOTE_GAS);
        if (heardOne == Verdict.OK) (sum, count) = (one, 1);
        if (address(quoteTwo) != address(0)) {
            (uint256 two,, Verdict heardTwo) = SourceReader.read(address(quoteTwo), QUOTE_GAS);
            if (heardTwo == Verdict.OK) (sum, count) = (sum + two, count + 1);
        }
        return count == 0 ? 0 : sum / count;
    }
}
