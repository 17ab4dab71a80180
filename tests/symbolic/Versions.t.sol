// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {
    Asset,
    Claim,
    IRulebook,
    IRulebookReads,
    Limits,
    Mandate,
    Route
} from "../../contracts/interfaces/IRulebook.sol";
import {AnyRulebook} from "./AnyRulebook.sol";
import {BookSlots as Slots} from "./Slots.sol";

/// Invariant 20: configVersion rises, by one, exactly when a parameter changes: a limit, the oracle, payout, owner, an asset, a
/// route, a claim, a role.
contract VersionsTest is AnyRulebook {
    struct Seen {
        uint256 version;
        uint256[] words;
        uint256 grant;
    }

    // at once

    function check_20_tighten(address caller, Limits calldata given) public {
        _exact(caller, abi.encodeCall(IRulebook.tighten, (given)), caller, false);
    }

    function check_20_freeze_and_unfreeze(address caller, uint8 i) public {
        _exact(caller, abi.encodeCall(IRulebook.freeze, (i)), caller, true);
        _exact(caller, abi.encodeCall(IRulebook.unfreeze, (i)), caller, true);
    }

    function check_20_switches(address caller, uint16 i, bool enabled) public {
        _exact(caller, abi.encodeCall(IRulebook.setRouteEnabled, (i, enabled)), caller, true);
        _exact(caller, abi.encodeCall(IRulebook.setClaimEnabled, (i, enabled)), caller, true);
    }

    function check_20_revocations(address caller, address who) public {
        _exact(caller, abi.encodeCall(IRulebookReads.revokeKeeper, (who)), who, true);
        _exact(caller, abi.encodeCall(IRulebookReads.revokeGuardian, (who)), who, true);
    }

    function check_20_ownership(address caller, address who) public {
        vm.assume(book().pendingOwner() != book().owner());
        _exact(caller, abi.encodeCall(IRulebookReads.transferOwnership, (who)), who, true);
        vm.assume(book().pendingOwner() != book().owner());
        _exact(caller, abi.encodeCall(IRulebookReads.acceptOwnership, ()), caller, true);
    }

    function check_20_queueing_changes_nothing(address caller, address payout, bytes32 id) public {
        _exact(caller, abi.encodeCall(IRulebook.queue, (abi.encodeCall(IRulebook.setPayout, (payout)))), caller, true);
        _exact(caller, abi.encodeCall(IRulebook.cancel, (id)), caller, true);
        _exact(caller, abi.encodeCall(IRulebook.cancelAll, ()), caller, true);
    }

    // by the queue

    function check_20_execute_parties(address caller, address who, Mandate calldata mandate) public {
        _executed(caller, abi.encodeCall(IRulebook.setPayout, (who)), who);
        _executed(caller, abi.encodeCall(IRulebook.setOracle, (who)), who);
        _executed(caller, abi.encodeCall(IRulebook.appointGuardian, (who)), who);
        _executed(caller, abi.encodeCall(IRulebook.appointKeeper, (mandate)), mandate.keeper);
    }

    function check_20_execute_assets(address caller, uint8 i, uint16 a, uint16 b, uint128 low, uint128 high) public {
        _executed(caller, abi.encodeCall(IRulebook.setAssetRange, (i, a, b)), caller);
        _executed(caller, abi.encodeCall(IRulebook.setPriceBand, (i, low, high)), caller);
    }

    function check_20_execute_additions(address caller, Asset calldata asset, Route memory way, Claim memory source)
        public
    {
        (way.data, source.data) = ("", abi.encodePacked(source.data.length));
        _executed(caller, abi.encodeCall(IRulebook.listAsset, (asset)), caller);
        _executed(caller, abi.encodeCall(IRulebook.addRoute, (way)), caller);
        _executed(caller, abi.encodeCall(IRulebook.addClaim, (source)), caller);
    }

    function _executed(address caller, bytes memory data, address who) private {
        _exact(caller, abi.encodeCall(IRulebook.execute, (data)), who, true);
    }

    /// `both`: also that the version stands where nothing changed; the clerk, which here lets anything in, is what refuses
    /// limits that are those there are.
    function _exact(address caller, bytes memory data, address who, bool both) private {
        vm.assume(caller != BOOK);
        Seen memory was = _seen(who);
        vm.prank(caller);
        (bool done,) = BOOK.call(data);
        Seen memory now_ = _seen(who);
        uint256 changed = was.grant ^ now_.grant;
        for (uint256 i; i < was.words.length; ++i) {
            changed |= was.words[i] ^ now_.words[i];
        }
        assert(changed == 0 || now_.version == was.version + 1);
        assert(!both || changed != 0 || now_.version == was.version);
        assert(done || changed == 0);
    }

    /// Every word of the registry, and one account's grant.
    function _seen(address who) private view returns (Seen memory seen) {
        seen.version = _version();
        seen.grant = _grantOf(who);
        uint256[14] memory slots = [
            Slots._limits,
            Slots._limits + 1,
            Slots._assets,
            Slots._routes,
            Slots._claims,
            Slots._owner,
            Slots._payout,
            Slots._guardians,
            Slots._keepers,
            _first(Slots._guardians),
            _first(Slots._guardians) + 1,
            _first(Slots._keepers),
            _first(Slots._keepers) + 1,
            0
        ];
        uint256[3] memory lists = [Slots._assets, Slots._routes, Slots._claims];
        uint256[3] memory sizes = [ASSETS * Slots.ASSET_WORDS, ROUTES * Slots.ROUTE_WORDS, CLAIMS * Slots.CLAIM_WORDS];
        seen.words = new uint256[](14 + sizes[0] + sizes[1] + sizes[2]);
        uint256 at;
        for (; at < 13; ++at) {
            seen.words[at] = _at(slots[at]);
        }
        seen.words[at++] = uint160(_at(Slots._oracle));
        for (uint256 list; list < 3; ++list) {
            for (uint256 i; i < sizes[list]; ++i) {
                seen.words[at++] = _at(_first(lists[list]) + i);
            }
        }
    }
}
