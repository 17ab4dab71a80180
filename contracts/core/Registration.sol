// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Asset, Claim, Limits, Route} from "../interfaces/IRulebook.sol";
import {Ceilings} from "../libraries/Ceilings.sol";
import {Change} from "../libraries/LimitCheck.sol";
import {Clerk} from "./Clerk.sol";
import {Parties} from "./Parties.sol";

/// @title How an asset, a route, a claim and limits come into the registry
/// @dev Through the same checks at construction and after a delay. What is encoded for them is encoded from memory, as in the
/// views: an encoder from storage would be a second one, of half a kilobyte.
abstract contract Registration is Parties {
    // ------------------------------------------------------------------------------------------------ assets

    function _list(Asset memory asset) internal {
        if (_listed(asset.token)) revert TokenListedTwice(asset.token);
        // safe cast: below ASSETS, or refused in the end
        // forge-lint: disable-next-line(incorrect-shift)
        if (_requireAsset(asset)) _shares |= uint16(1 << _assets.length);
        _assets.push(asset);
        _requireFew("assets", _assets.length, Ceilings.ASSETS);
    }

    /// @return share whether it is an ERC-4626 share
    function _requireAsset(Asset memory asset) internal view returns (bool share) {
        return abi.decode(_asked(abi.encodeCall(Clerk.requireAsset, (asset, _oracle, _limits.spreadBps))), (bool));
    }

    /// @dev Another oracle, near the one there is.
    function _ask(address oracle_) internal {
        (Asset[] memory listed, Route[] memory ways, Claim[] memory sources) = (_assets, _routes, _claims);
        _asked(abi.encodeCall(Clerk.requireNear, (listed, sources, _oracle, oracle_, _limits.spreadBps)));
        _asked(abi.encodeCall(Clerk.requireApart, (listed, sources, ways, oracle_)));
        _oracle = oracle_;
    }

    // ------------------------------------------------------------------------------------------------ routes

    function _add(Route memory added) internal {
        _requireFew("routes", _routes.length + 1, Ceilings.ROUTES);
        Asset[] memory listed = _assets;
        Claim[] memory sources = _claims;
        // safe cast: below ROUTES
        _asked(abi.encodeCall(Clerk.requireRoute, (uint16(_routes.length), added, listed, sources, _oracle)));
        _routes.push(added);
        _keep(uint16(_routes.length - 1));
    }

    /// @dev Every asset that is neither safe nor frozen has an enabled way into each safe asset that is not frozen.
    function _requireExits() internal view {
        (Asset[] memory listed, Route[] memory ways) = (_assets, _routes);
        _asked(abi.encodeCall(Clerk.requireExits, (listed, ways)));
    }

    /// @dev The same into the refuge of now, by its price.
    function _requireRefuge() internal view {
        (Asset[] memory listed, Route[] memory ways) = (_assets, _routes);
        _asked(abi.encodeCall(Clerk.requireWays, (listed, ways, refuge())));
    }

    /// @dev Of the ways from an asset into a safe one, another stays when this one has gone.
    function _requireWayLeft(uint16 gone) internal view {
        (Asset[] memory listed, Route[] memory ways) = (_assets, _routes);
        _asked(abi.encodeCall(Clerk.requireWayLeft, (listed, ways, gone)));
    }

    // ------------------------------------------------------------------------------------------------ claims

    function _register(Claim memory added) internal {
        _requireFew("claims", _claims.length + 1, Ceilings.CLAIMS);
        // safe cast: below CLAIMS
        _rewardDecimals.push(_requireClaim(uint16(_claims.length), added));
        _claims.push(added);
    }

    function _requireClaim(uint16 index, Claim memory added) internal view returns (uint8 decimals) {
        Asset[] memory listed = _assets;
        return abi.decode(_asked(abi.encodeCall(Clerk.requireClaim, (index, added, listed, vault))), (uint8));
    }

    // ------------------------------------------------------------------------------------------------ limits

    function _limit(Limits memory given, Change change) internal {
        (Limits memory was, Route[] memory ways) = (_limits, _routes);
        _asked(abi.encodeCall(Clerk.requireLimits, (was, given, ways, change)));
        _limits = given;
    }

    // ------------------------------------------------------------------------------------------------ code

    function _requireCode(address account) internal view {
        if (account.code.length == 0) revert NoCode(account);
    }
}
