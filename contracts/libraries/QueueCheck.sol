// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Asset, Claim, IRulebook, Limits, Mandate, Route} from "../interfaces/IRulebook.sol";

/// @title What may wait in a rulebook's queue
/// @dev A change's id is the hash of its call. A decoder takes many calls for one: with bytes behind the last, between the
/// parts, or in the padding. Were they let in, whoever held the owner's key could queue one change a thousand times over, and a
/// guardian would have to veto each; so a call is decoded, encoded anew, and must come out as it went in.
library QueueCheck {
    function isQueueable(bytes4 selector) internal pure returns (bool) {
        return selector == IRulebook.setLimits.selector || selector == IRulebook.setOracle.selector
            || selector == IRulebook.setPayout.selector || selector == IRulebook.appointKeeper.selector
            || selector == IRulebook.appointGuardian.selector || selector == IRulebook.listAsset.selector
            || selector == IRulebook.setAssetRange.selector || selector == IRulebook.setPriceBand.selector
            || selector == IRulebook.setAssetSafety.selector || selector == IRulebook.setDust.selector
            || selector == IRulebook.addRoute.selector || selector == IRulebook.addClaim.selector;
    }

    /// @notice A queueable call in its one encoding. Reverts, without a word, where the arguments are not the function's.
    function encoded(bytes4 selector, bytes calldata given) internal pure returns (bytes memory) {
        if (selector == IRulebook.addRoute.selector) {
            return abi.encodeCall(IRulebook.addRoute, (abi.decode(given, (Route))));
        }
        if (selector == IRulebook.addClaim.selector) {
            return abi.encodeCall(IRulebook.addClaim, (abi.decode(given, (Claim))));
        }
        return abi.encodePacked(selector, _words(selector, given));
    }

    /// @dev The arguments of the functions whose encoding has one length.
    function _words(bytes4 selector, bytes calldata given) private pure returns (bytes memory) {
        if (selector == IRulebook.setLimits.selector) return abi.encode(abi.decode(given, (Limits)));
        if (selector == IRulebook.listAsset.selector) return abi.encode(abi.decode(given, (Asset)));
        if (selector == IRulebook.appointKeeper.selector) return abi.encode(abi.decode(given, (Mandate)));
        if (selector == IRulebook.setDust.selector) {
            (uint8 asset, uint128 dust) = abi.decode(given, (uint8, uint128));
            return abi.encode(asset, dust);
        }
        if (selector == IRulebook.setPriceBand.selector) {
            (uint8 asset, uint128 low, uint128 high) = abi.decode(given, (uint8, uint128, uint128));
            return abi.encode(asset, low, high);
        }
        if (selector == IRulebook.setAssetRange.selector) {
            (uint8 asset, uint16 least, uint16 most) = abi.decode(given, (uint8, uint16, uint16));
            return abi.encode(asset, least, most);
        }
        if (selector == IRulebook.setAssetSafety.selector) {
            (uint8 asset, uint8 rank, uint16 depegBps) = abi.decode(given, (uint8, uint8, uint16));
            return abi.encode(asset, rank, depegBps);
        }
        return abi.encode(abi.decode(given, (address))); // setOracle, setPayout, appointGuardian
    }
}
