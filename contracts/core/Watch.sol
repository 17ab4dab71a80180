// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVaultCore} from "../interfaces/IKeeperVault.sol";
import {IRulebookReads, Rules} from "../interfaces/IRulebook.sol";
import {Ceilings} from "../libraries/Ceilings.sol";
import {Compact} from "../libraries/Compact.sol";
import {Record} from "../libraries/Record.sol";

/// @title What a vault puts on record, and the proof that it no longer holds
/// @dev Without state: the vault keeps its record, two words (Record). Every token is asked at low level and with capped gas,
/// all of which it gets or the call reverts: what it burns or answers stops nobody, and nobody can starve it.
abstract contract Watch {
    using Record for uint256;

    /// @dev 100k: ten times what a proxied token's balance takes; as in a flatten.
    uint256 private constant BALANCE_GAS = 100_000;
    /// @dev 220k: what an oracle gives a source. A share that needs more for its rate has no price either.
    uint256 private constant RATE_GAS = 220_000;
    /// @dev Gas for the call's own cost (2,600 cold) and the few instructions between the check and the call.
    uint256 private constant CALL_MARGIN = 6_000;
    /// @dev Units of a share whose worth is its rate: so many that the worth of 24 decimals, too, has digits enough, and so
    /// few that a product with any supply fits 256 bits.
    uint256 private constant RATE_UNITS = 1e27;
    /// @dev A rate has fallen when it is below this many bps of what it was: by more than 10 bps.
    uint256 private constant RATE_LEFT_BPS = 9_990;

    // ------------------------------------------------------------------------------------------------ the record

    /// @notice What the caller holds, and the rates of its shares. 0 for what does not answer.
    function record(IRulebookReads rulebook) external view returns (uint256 balances, uint256 rates_) {
        Rules memory rules = rulebook.rules();
        for (uint256 i; i < rules.assets.length; ++i) {
            (, uint256 held) = _balance(rules.assets[i].token);
            balances |= Record.balance(i, held);
        }
        rates_ = _rates(rules);
    }

    function _rates(Rules memory rules) private view returns (uint256 word) {
        uint256 place;
        for (uint256 i; i < rules.assets.length; ++i) {
            if ((rules.shares >> i) & 1 == 0) continue;
            (, uint256 rate) = _rate(rules.assets[i].token);
            word |= Record.rate(place++, rate);
        }
    }

    // ------------------------------------------------------------------------------------------------ the proof

    /// @notice Reverts unless the caller's balance of this asset is below the record, or, where it holds more than dust of it,
    /// its rate is by more than 10 bps.
    /// @return expected what is on record: token units; where `byRate`, what 1e27 units of the share were worth in its asset's
    /// @return found what there is, likewise
    /// @return byRate whether it is the rate that fell
    function proof(IRulebookReads rulebook, uint8 asset, uint256 balances, uint256 rates_)
        external
        view
        returns (uint256 expected, uint256 found, bool byRate)
    {
        Rules memory rules = rulebook.rules();
        if (asset >= rules.assets.length) revert IVaultCore.UnknownAsset(asset);
        address token = rules.assets[asset].token;
        bool answered;
        (answered, found) = _balance(token);
        expected = balances.balanceOf(asset);
        if (answered && found < expected) return (expected, found, false);
        // of a share of which no more than dust is held here, a stranger may be all the others: its rate is no loss
        bool held = !answered || found > rules.assets[asset].dust;
        expected = held ? rates_.rateOf(rules.shares, asset) : 0;
        if (expected != 0) (answered, found) = _rate(token);
        // safe products: the record's is below 2^128, and what is found counts only below it
        byRate = expected != 0 && answered && found < expected && found * Ceilings.BPS < expected * RATE_LEFT_BPS;
        if (!byRate) revert IVaultCore.NothingTripped(asset);
    }

    // ------------------------------------------------------------------------------------------------ asking

    function _balance(address token) private view returns (bool, uint256) {
        return _ask(token, IERC20.balanceOf.selector, uint256(uint160(msg.sender)), BALANCE_GAS);
    }

    function _rate(address share) private view returns (bool, uint256) {
        return _ask(share, IERC4626.convertToAssets.selector, RATE_UNITS, RATE_GAS);
    }

    /// @dev One word for one word; of a longer answer the first. The word is 0 where there is no answer.
    function _ask(address token, bytes4 selector, uint256 argument, uint256 gasCap)
        private
        view
        returns (bool answered, uint256 word)
    {
        uint256 needed = gasCap + gasCap / 63 + CALL_MARGIN; // a call passes on at most 63/64 of what is left
        if (gasleft() < needed) revert IVaultCore.GasStarved(gasleft(), needed);
        // both words of scratch space, read at once
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, argument)
            answered := staticcall(gasCap, token, 0x00, 0x24, 0x00, 0x20)
            answered := and(answered, gt(returndatasize(), 0x1f))
            if answered { word := mload(0x00) }
        }
    }
}
