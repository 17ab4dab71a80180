// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVaultCore} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IRulebook} from "../../../contracts/interfaces/IRulebook.sol";
import {Verdict} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Answer, Balance} from "../../../contracts/mocks/OddToken.sol";
import {Deed} from "../../../contracts/mocks/PricedAdapter.sol";
import {Street} from "./Street.sol";

/// The exit, whole: each of the 32 subsets of five assets x each way of failing. Flatten sells every healthy leg at its floor or
/// better, says of each other one why it stays, and withdraw then takes out whatever its own token lets go.
contract ExitMatrixTest is Street {
    enum Way {
        FEEDS_STALE,
        FEEDS_REVERT,
        FEEDS_BURN, // all the gas they are given
        FEEDS_CONTRADICT, // no cluster, and the highest is above the market by more than the slip
        ADAPTER_REVERTS,
        ADAPTER_BURNS,
        ADAPTER_SCREAMS, // reverts with 100,000 bytes
        PRICE_BELOW_FLOOR,
        NO_LIQUIDITY,
        DOOR_BLOCKLISTED, // the token lets nobody pay the adapter
        ANSWERS_FALSE, // the token moves and says it did not
        FROZEN, // by a guardian: neither traded nor flattened
        // from here on the token itself holds the vault's coins back: see _lets
        PAUSED, // or the vault on the token's blocklist, which is the same to it
        BALANCE_REVERTS,
        BALANCE_BURNS,
        GONE // no code at all
    }

    function _break(uint256 k, Way way) private {
        uint8 i = risky[k];
        if (way <= Way.FEEDS_CONTRADICT) return _breakFeeds(i, way);
        if (way == Way.ADAPTER_REVERTS) doors[k].setDeed(Deed.REVERTS, 0);
        if (way == Way.ADAPTER_BURNS) doors[k].setDeed(Deed.BURNS_GAS, 0);
        if (way == Way.ADAPTER_SCREAMS) doors[k].setDeed(Deed.SCREAMS, 100_000);
        if (way == Way.PRICE_BELOW_FLOOR) doors[k].setSkim(SLIP + 1);
        if (way == Way.NO_LIQUIDITY) doors[k].setDepth(0, false);
        if (way == Way.DOOR_BLOCKLISTED) {
            bytes memory start = abi.encodeWithSelector(IERC20.transfer.selector, address(doors[k])); // any amount
            vm.mockCallRevert(address(coins[i]), start, "blocklisted");
        }
        if (way == Way.ANSWERS_FALSE) coins[i].setAnswer(Answer.FALSE);
        if (way == Way.FROZEN) {
            vm.prank(guardian);
            IRulebook(address(rulebook)).freeze(i);
        }
        if (way == Way.PAUSED) coins[i].setPaused(true);
        if (way == Way.BALANCE_REVERTS) coins[i].setTelling(Balance.REVERTS);
        if (way == Way.BALANCE_BURNS) coins[i].setTelling(Balance.BURNS_GAS);
        if (way == Way.GONE) vm.etch(address(coins[i]), "");
    }

    function _breakFeeds(uint8 i, Way way) private {
        for (uint256 f; f < 2; ++f) {
            if (way == Way.FEEDS_STALE) feeds[i][f].setVerdict(Verdict.STALE);
            if (way == Way.FEEDS_REVERT) vm.etch(address(feeds[i][f]), hex"5f5ffd");
            if (way == Way.FEEDS_BURN) vm.etch(address(feeds[i][f]), hex"fe");
        }
        if (way == Way.FEEDS_CONTRADICT) feeds[i][1].setPrice(oracle.priceOf(address(coins[i])) * 11 / 10);
    }

    /// Whether a token broken in this way lets its coins go to the owner.
    function _lets(Way way) private pure returns (bool) {
        return way < Way.PAUSED;
    }

    /// Gas burnt and code gone leave no words behind: the event then names asset and route alone.
    function _isWordless(Way way) private pure returns (bool) {
        return way == Way.ADAPTER_BURNS || way == Way.BALANCE_BURNS || way == Way.GONE;
    }

    // ------------------------------------------------------------------------------------------------ the matrix

    function test_every_subset_of_legs_may_lose_its_feeds() public {
        _everySubset(Way.FEEDS_STALE, Way.FEEDS_CONTRADICT, 4);
    }

    function test_every_subset_of_legs_may_lose_its_adapters() public {
        _everySubset(Way.ADAPTER_REVERTS, Way.ADAPTER_SCREAMS, 3);
    }

    function test_every_subset_of_legs_may_lose_its_market_or_be_frozen() public {
        _everySubset(Way.PRICE_BELOW_FLOOR, Way.FROZEN, 5);
    }

    function test_every_subset_of_legs_may_have_a_token_that_holds_back() public {
        _everySubset(Way.PAUSED, Way.GONE, 4);
    }

    function _everySubset(Way first, Way last, uint256 ways) private {
        uint256 before = vm.snapshotState();
        uint256 cells;
        for (uint8 w = uint8(first); w <= uint8(last); ++w) {
            Way[LEGS] memory all = [Way(w), Way(w), Way(w), Way(w), Way(w)];
            for (uint256 subset; subset < SUBSETS; ++subset) {
                _leave(subset, all);
                ++cells;
                vm.clearMockedCalls();
                vm.revertToState(before);
            }
        }
        eq(cells, ways * SUBSETS, "so many cells");
    }

    /// Any subset, and each of its members in a way of its own.
    function testFuzz_flatten_sells_every_healthy_leg_though_each_other_fails_in_its_own_way(uint256 seed) public {
        Way[LEGS] memory ways;
        for (uint256 k; k < LEGS; ++k) {
            ways[k] = Way(uint8(seed >> (8 * k)) % (uint8(type(Way).max) + 1));
        }
        _leave((seed >> 64) % SUBSETS, ways);
    }

    function _leave(uint256 subset, Way[LEGS] memory ways) private {
        (uint256 healthy, uint256 expected) = (0, _has(USDC));
        (uint256 left, uint256 wordless) = (0, 0);
        uint256[LEGS] memory held;
        for (uint256 k; k < LEGS; ++k) {
            held[k] = _has(risky[k]);
            if (subset >> k & 1 == 0) (healthy, expected) = (healthy | uint256(1) << risky[k], expected + _fetches(k));
            else if (ways[k] != Way.FROZEN) left |= uint256(1) << risky[k];
            if (subset >> k & 1 == 1 && _isWordless(ways[k])) wordless |= uint256(1) << risky[k];
        }
        for (uint256 k; k < LEGS; ++k) {
            if (subset >> k & 1 == 1) _break(k, ways[k]);
        }
        vm.recordLogs();
        vm.prank(guardian);
        vault.flatten{gas: BLOCK_GAS}();
        (uint256 sold, uint256 failed, uint256 mute) = _said();
        eq(sold, healthy, "sold is what is healthy");
        eq(failed, left, "each other one says that it stays");
        eq(mute, wordless, "and why, but where what failed could not speak");
        eq(_has(USDC), expected, "at the market's price");
        for (uint256 k; k < LEGS; ++k) {
            bool broken = subset >> k & 1 == 1;
            _takeOut(risky[k], broken ? held[k] : 0, !broken || _lets(ways[k]));
        }
        _takeOut(USDC, expected, true);
        _takeOut(DAI, 7e18, true);
    }

    function _takeOut(uint8 i, uint256 amount, bool lets) private {
        vm.prank(owner);
        (bool done,) = address(vault).call{gas: 1_000_000}(
            abi.encodeCall(IVaultCore.withdraw, (address(coins[i]), type(uint256).max))
        );
        eq(done ? 1 : 0, lets && amount != 0 ? 1 : 0, "withdraw, but where the token itself refuses or nothing is held");
        if (done) eq(coins[i].balanceOf(payout), amount, "all of it, at payout");
    }

    /// What flatten left behind goes once its reason has gone: nothing about a failure is remembered.
    function test_a_leg_that_failed_sells_once_it_is_whole_again() public {
        for (uint256 k; k < LEGS; ++k) {
            doors[k].setDeed(k % 2 == 0 ? Deed.REVERTS : Deed.BURNS_GAS, 0);
        }
        uint256 expected = _has(USDC);
        for (uint256 k; k < LEGS; ++k) {
            expected += _fetches(k);
        }
        vm.startPrank(guardian);
        vault.flatten{gas: BLOCK_GAS}();
        for (uint256 k; k < LEGS; ++k) {
            gt(_has(risky[k]), 0, "stays");
            doors[k].setDeed(Deed.HONEST, 0);
        }
        vault.flatten{gas: BLOCK_GAS}();
        eq(_has(USDC), expected, "all of it");
    }
}
