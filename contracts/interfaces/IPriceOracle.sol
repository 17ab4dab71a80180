// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Where a voice comes from. A price needs at least one PUSH voice: a TWAP is late by construction.
enum SourceKind {
    PUSH,
    TWAP,
    DERIVED
}

/// @notice What the reader makes of a voice.
enum Verdict {
    OK,
    STALE, // older than the source's own max age
    FUTURE, // stamped ahead of the block
    NOT_POSITIVE, // zero, negative, or beyond 128 bits
    DECIMALS_CHANGED, // the feed's decimals are not those of deployment
    SEQUENCER, // L2 sequencer down, or within its grace period
    THIN, // pool liquidity below the source's minimum
    YOUNG, // pool history shorter than the window
    QUOTE, // the quote token's own feeds give no price
    ERROR // reverted, ran out of its gas cap, or answered garbage
}

/// @title One voice on one token's price
/// @dev Immutable; may revert or burn gas when its own parts do: the reader caps and survives it.
interface IPriceSource {
    /// @return price USD per whole token, 18 decimals (a DERIVED source's rate: see IDerivedSource); 0 unless it could be
    /// computed
    /// @return updatedAt unix seconds of the observation
    /// @return verdict OK only if the voice may be counted
    function latest() external view returns (uint128 price, uint40 updatedAt, Verdict verdict);
    function kind() external view returns (SourceKind);
    /// @notice The token this source prices.
    function token() external view returns (address);
}

/// @notice A feed and how it is judged.
/// @param at its AggregatorV3, in USD
/// @param decimals those it had when it was first looked at
/// @param maxAge seconds after which an answer is stale
/// @param phase what stood above the 64th bit of its round ids then; 0 = nothing
struct Feed {
    address at;
    uint8 decimals;
    uint32 maxAge;
    uint16 phase;
}

/// @title A push voice that stands on one AggregatorV3 and nothing else, or tells that it needs more
interface IFeedSource is IPriceSource {
    /// @return feed what this source reads
    /// @return alone whether the feed is all it reads, so that an oracle may read it itself
    function readAlone() external view returns (Feed memory feed, bool alone);
}

/// @title One token's rate in another: a voice that is no price before the underlying's is known
/// @dev Kind DERIVED. The oracle multiplies: the underlying's voices, each with its own freshness, times this rate.
interface IDerivedSource is IPriceSource {
    /// @notice The token in which the rate counts.
    function underlying() external view returns (address);
    /// @return rate whole underlying per whole token, 18 decimals, instead of a price; 0 unless it could be computed
    /// @return updatedAt unix seconds of the observation
    /// @return verdict OK only if the rate may be used
    function latest() external view override returns (uint128 rate, uint40 updatedAt, Verdict verdict);
}

/// @notice One voice as the oracle read it. `inCluster`: it made the price.
struct Voice {
    address source;
    SourceKind kind;
    Verdict verdict;
    bool inCluster;
    uint128 price;
    uint40 updatedAt;
}

/// @notice The price: the largest set of voices within the spread. All 0 = no price. USD per whole token, 18 decimals.
struct Cluster {
    uint128 mid; // median; even count: mean of the middle two, rounded down
    uint128 low;
    uint128 high;
}

/// @title Multi-source price, keyed by token
/// @dev Never reverts for what a source does. Reverts only with GasStarved, so that a caller cannot silence a voice by
/// sending too little gas.
interface IPriceOracle {
    error GasStarved(uint256 left, uint256 needed);

    /// @notice One price vector: a cluster a token, in order; all 0 where there is none.
    /// @param spreadBps voices within this of each other form a cluster
    function clusters(address[] calldata tokens, uint256 spreadBps) external view returns (Cluster[] memory);
    /// @notice Every voice on `token`, each read, and the cluster they make. On a token with a DERIVED source: the voices on
    /// its underlying, times the rate.
    function voices(address token, uint256 spreadBps) external view returns (Voice[] memory, Cluster memory);
    /// @notice The sources of `token`, push feeds first.
    function sources(address token) external view returns (address[] memory);
}
