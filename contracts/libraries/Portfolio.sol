// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Cluster, IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {Asset, Rules} from "../interfaces/IRulebook.sol";
import {Ceilings} from "./Ceilings.sol";

/// @title The arithmetic of the envelope, on one price vector
/// @dev Units: values USD 18 decimals; drift and shares 1e18 = 100 %; balances token units. Values and goals round down;
/// floors round up.
library Portfolio {
    using Math for uint256;

    /// @notice No asset: `missing` when every counted asset has a price.
    uint256 internal constant NO_ASSET = type(uint256).max;

    /// @notice A portfolio at one price vector.
    /// @param counted not frozen and (target above 0 or balance above dust); the caller has no say in it
    /// @param values 0 for an asset that is not counted
    /// @param targets bps, 0 for an asset that is not counted; `targetSum` is their sum
    /// @param missing first counted asset without a price inside its sanity band, or NO_ASSET
    /// @param fresh a bit for each asset whose balance was read after the last trade; the vault sets it
    struct Book {
        bool[] counted;
        uint256[] balances;
        uint256[] values;
        uint256[] targets;
        Cluster[] prices;
        uint256 nav;
        uint256 targetSum;
        uint256 missing;
        uint256 fresh;
    }

    /// @notice Balances of `holder`, one price vector, and what follows from them.
    function read(address holder, Rules memory rules, uint256[] memory targets)
        internal
        view
        returns (Book memory book)
    {
        uint256 count = rules.assets.length;
        book.counted = new bool[](count);
        book.balances = new uint256[](count);
        book.values = new uint256[](count);
        book.targets = targets;
        book.missing = NO_ASSET;
        address[] memory tokens = new address[](count);
        for (uint256 i; i < count; ++i) {
            Asset memory asset = rules.assets[i];
            uint256 balance = IERC20(asset.token).balanceOf(holder);
            book.balances[i] = balance;
            if (!asset.frozen && (targets[i] != 0 || balance > asset.dust)) {
                book.counted[i] = true;
                book.targetSum += targets[i];
                tokens[i] = asset.token;
            } else {
                targets[i] = 0;
            }
        }
        book.prices = IPriceOracle(rules.oracle).clusters(tokens, rules.limits.spreadBps);
        for (uint256 i; i < count; ++i) {
            if (!book.counted[i]) continue;
            Cluster memory price = book.prices[i];
            if (!usable(price, rules.assets[i])) {
                if (book.missing == NO_ASSET) book.missing = i;
                continue;
            }
            uint256 value = valueDown(book.balances[i], price.mid, rules.assets[i].decimals);
            book.values[i] = value;
            book.nav += value;
        }
    }

    /// @notice A price exists and lies inside the asset's sanity band.
    function usable(Cluster memory price, Asset memory asset) internal pure returns (bool) {
        return price.mid != 0 && price.low >= asset.priceLow && price.high <= asset.priceHigh;
    }

    /// @notice USD value of `amount`, 18 decimals, rounded down.
    function valueDown(uint256 amount, uint256 price, uint8 decimals) internal pure returns (uint256) {
        return amount.mulDiv(price, 10 ** decimals);
    }

    /// @notice USD value of `amount`, 18 decimals, rounded up.
    function valueUp(uint256 amount, uint256 price, uint8 decimals) internal pure returns (uint256) {
        return amount.mulDiv(price, 10 ** decimals, Math.Rounding.Ceil);
    }

    /// @notice Token units worth `value`, rounded down.
    function amountDown(uint256 value, uint256 price, uint8 decimals) internal pure returns (uint256) {
        return value.mulDiv(10 ** decimals, price);
    }

    /// @notice What the asset should be worth at `nav`, rounded down; targets renormalised over counted assets.
    function goal(Book memory book, uint256 i, uint256 nav) internal pure returns (uint256) {
        return nav.mulDiv(book.targets[i], book.targetSum);
    }

    /// @notice Half the sum of |weight - target| of `values` worth `nav`, 1e18 = 100 %, rounded up.
    function driftUp(Book memory book, uint256[] memory values, uint256 nav) internal pure returns (uint256) {
        if (nav == 0) return 0;
        uint256 sum;
        for (uint256 i; i < values.length; ++i) {
            if (!book.counted[i]) continue;
            uint256 wanted = goal(book, i, nav);
            sum += values[i] > wanted ? values[i] - wanted : wanted - values[i];
        }
        return sum.mulDiv(Ceilings.ONE, 2 * nav, Math.Rounding.Ceil);
    }

    /// @notice The least units of `assetOut` for `amount` of `assetIn`, rounded up: `in` at the cluster's high, `out` at its
    /// low, less the slip.
    function floorUp(
        uint256 amount,
        Cluster memory priceIn,
        uint8 decimalsIn,
        Cluster memory priceOut,
        uint8 decimalsOut,
        uint256 slipBps
    ) internal pure returns (uint256) {
        uint256 value = valueUp(amount, priceIn.high, decimalsIn);
        uint256 least = value.mulDiv(Ceilings.BPS - slipBps, Ceilings.BPS, Math.Rounding.Ceil);
        return least.mulDiv(10 ** decimalsOut, priceOut.low, Math.Rounding.Ceil);
    }
}
