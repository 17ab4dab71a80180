// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Report, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {World} from "./World.sol";

/// Directed adversaries who hold the keeper key: each comes near a published bound, none passes it.
contract StolenKeyTest is World {
    struct Taken {
        uint256 at;
        uint256 loss;
        uint256 turnover;
    }

    /// A basis point inside the slip: what the venue rounds down, the floor rounds up.
    uint256 private constant SKIM = SLIP - 1;

    Taken[] private taken;

    function _take(uint16 route) private returns (bool) {
        Terms memory terms = _terms();
        vm.prank(keeper);
        try vault.rebalance(_order(route, type(uint128).max), terms) returns (Report memory report) {
            taken.push(Taken(_now(), report.loss, report.turnover));
            return true;
        } catch {
            return false;
        }
    }

    function _worst(uint256 window) private view returns (uint256 loss, uint256 turnover) {
        for (uint256 first; first < taken.length; ++first) {
            uint256 sumLoss;
            uint256 sumTurnover;
            for (uint256 i = first; i < taken.length && taken[i].at <= taken[first].at + window; ++i) {
                sumLoss += taken[i].loss;
                sumTurnover += taken[i].turnover;
            }
            if (sumLoss > loss) loss = sumLoss;
            if (sumTurnover > turnover) turnover = sumTurnover;
        }
    }

    /// The thief owns the venue, so that every trade fills at its floor, and a restless market makes drift for him: every
    /// quarter of an hour for two days.
    function test_a_thief_with_the_venue_and_a_restless_market_stays_within_the_loss_of_any_day() public {
        adapter.setSkim(SKIM);
        for (uint256 i; i < 192; ++i) {
            oracle.set(address(tokens[WETH]), i % 2 == 0 ? 2400e18 : 1600e18);
            _pass(15 minutes);
            if (!_take(i % 2 == 0 ? WETH_USDC : USDC_WETH)) _takeWhatFits(i % 2 == 0);
        }
        (uint256 loss, uint256 turnover) = _worst(1 days);
        le(loss, 15e14, "at most 0.15 % in any 24 h");
        ge(loss, 13e14, "and the thief came near it, or this test proves nothing");
        le(turnover, 3e17, "at most 30 %");
    }

    /// The loss budget refuses what is too large: smaller bites.
    function _takeWhatFits(bool down) private {
        uint256 fits = vault.headroom().lossDay * BPS / SKIM; // turnover whose slip fits, 1e18 = 100 %
        uint256 value = _nav() * fits / ONE * 99 / 100;
        Terms memory terms = _terms();
        uint128 maxIn = uint128(down ? value * ONE / oracle.priceOf(address(tokens[WETH])) : value / 1e12);
        vm.prank(keeper);
        try vault.rebalance(_order(down ? WETH_USDC : USDC_WETH, maxIn), terms) returns (Report memory report) {
            taken.push(Taken(_now(), report.loss, report.turnover));
        } catch {
            return; // too small a bite to be progress
        }
    }

    /// With fair fills turnover is what binds.
    function test_a_thief_who_only_churns_stays_within_the_turnover_of_any_day() public {
        for (uint256 i; i < 192; ++i) {
            oracle.set(address(tokens[WETH]), i % 2 == 0 ? 2600e18 : 1500e18);
            _pass(15 minutes);
            _take(i % 2 == 0 ? WETH_USDC : USDC_WETH);
        }
        (, uint256 turnover) = _worst(1 days);
        le(turnover, 3e17, "at most 30 % in any 24 h");
        ge(turnover, 28e16, "and the thief came near it");
    }

    /// At fixed prices the targets are the end of it: turnover at most D0 / (1 - 2s), loss at most s x that.
    function test_a_thief_at_fixed_prices_can_only_bring_the_vault_to_its_targets() public {
        Setup memory setup = _setup();
        setup.limits.minDriftBps = 0;
        setup.limits.minProgressBps = 0;
        setup.limits.minTradeBps = 0;
        this.deploy(setup, _targets());
        _fill();
        adapter.setSkim(SKIM);
        uint256 turnover;
        for (uint256 i; i < 200; ++i) {
            _pass(1 hours);
            _take(i % 2 == 0 ? WETH_USDC : WETH_WBTC);
        }
        for (uint256 i; i < taken.length; ++i) {
            turnover += taken[i].turnover;
        }
        uint256 bound = 2e17 * BPS / (BPS - 2 * SLIP);
        le(turnover, bound, "turnover");
        ge(turnover, 19e16, "and he did go all the way");
        ge(_nav(), NAV - NAV * bound / ONE * SLIP / BPS, "loss");
    }

    /// Yearn's treasury, 2023: a script sold a whole balance with no least amount. Here the vault clamps and has a floor.
    function test_selling_the_whole_balance_for_any_price_is_clamped_and_floored() public {
        _rebalance(WETH_USDC, _held(WETH));
        eq(_held(WETH), 250e18, "a sixth was sold, and at the fair price");
        adapter.setSkim(5000);
        vm.warp(START + 300);
        Terms memory terms = _terms();
        vm.prank(keeper);
        vm.expectPartialRevert(IVaultCore.BelowFloor.selector);
        vault.rebalance(_order(WETH_USDC, type(uint128).max), terms);
    }

    /// Resolv, 2026: a stolen key without a ceiling. Here it has an end date as well.
    function test_a_stolen_key_is_worth_nothing_after_its_mandate() public {
        vm.warp(START + MANDATE);
        Terms memory terms = _terms();
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.MandateExpired.selector, keeper, START + MANDATE));
        vault.rebalance(_order(WETH_USDC, 1e18), terms);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoRole.selector, keeper));
        vault.halt("mine");
    }
}
