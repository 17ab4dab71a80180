// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IVaultCore} from "../interfaces/IKeeperVault.sol";
import {Cluster, IPriceOracle, SourceKind, Verdict, Voice} from "../interfaces/IPriceOracle.sol";
import {Asset, Claim, Quote, Route} from "../interfaces/IRulebook.sol";
import {Ceilings} from "../libraries/Ceilings.sol";
import {Portfolio} from "../libraries/Portfolio.sol";

/// @notice By what a leg of a flatten is priced.
/// @param emergencyBps the widest slip, at least the route's
/// @param privileged whether the highest single push feed will do where there is no cluster
/// @param open how far the slip has opened to the widest, 1e18 = all the way
struct Leg {
    address oracle;
    uint16 spreadBps;
    uint16 emergencyBps;
    bool privileged;
    uint256 amount;
    uint256 open;
}

/// @notice By what a sale of a reward is priced.
/// @param decimals the reward's
/// @param left USD that may be sold, 18 decimals
struct Sale {
    address oracle;
    uint16 spreadBps;
    uint8 decimals;
    uint256 amount;
    uint256 left;
}

/// @title What a sale must bring: floors of exits and of rewards
/// @dev Without state: it is told what the rulebook holds, and answers for it.
abstract contract Appraiser {
    // ------------------------------------------------------------------------------------------------ exits

    /// @notice See IRulebookReads.exitQuote.
    function exitQuote(Route memory way, Asset memory assetIn, Asset memory assetOut, Leg memory leg)
        external
        view
        returns (Quote memory quote)
    {
        Cluster memory priceIn = _clusterOf(leg, assetIn);
        Cluster memory priceOut = _clusterOf(leg, assetOut);
        if (priceIn.mid == 0 && leg.privileged) {
            priceIn = _highestPush(leg, assetIn);
            // a share without a cluster redeems into what has none either: the same voices, on both sides
            if (priceOut.mid == 0 && way.venue == assetIn.token) priceOut = _highestPush(leg, assetOut);
        }
        if (priceIn.mid == 0) revert IVaultCore.PriceMissing(way.assetIn);
        if (priceOut.mid == 0) revert IVaultCore.PriceMissing(way.assetOut);
        uint256 slip = way.slipBps;
        // safe subtraction: emergencyBps is at least the widest slip
        slip += (leg.emergencyBps - slip) * leg.open / Ceilings.ONE;
        (quote.way, quote.tokenOut, quote.decimalsOut) = (way, assetOut.token, assetOut.decimals);
        (quote.amount, quote.priceOut) = (leg.amount, priceOut.mid);
        quote.least = Portfolio.floorUp(leg.amount, priceIn, assetIn.decimals, priceOut, assetOut.decimals, slip);
    }

    /// @dev One asset's price, alone; none where the oracle fails or the price leaves the sanity band.
    function _clusterOf(Leg memory leg, Asset memory asset) private view returns (Cluster memory price) {
        address[] memory tokens = new address[](1);
        tokens[0] = asset.token;
        try IPriceOracle(leg.oracle).clusters(tokens, leg.spreadBps) returns (Cluster[] memory found) {
            if (found.length == 1 && Portfolio.usable(found[0], asset)) price = found[0];
        } catch {}
    }

    /// @dev The highest fresh push feed inside the sanity band, none where there is none: one stuck or low feed cannot lower it.
    function _highestPush(Leg memory leg, Asset memory asset) private view returns (Cluster memory) {
        uint128 highest;
        try IPriceOracle(leg.oracle).voices(asset.token, leg.spreadBps) returns (Voice[] memory heard, Cluster memory) {
            for (uint256 i; i < heard.length; ++i) {
                Voice memory voice = heard[i];
                if (voice.kind != SourceKind.PUSH || voice.verdict != Verdict.OK || voice.price <= highest) continue;
                if (voice.price >= asset.priceLow && voice.price <= asset.priceHigh) highest = voice.price;
            }
        } catch {}
        return Cluster({mid: highest, low: highest, high: highest});
    }

    // ------------------------------------------------------------------------------------------------ rewards

    /// @notice See IRulebookReads.saleQuote: of a reward that the caller has found to fit this route.
    function saleQuote(Route memory way, Asset memory assetOut, Claim memory claim, Sale memory sale)
        external
        view
        returns (Quote memory quote)
    {
        address[] memory tokens = new address[](2);
        (tokens[0], tokens[1]) = (claim.reward, assetOut.token);
        Cluster[] memory prices = IPriceOracle(sale.oracle).clusters(tokens, sale.spreadBps);
        if (prices[0].mid == 0) revert IVaultCore.RewardUnpriced(claim.reward);
        if (!Portfolio.usable(prices[1], assetOut)) revert IVaultCore.PriceMissing(way.assetOut);
        (quote.way, quote.tokenOut, quote.decimalsOut) = (way, assetOut.token, assetOut.decimals);
        quote.priceOut = prices[1].mid;
        uint256 amount = sale.amount;
        uint256 value = Portfolio.valueUp(amount, prices[0].mid, sale.decimals);
        if (value > sale.left) {
            uint256 part = Math.mulDiv(amount, sale.left, value);
            if (part == 0) revert IVaultCore.HarvestCap(value, sale.left);
            (amount, value) = (part, Math.mulDiv(value, part, amount, Math.Rounding.Ceil)); // at most left: part is rounded down
        }
        (quote.amount, quote.valueIn) = (amount, value);
        quote.least = Portfolio.floorUp(amount, prices[0], sale.decimals, prices[1], assetOut.decimals, way.slipBps);
    }
}
