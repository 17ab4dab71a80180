// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAdapter} from "../interfaces/IAdapter.sol";
import {IDerivedSource, IPriceOracle, IPriceSource, SourceKind} from "../interfaces/IPriceOracle.sol";
import {Asset, Claim, IRulebookReads, Route} from "../interfaces/IRulebook.sol";
import {Ceilings} from "../libraries/Ceilings.sol";

/// @notice What a source that is a pool's mean says of itself.
interface IPoolSource {
    function pool() external view returns (address);
}

/// @title Where a route trades, and whether the oracle that checks it could be moved by that trade
/// @dev A TWAP on a pool in which a route trades is let in only beside two push feeds: they make the price without it, and where
/// one of them fails or differs, the pool can at most side with the other. With one push feed the pool would be needed for each
/// price of the very trades it fills.
library RouteCheck {
    /// @dev Push feeds without which a pool's mean is needed to make a price.
    uint256 private constant PUSH_FEEDS = 2;
    /// @dev Millionths in a basis point.
    uint256 private constant PIPS = 100;

    /// @return tokenIn what the route sells @return tokenOut what it buys
    function ends(Route memory way, Asset[] memory assets, Claim[] memory claims)
        internal
        pure
        returns (address tokenIn, address tokenOut)
    {
        tokenIn = way.assetIn == Ceilings.REWARD ? claims[way.claim].reward : assets[way.assetIn].token;
        tokenOut = assets[way.assetOut].token;
    }

    /// @notice Asks the route's adapter. @return feeBps the venue's fee, rounded up @return pools where it trades
    function probed(uint16 index, Route memory way, address tokenIn, address tokenOut)
        internal
        view
        returns (uint256 feeBps, address[] memory pools)
    {
        try IAdapter(way.adapter).probe(tokenIn, tokenOut, way.venue, way.data) returns (
            uint256 feePips, address[] memory found
        ) {
            return (feePips / PIPS + (feePips % PIPS == 0 ? 0 : 1), found);
        } catch {
            revert IRulebookReads.VenueRefused(index);
        }
    }

    /// @notice Neither token's price needs one of the pools.
    function requireApart(uint16 index, address oracle, address tokenIn, address tokenOut, address[] memory pools)
        internal
        view
    {
        if (pools.length == 0) return;
        _requireApart(index, oracle, tokenIn, pools);
        _requireApart(index, oracle, tokenOut, pools);
    }

    function _requireApart(uint16 index, address oracle, address token, address[] memory pools) private view {
        address[] memory sources = IPriceOracle(oracle).sources(token);
        (uint256 push, address needed) = (0, address(0));
        for (uint256 i; i < sources.length; ++i) {
            SourceKind kind = IPriceSource(sources[i]).kind();
            if (kind == SourceKind.DERIVED) {
                return _requireApart(index, oracle, IDerivedSource(sources[i]).underlying(), pools);
            }
            if (kind == SourceKind.PUSH) ++push;
            else if (_among(IPoolSource(sources[i]).pool(), pools)) needed = IPoolSource(sources[i]).pool();
        }
        if (needed != address(0) && push < PUSH_FEEDS) revert IRulebookReads.OracleReadsVenue(index, needed);
    }

    function _among(address pool, address[] memory pools) private pure returns (bool) {
        for (uint256 i; i < pools.length; ++i) {
            if (pools[i] == pool) return true;
        }
        return false;
    }
}
