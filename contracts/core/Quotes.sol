// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Panic} from "@openzeppelin/contracts/utils/Panic.sol";
import {IVaultCore} from "../interfaces/IKeeperVault.sol";
import {Cluster, IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {Asset, Claim, IRulebook, IRulebookReads, Limits, Quote, Route, Rules, Step} from "../interfaces/IRulebook.sol";
import {Ceilings} from "../libraries/Ceilings.sol";
import {CodeBlob} from "../libraries/CodeBlob.sol";
import {Portfolio} from "../libraries/Portfolio.sol";
import {Appraiser, Leg, Sale} from "./Appraiser.sol";
import {Clerk} from "./Clerk.sol";

/// @title The registry, and what the vault asks of it while it acts: targets, ways out, floors
/// @dev Reads only. The vault trusts these answers as it trusts the registry; no caller's argument can lower a floor but
/// `privileged` and `open`, which the vault alone decides.
abstract contract Quotes is IRulebook {
    // ------------------------------------------------------------------------------------------------ constants

    /// @dev 1.5M: what reading a price may take at most; a caller must not be able to choose the refuge by starving one.
    uint256 private constant PRICE_GAS = 1_500_000;
    uint16 private constant NO_ROUTE = type(uint16).max;
    /// @dev Three addresses, encoded.
    uint256 private constant PARTIES_SIZE = 96;

    // ------------------------------------------------------------------------------------------------ immutables

    /// @inheritdoc IRulebookReads
    address public immutable vault;
    /// @inheritdoc IRulebookReads
    address public immutable clerk;

    // ------------------------------------------------------------------------------------------------ storage

    address internal _oracle;
    uint32 internal _configVersion;
    uint16 internal _shares; // a bit an asset
    /// @dev What `rules` answers, word for word, written anew by each change: one cold account instead of three words an asset.
    address private _book;
    Limits internal _limits;
    Asset[] internal _assets;
    Route[] internal _routes;
    /// @dev Of each route what `parties` answers, then what `route` does: one cold account instead of five words of storage.
    mapping(uint256 index => address) private _kept;
    Claim[] internal _claims;
    /// @dev Of each claim's reward, read at registration.
    uint8[] internal _rewardDecimals;

    // ------------------------------------------------------------------------------------------------ constructor

    constructor(address vault_, address clerk_) {
        (vault, clerk) = (vault_, clerk_);
    }

    // ------------------------------------------------------------------------------------------------ registry

    /// @inheritdoc IRulebookReads
    function oracle() external view returns (address) {
        return _oracle;
    }

    /// @inheritdoc IRulebookReads
    function configVersion() external view returns (uint32) {
        return _configVersion;
    }

    /// @inheritdoc IRulebookReads
    function rules() external view returns (Rules memory) {
        address book = _book;
        CodeBlob.answer(book, 0, CodeBlob.lengthOf(book));
    }

    function _publish() internal {
        Rules memory now_ =
            Rules({configVersion: _configVersion, oracle: _oracle, limits: _limits, assets: _assets, shares: _shares});
        _book = CodeBlob.write(abi.encode(now_));
    }

    /// @inheritdoc IRulebookReads
    function limits() external view returns (Limits memory) {
        return _limits;
    }

    /// @inheritdoc IRulebookReads
    function assets() external view returns (Asset[] memory) {
        return _assets;
    }

    /// @inheritdoc IRulebookReads
    function route(uint16 index) external view returns (Route memory) {
        address kept = _keptOf(index);
        CodeBlob.answer(kept, PARTIES_SIZE, CodeBlob.lengthOf(kept) - PARTIES_SIZE);
    }

    /// @inheritdoc IRulebookReads
    function routes() external view returns (Route[] memory) {
        return _routes;
    }

    /// @inheritdoc IRulebookReads
    function claims() external view returns (Claim[] memory) {
        return _claims;
    }

    /// @inheritdoc IRulebookReads
    function claim(uint16 index) external view returns (Claim memory) {
        return _claims[index];
    }

    /// @inheritdoc IRulebookReads
    function parties(uint16 index) external view returns (address, address, address) {
        CodeBlob.answer(_keptOf(index), 0, PARTIES_SIZE);
    }

    function _keptOf(uint16 index) private view returns (address kept) {
        kept = _kept[index];
        if (kept == address(0)) Panic.panic(Panic.ARRAY_OUT_OF_BOUNDS);
    }

    /// @dev After each change of a route.
    function _keep(uint16 index) internal {
        Route memory way = _routes[index];
        uint8 i = way.assetIn;
        address token = i == Ceilings.REWARD ? _claims[way.claim].reward : _assets[i].token;
        _kept[index] = CodeBlob.write(bytes.concat(abi.encode(way.adapter, way.venue, token), abi.encode(way)));
    }

    // ------------------------------------------------------------------------------------------------ targets

    /// @inheritdoc IRulebookReads
    function packed(uint256 before, uint16[] calldata targetsBps) external view returns (uint256, uint256) {
        Asset[] memory listed = _assets;
        _relay(abi.encodeCall(Clerk.pack, (listed, before, targetsBps)));
    }

    // ------------------------------------------------------------------------------------------------ exit

    /// @inheritdoc IRulebookReads
    function refuge() public view returns (uint8 best) {
        uint8 rank;
        for (uint8 i; i < _assets.length; ++i) {
            Asset memory asset = _assets[i];
            if (asset.safeRank == 0 || asset.frozen || (rank != 0 && asset.safeRank >= rank)) continue;
            if (gasleft() < PRICE_GAS) revert IVaultCore.GasStarved(gasleft(), PRICE_GAS);
            Cluster memory price = _clusterOf(asset);
            uint256 band = uint256(asset.depegBps) * Ceilings.ONE / Ceilings.BPS;
            if (price.mid == 0 || price.mid + band < Ceilings.ONE || price.mid > Ceilings.ONE + band) continue;
            (rank, best) = (asset.safeRank, i);
        }
        if (rank == 0) revert IVaultCore.NoSafeAsset();
    }

    /// @inheritdoc IRulebookReads
    function exitPlan(uint8[] calldata list, bool all, bool privileged)
        external
        view
        returns (uint8 into, Step[] memory steps)
    {
        if (!privileged && !_limits.keeperMayFlatten) revert IVaultCore.FlattenSwitchedOff();
        into = refuge();
        uint256 asked; // a bit an asset
        if (all) asked = type(uint256).max;
        for (uint256 k; k < list.length; ++k) {
            if (list[k] >= _assets.length) revert IVaultCore.UnknownAsset(list[k]);
            asked |= uint256(1) << list[k];
        }
        // a route leads out of one asset, in each pass; or an asset has a step that says there is none
        steps = new Step[](2 * _routes.length + _assets.length);
        uint256 end = _planned(steps, 0, asked, into, true);
        end = _planned(steps, end, asked, into, false);
        assembly ("memory-safe") {
            mstore(steps, end) // no more than it was made for
        }
    }

    /// @dev One pass, written from `end` on. @return where it ends
    function _planned(Step[] memory steps, uint256 end, uint256 asked, uint8 into, bool redeeming)
        private
        view
        returns (uint256)
    {
        for (uint8 i; i < _assets.length; ++i) {
            Asset storage asset = _assets[i];
            if ((asked >> i) & 1 == 0 || asset.frozen || asset.safeRank != 0) continue;
            uint256 start = end;
            Step memory step = Step(i, redeeming, false, false, NO_ROUTE, asset.token, asset.dust);
            for (uint16 r; r < _routes.length; ++r) {
                if (_isExit(_routes[r], step, into)) steps[end++] = _at(step, r);
            }
            if (end == start && !redeeming) steps[end++] = step;
            if (end == start) continue;
            steps[start].first = true;
            steps[end - 1].last = true;
        }
        return end;
    }

    function _at(Step memory step, uint16 route_) private pure returns (Step memory) {
        return Step(step.asset, step.redeeming, false, false, route_, step.token, step.dust);
    }

    function _isExit(Route storage way, Step memory step, uint8 into) private view returns (bool) {
        if (!way.enabled || way.assetIn != step.asset) return false;
        return step.redeeming ? way.venue == step.token && _leads(way.assetOut, into) : way.assetOut == into;
    }

    /// @dev Whether what a share redeems into is the refuge, or can be sold into it in the second pass.
    function _leads(uint8 asset, uint8 into) private view returns (bool) {
        if (asset == into) return true;
        if (_assets[asset].frozen || _assets[asset].safeRank != 0) return false;
        for (uint256 r; r < _routes.length; ++r) {
            Route storage way = _routes[r];
            if (way.enabled && way.assetIn == asset && way.assetOut == into) return true;
        }
        return false;
    }

    /// @inheritdoc IRulebookReads
    function exitQuote(uint16 index, uint256 amount, bool privileged, uint256 open)
        external
        view
        returns (Quote memory)
    {
        Route memory way = _routes[index];
        (Asset memory assetIn, Asset memory assetOut) = (_assets[way.assetIn], _assets[way.assetOut]);
        Leg memory leg = Leg({
            oracle: _oracle,
            spreadBps: _limits.spreadBps,
            emergencyBps: _limits.emergencyBps,
            privileged: privileged,
            amount: amount,
            open: open
        });
        _relay(abi.encodeCall(Appraiser.exitQuote, (way, assetIn, assetOut, leg)));
    }

    // ------------------------------------------------------------------------------------------------ rewards

    /// @inheritdoc IRulebookReads
    function saleQuote(uint16 index, uint16 source, uint256 amount, uint256 left) external view returns (Quote memory) {
        Route memory way = _routes[index];
        Claim memory claimed = _claims[source];
        bool fits = way.enabled && way.assetIn == Ceilings.REWARD && way.claim == source && !_listed(claimed.reward);
        if (!fits) revert IVaultCore.RouteDisabled(index);
        Asset memory assetOut = _assets[way.assetOut];
        if (assetOut.safeRank == 0 || assetOut.frozen) revert IVaultCore.NotTradable(way.assetOut);
        Sale memory sale = Sale({
            oracle: _oracle, spreadBps: _limits.spreadBps, decimals: _rewardDecimals[source], amount: amount, left: left
        });
        _relay(abi.encodeCall(Appraiser.saleQuote, (way, assetOut, claimed, sale)));
    }

    /// @inheritdoc IRulebookReads
    function requireNoAllowance(uint16 source) external view {
        Asset[] memory listed = _assets;
        (address reward, address target) = (_claims[source].reward, _claims[source].target);
        _asked(abi.encodeCall(Clerk.requireNoAllowance, (listed, reward, vault, target)));
    }

    function _listed(address token) internal view returns (bool) {
        for (uint256 i; i < _assets.length; ++i) {
            if (_assets[i].token == token) return true;
        }
        return false;
    }

    // ------------------------------------------------------------------------------------------------ prices

    /// @dev One asset's price, alone; none where the oracle fails or the price leaves the sanity band.
    function _clusterOf(Asset memory asset) private view returns (Cluster memory price) {
        address[] memory tokens = new address[](1);
        tokens[0] = asset.token;
        try IPriceOracle(_oracle).clusters(tokens, _limits.spreadBps) returns (Cluster[] memory found) {
            if (found.length == 1 && Portfolio.usable(found[0], asset)) price = found[0];
        } catch {}
    }

    // ------------------------------------------------------------------------------------------------ the clerk

    /// @dev The clerk's answer becomes this call's, word for word; so does its refusal.
    function _relay(bytes memory question) private view {
        bytes memory answer = _asked(question);
        assembly ("memory-safe") {
            return(add(answer, 0x20), mload(answer))
        }
    }

    /// @dev One door to the clerk, for each `abi` of its own costs the rulebook room. Reverts as the clerk does.
    function _asked(bytes memory question) internal view returns (bytes memory answer) {
        bool answered;
        (answered, answer) = clerk.staticcall(question);
        if (!answered) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }
}
