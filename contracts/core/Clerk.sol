// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IVaultCore} from "../interfaces/IKeeperVault.sol";
import {Cluster, IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {Asset, Claim, IRulebook, IRulebookReads, Limits, Route} from "../interfaces/IRulebook.sol";
import {Ceilings} from "../libraries/Ceilings.sol";
import {ClaimCheck} from "../libraries/ClaimCheck.sol";
import {Change, LimitCheck} from "../libraries/LimitCheck.sol";
import {Portfolio} from "../libraries/Portfolio.sol";
import {QueueCheck} from "../libraries/QueueCheck.sol";
import {RouteCheck} from "../libraries/RouteCheck.sol";
import {Appraiser} from "./Appraiser.sol";
import {Watch} from "./Watch.sol";

/// @title A rulebook's clerk: checks what is let in, and looks up what is seldom asked
/// @dev Without state, owner or powers: it answers or it reverts. A contract of its own because the rulebook has no room for
/// it; any number of rulebooks may share one. Warning: it is checked that a token answers, that its decimals are as given and that
/// an adapter vouches for its venue; it is *not* checked that a feed is honest, that a token charges no fee on transfers or that
/// a venue is deep: the deploying script and the owner read these.
contract Clerk is Appraiser, Watch {
    uint256 private constant TARGET_BITS = 16;
    /// @dev 1.5M: what reading a price may take at most.
    uint256 private constant PRICE_GAS = 1_500_000;

    // ------------------------------------------------------------------------------------------------ the queue

    /// @notice A call that is for the queue, in its one encoding. @return selector whose
    function requireQueueable(bytes calldata data) external view returns (bytes4 selector) {
        // safe cast: takes the four bytes it wants, zeros where there are fewer
        // forge-lint: disable-next-line(unsafe-typecast)
        selector = bytes4(data);
        if (!QueueCheck.isQueueable(selector)) revert IRulebook.NotQueueable(selector);
        if (data.length < 4) revert IRulebook.NotCanonical();
        // a call of its own, for what is no encoding at all makes the decoder revert without a word
        try this.encoded(selector, data[4:]) returns (bytes memory one) {
            if (keccak256(one) == keccak256(data)) return selector;
        } catch {}
        revert IRulebook.NotCanonical();
    }

    /// @notice The call with this selector and what these arguments say, as the ABI's encoder writes it.
    function encoded(bytes4 selector, bytes calldata arguments) external pure returns (bytes memory) {
        return QueueCheck.encoded(selector, arguments);
    }

    // ------------------------------------------------------------------------------------------------ assets

    /// @notice An asset as it would stand: its token answers; its sanity band holds today's price, where this oracle has one,
    /// and one dollar where it is safe; its dust is worth little, at the band's high end where there is no price.
    /// @return share whether it is an ERC-4626 share
    function requireAsset(Asset memory asset, address oracle, uint256 spreadBps) external view returns (bool share) {
        _requireCode(asset.token);
        _requireAnswer(asset.token, abi.encodeCall(IERC20.balanceOf, (msg.sender)));
        _requireAnswer(asset.token, abi.encodeCall(IERC20.allowance, (msg.sender, msg.sender)));
        uint8 found = IERC20Metadata(asset.token).decimals();
        if (found != asset.decimals) revert IRulebookReads.DecimalsDiffer(asset.token, asset.decimals, found);
        LimitCheck.within("decimals", found, 0, Ceilings.DECIMALS);
        if (asset.minBps > asset.maxBps) revert IRulebookReads.RangeInverted("target", asset.minBps, asset.maxBps);
        LimitCheck.within("maxBps", asset.maxBps, 0, Ceilings.BPS);
        LimitCheck.within("priceLow", asset.priceLow, 1, type(uint256).max);
        if (asset.priceLow >= asset.priceHigh) {
            revert IRulebookReads.RangeInverted("price", asset.priceLow, asset.priceHigh);
        }
        // a safe asset without a band: its price could never make it a refuge
        LimitCheck.within("depegBps", asset.depegBps, asset.safeRank == 0 ? 0 : 1, Ceilings.DEPEG_BPS);
        if (asset.safeRank != 0) _requireInBand(asset, Ceilings.ONE);
        uint256 price = _priceOf(oracle, asset.token, spreadBps);
        if (price != 0) _requireInBand(asset, price);
        else price = asset.priceHigh;
        LimitCheck.within("dust", Portfolio.valueUp(asset.dust, price, found), 0, Ceilings.DUST);
        return ClaimCheck.underlying(asset.token) != address(0);
    }

    /// @dev An action reads each listed balance, and a harvest each allowance: a token that does not tell would stop them.
    function _requireAnswer(address token, bytes memory question) private view {
        (bool answered, bytes memory word) = token.staticcall(question);
        if (!answered || word.length < 32) revert IRulebookReads.TokenUnreadable(token);
    }

    /// @notice A new oracle beside the old one: where the old one has a price in the asset's band, or on an enabled claim's
    /// reward, the new one has one near it.
    function requireNear(Asset[] memory assets, Claim[] memory claims, address old, address oracle, uint256 spreadBps)
        external
        view
    {
        for (uint256 i; i < assets.length; ++i) {
            Asset memory asset = assets[i];
            if (asset.frozen) continue;
            uint256 was = _priceOf(old, asset.token, spreadBps);
            if (was < asset.priceLow || was > asset.priceHigh) continue;
            _requireStep(asset.token, was, _priceOf(oracle, asset.token, spreadBps));
        }
        for (uint256 i; i < claims.length; ++i) {
            address reward = claims[i].reward;
            uint256 was = claims[i].enabled ? _priceOf(old, reward, spreadBps) : 0;
            if (was != 0) _requireStep(reward, was, _priceOf(oracle, reward, spreadBps));
        }
    }

    function _requireStep(address token, uint256 was, uint256 found) private pure {
        uint256 gap = found > was ? found - was : was - found;
        if (gap * Ceilings.BPS > was * Ceilings.ORACLE_STEP_BPS) revert IRulebook.PriceMoved(token, was, found);
    }

    /// @return price USD 18 decimals; 0 where this oracle has none, or fails
    function _priceOf(address oracle, address token, uint256 spreadBps) private view returns (uint256 price) {
        // else it could be made missing by starving it
        if (gasleft() < PRICE_GAS) revert IVaultCore.GasStarved(gasleft(), PRICE_GAS);
        address[] memory tokens = new address[](1);
        tokens[0] = token;
        try IPriceOracle(oracle).clusters(tokens, spreadBps) returns (Cluster[] memory found) {
            if (found.length == 1) price = found[0].mid;
        } catch {}
    }

    function _requireInBand(Asset memory asset, uint256 price) private pure {
        LimitCheck.within("priceLow", asset.priceLow, 1, price);
        LimitCheck.within("priceHigh", asset.priceHigh, price, type(uint256).max);
    }

    // ------------------------------------------------------------------------------------------------ ways out

    /// @notice There is a safe asset that is not frozen, and every asset that is neither safe nor frozen has an enabled way into
    /// each: the first by rank may leave its peg on the day it is needed. For the others than the first it is enough that a share
    /// redeems itself into what has such a way, or into a safe asset: there flatten leaves it, as what it is.
    function requireExits(Asset[] memory assets, Route[] memory routes) external pure {
        uint256 first = _firstSafe(assets);
        for (uint256 i; i < assets.length; ++i) {
            if (!_isRefuge(assets[i])) continue;
            (uint8 stranded, bool any) = _stranded(assets, routes, i, i != first);
            if (any) revert IRulebookReads.NoExit(stranded);
        }
    }

    /// @return first the refuge by rank, then by index
    function _firstSafe(Asset[] memory assets) private pure returns (uint256 first) {
        uint8 rank;
        for (uint256 i; i < assets.length; ++i) {
            if (!_isRefuge(assets[i]) || (rank != 0 && assets[i].safeRank >= rank)) continue;
            (first, rank) = (i, assets[i].safeRank);
        }
        if (rank == 0) revert IRulebookReads.NoSafeAssetListed();
    }

    function _isRefuge(Asset memory asset) private pure returns (bool) {
        return asset.safeRank != 0 && !asset.frozen;
    }

    /// @notice The same into a given refuge, where a guardian would be the cause.
    function requireWays(Asset[] memory assets, Route[] memory routes, uint8 refuge) external pure {
        (uint8 stranded, bool any) = _stranded(assets, routes, refuge, false);
        if (any) revert IRulebook.LastExit(stranded);
    }

    /// @notice Of the ways from an asset into a safe one, another stays when the one with this index has gone.
    function requireWayLeft(Asset[] memory assets, Route[] memory routes, uint16 gone) external pure {
        (uint8 i, uint8 o) = (routes[gone].assetIn, routes[gone].assetOut);
        if (i == Ceilings.REWARD || assets[i].safeRank != 0 || assets[o].safeRank == 0) return;
        if (!_hasWay(routes, i, o)) revert IRulebook.LastExit(i);
    }

    /// @param redeeming whether a share may go by what it redeems into
    function _stranded(Asset[] memory assets, Route[] memory routes, uint256 into, bool redeeming)
        private
        pure
        returns (uint8 asset, bool any)
    {
        for (; asset < assets.length; ++asset) {
            any = assets[asset].safeRank == 0 && !assets[asset].frozen && !_hasWay(routes, asset, into)
                && !(redeeming && _redeems(assets, routes, asset, into));
            if (any) break;
        }
    }

    function _redeems(Asset[] memory assets, Route[] memory routes, uint8 asset, uint256 into)
        private
        pure
        returns (bool)
    {
        for (uint256 r; r < routes.length; ++r) {
            Route memory way = routes[r];
            if (!way.enabled || way.assetIn != asset || way.venue != assets[asset].token) continue;
            Asset memory under = assets[way.assetOut];
            if (!under.frozen && (under.safeRank != 0 || _hasWay(routes, way.assetOut, into))) return true;
        }
        return false;
    }

    function _hasWay(Route[] memory routes, uint8 asset, uint256 into) private pure returns (bool) {
        for (uint256 r; r < routes.length; ++r) {
            Route memory way = routes[r];
            if (way.enabled && way.assetIn == asset && way.assetOut == into) return true;
        }
        return false;
    }

    // ------------------------------------------------------------------------------------------------ routes

    /// @notice A route between these assets, or out of one of these claims' rewards, whose slip covers its venue's fee and whose
    /// pools this oracle does not need.
    function requireRoute(uint16 index, Route memory way, Asset[] memory assets, Claim[] memory claims, address oracle)
        external
        view
    {
        bool rewarded = way.assetIn == Ceilings.REWARD;
        bool malformed = way.assetOut >= assets.length || way.assetIn == way.assetOut
            || (rewarded ? way.claim >= claims.length : way.assetIn >= assets.length);
        // a reward that is listed stays: selling it could be selling principal
        for (uint256 i; i < assets.length && rewarded && !malformed; ++i) {
            malformed = assets[i].token == claims[way.claim].reward;
        }
        if (malformed) revert IRulebookReads.RouteMalformed(index);
        LimitCheck.within("slipBps", way.slipBps, 1, Ceilings.SLIP_BPS);
        _requireCode(way.adapter);
        _requireCode(way.venue);
        (address tokenIn, address tokenOut) = RouteCheck.ends(way, assets, claims);
        (uint256 feeBps, address[] memory pools) = RouteCheck.probed(index, way, tokenIn, tokenOut);
        // a tighter slip would refuse every trade at a fair price
        LimitCheck.within("slipBps", way.slipBps, feeBps, Ceilings.SLIP_BPS);
        RouteCheck.requireApart(index, oracle, tokenIn, tokenOut, pools);
    }

    /// @notice The same of an oracle: it needs none of the pools in which these routes trade.
    function requireApart(Asset[] memory assets, Claim[] memory claims, Route[] memory routes, address oracle)
        external
        view
    {
        for (uint16 r; r < routes.length; ++r) {
            (address tokenIn, address tokenOut) = RouteCheck.ends(routes[r], assets, claims);
            (, address[] memory pools) = RouteCheck.probed(r, routes[r], tokenIn, tokenOut);
            RouteCheck.requireApart(r, oracle, tokenIn, tokenOut, pools);
        }
    }

    // ------------------------------------------------------------------------------------------------ claims

    /// @notice A claim among these assets. The call is the owner's, for ever: it may not hand out tokens, and the vault may not
    /// call itself. Nor may a reward be a listed share, what a listed share stands on, or a share of something listed: claiming
    /// it could be redeeming. @return decimals the reward's
    /// @dev Warning: an aToken, or any wrapper that is not ERC-4626, is *not* recognised here. Asked by the rulebook.
    function requireClaim(uint16 index, Claim memory claim, Asset[] memory assets, address vault)
        external
        view
        returns (uint8 decimals)
    {
        _requireCode(claim.target);
        _requireCode(claim.reward);
        bool refused = claim.target == vault || claim.target == msg.sender || claim.data.length < 4
            || ClaimCheck.handsOut(bytes4(claim.data)) || ClaimCheck.isPrincipal(claim.reward, assets);
        if (refused) revert IRulebookReads.ClaimMalformed(index);
        decimals = IERC20Metadata(claim.reward).decimals();
        LimitCheck.within("decimals", decimals, 0, Ceilings.DECIMALS);
    }

    // ------------------------------------------------------------------------------------------------ for the vault

    /// @notice See IRulebookReads.packed.
    function pack(Asset[] memory assets, uint256 before, uint16[] memory targetsBps)
        external
        pure
        returns (uint256 word, uint256 shift)
    {
        uint256 sum;
        for (uint256 i; i < targetsBps.length; ++i) {
            if (i >= assets.length) revert IVaultCore.BadTargets(targetsBps.length);
            Asset memory asset = assets[i];
            uint16 target = targetsBps[i];
            if (target < asset.minBps || target > asset.maxBps) {
                // safe cast: i < 16
                // forge-lint: disable-next-line(unsafe-typecast)
                revert IVaultCore.TargetOutOfRange(uint8(i), target, asset.minBps, asset.maxBps);
            }
            sum += target;
            word |= uint256(target) << (i * TARGET_BITS);
            // safe cast: takes the 16 bits it wants
            // forge-lint: disable-next-line(unsafe-typecast)
            uint16 was = uint16(before >> (i * TARGET_BITS));
            shift += target > was ? target - was : was - target;
        }
        if (sum != Ceilings.BPS || targetsBps.length != assets.length) revert IVaultCore.BadTargets(sum);
        shift = shift * Ceilings.ONE / (2 * Ceilings.BPS);
    }

    /// @notice Reverts if `holder` has left `spender` an allowance on this reward or on a listed token.
    function requireNoAllowance(Asset[] memory assets, address reward, address holder, address spender) external view {
        _requireNone(reward, holder, spender);
        for (uint256 i; i < assets.length; ++i) {
            _requireNone(assets[i].token, holder, spender);
        }
    }

    function _requireNone(address token, address holder, address spender) private view {
        uint256 allowed = IERC20(token).allowance(holder, spender);
        if (allowed != 0) revert IVaultCore.AllowanceLeft(token, allowed);
    }

    // ------------------------------------------------------------------------------------------------ limits

    /// @notice Limits inside the hard ceilings, under which a vault can act, and what kind of change they are.
    function requireLimits(Limits memory was, Limits memory given, Route[] memory routes, Change change) external view {
        LimitCheck.requireLimits(was, given, routes, change);
    }

    // ------------------------------------------------------------------------------------------------ code

    function _requireCode(address account) private view {
        if (account.code.length == 0) revert IRulebookReads.NoCode(account);
    }
}
