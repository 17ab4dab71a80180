// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Order, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Asset, Limits, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {Cluster} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Deed} from "../../../contracts/mocks/PricedAdapter.sol";
import {World} from "./World.sol";

/// Every refusal of `rebalance`, in the order of the checks, each with its numbers.
contract RebalanceRefusalsTest is World {
    // ------------------------------------------------------------------------------------------------ 1: who and when

    function _refusedTerms(address who, Terms memory terms, bytes memory why) private {
        vm.prank(who);
        vm.expectRevert(why);
        vault.rebalance(_order(WETH_USDC, 10e18), terms);
    }

    function test_rebalance_reverts_for_who_is_not_a_keeper() public {
        address[4] memory others = [owner, guardian, stranger, address(adapter)];
        for (uint256 i; i < others.length; ++i) {
            _refusedTerms(others[i], _terms(), abi.encodeWithSelector(IVaultCore.NotKeeper.selector, others[i]));
        }
    }

    function test_rebalance_reverts_from_the_second_the_mandate_ends() public {
        uint40 end = START + 1 hours;
        vm.warp(end);
        _refusedTerms(lapsing, _terms(), abi.encodeWithSelector(IVaultCore.MandateExpired.selector, lapsing, end));
        vm.warp(end - 1);
        Terms memory terms = _terms();
        vm.prank(lapsing);
        vault.rebalance(_order(WETH_USDC, 10e18), terms);
    }

    function test_rebalance_reverts_when_halted() public {
        _halt();
        _refusedTerms(keeper, _terms(), abi.encodeWithSelector(IVaultCore.NotActive.selector));
    }

    function test_rebalance_reverts_after_its_deadline() public {
        Terms memory terms = _terms();
        terms.deadline = START;
        vm.warp(START + 1);
        _refusedTerms(keeper, terms, abi.encodeWithSelector(IVaultCore.DeadlinePassed.selector, START, START + 1));
        vm.warp(START);
        vm.prank(keeper);
        vault.rebalance(_order(WETH_USDC, 10e18), terms); // the last second counts
    }

    function test_rebalance_reverts_when_the_deadline_is_more_than_an_hour_ahead() public {
        Terms memory terms = _terms();
        terms.deadline = START + 3601;
        _refusedTerms(
            keeper, terms, abi.encodeWithSelector(IVaultCore.DeadlineTooFar.selector, terms.deadline, START + 3600)
        );
        terms.deadline = START + 3600;
        vm.prank(keeper);
        vault.rebalance(_order(WETH_USDC, 10e18), terms);
    }

    function test_rebalance_reverts_with_an_epoch_before_or_after_the_current() public {
        Terms memory terms = _terms();
        for (uint64 given; given < 4; ++given) {
            if (given == 1) continue;
            terms.epoch = given;
            _refusedTerms(keeper, terms, abi.encodeWithSelector(IVaultCore.EpochMoved.selector, given, uint64(1)));
        }
    }

    function test_rebalance_reverts_when_replayed() public {
        Terms memory terms = _terms();
        vm.prank(keeper);
        vault.rebalance(_order(WETH_USDC, 10e18), terms);
        vm.warp(START + 301);
        terms.deadline = START + 400;
        _refusedTerms(keeper, terms, abi.encodeWithSelector(IVaultCore.EpochMoved.selector, uint64(1), uint64(2)));
    }

    function test_rebalance_reverts_when_decided_under_other_rules() public {
        Terms memory terms = _terms();
        vm.prank(owner);
        rulebook.transferOwnership(heir);
        vm.prank(heir);
        rulebook.acceptOwnership();
        _refusedTerms(keeper, terms, abi.encodeWithSelector(IVaultCore.ConfigMoved.selector, uint32(1), uint32(2)));
    }

    function test_rebalance_reverts_above_the_gas_ceiling() public {
        vm.txGasPrice(100 gwei + 1);
        _refusedTerms(
            keeper,
            _terms(),
            abi.encodeWithSelector(IVaultCore.GasPriceTooHigh.selector, uint256(100 gwei + 1), uint256(100 gwei))
        );
        vm.txGasPrice(100 gwei);
        _rebalance(WETH_USDC, 10e18);
    }

    function test_rebalance_reverts_within_the_cooldown() public {
        _rebalance(WETH_USDC, 10e18);
        vm.warp(START + 299);
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.TooSoon.selector, START + 300));
        vm.warp(START + 300);
        _rebalance(WETH_USDC, 10e18);
    }

    // ------------------------------------------------------------------------------------------------ 2: prices, drift

    function test_rebalance_reverts_when_a_counted_asset_has_no_price() public {
        oracle.set(address(tokens[GRAIN]), 0);
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.PriceMissing.selector, GRAIN));
        oracle.set(address(tokens[WBTC]), 0);
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.PriceMissing.selector, WBTC)); // the first of two
    }

    function test_rebalance_reverts_when_a_cluster_leaves_the_sanity_band_on_either_side() public {
        bytes memory why = abi.encodeWithSelector(IVaultCore.PriceMissing.selector, WETH);
        oracle.setCluster(address(tokens[WETH]), Cluster({mid: 2000e18, low: 500e18 - 1, high: 2000e18}));
        _refused(WETH_USDC, 10e18, why);
        oracle.setCluster(address(tokens[WETH]), Cluster({mid: 2000e18, low: 2000e18, high: 10_000e18 + 1}));
        _refused(WETH_USDC, 10e18, why);
        oracle.setCluster(address(tokens[WETH]), Cluster({mid: 2000e18, low: 1995e18, high: 2005e18}));
        _rebalance(WETH_USDC, 10e18);
    }

    function test_rebalance_reverts_with_nothing_held() public {
        tokens[WETH].burn(address(vault), 300e18);
        tokens[WBTC].burn(address(vault), 4e8);
        tokens[USDC].burn(address(vault), 150_000e6);
        tokens[GRAIN].burn(address(vault), 5_000_000e24);
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.EmptyVault.selector));
    }

    function test_rebalance_reverts_when_every_asset_with_a_target_is_frozen() public {
        Setup memory setup = _setup();
        for (uint8 i; i < 4; ++i) {
            setup.assets[i].frozen = true;
        }
        this.deploy(setup, _targets());
        tokens[DAI].mint(address(vault), 1e18);
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.NoTargets.selector));
    }

    function test_rebalance_reverts_below_min_drift() public {
        tokens[WETH].burn(address(vault), 300e18);
        tokens[WBTC].burn(address(vault), 4e8);
        tokens[WETH].mint(address(vault), 200.3e18); // 40.06 %
        tokens[WBTC].mint(address(vault), 5e8);
        tokens[USDC].mint(address(vault), 150_000e6);
        uint256 nav = 1_000_600e18;
        // WETH is over by 400,600 - 0.4 nav; the others are under by the same in all
        uint256 over = 400_600e18 - nav * 4000 / BPS;
        uint256 drift = (over * ONE + nav - 1) / nav;
        _refused(WETH_USDC, 1e18, abi.encodeWithSelector(IVaultCore.DriftTooSmall.selector, drift, 25e14));
    }

    // ------------------------------------------------------------------------------------------------ 3: orders

    function test_rebalance_reverts_without_orders() public {
        _refused(new Order[](0), abi.encodeWithSelector(IVaultCore.NoOrders.selector));
    }

    function test_rebalance_reverts_on_a_disabled_route_and_on_a_rewards_route() public {
        _refused(WETH_USDC_OFF, 1e18, abi.encodeWithSelector(IVaultCore.RouteDisabled.selector, WETH_USDC_OFF));
        _refused(REWARD_USDC, 1e18, abi.encodeWithSelector(IVaultCore.RouteDisabled.selector, REWARD_USDC));
    }

    function test_rebalance_reverts_on_a_route_that_does_not_exist() public {
        Terms memory terms = _terms();
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x32));
        vault.rebalance(_order(14, 1e18), terms);
    }

    function test_rebalance_reverts_when_an_asset_of_the_route_is_not_counted() public {
        _refused(WETH_DAI, 1e18, abi.encodeWithSelector(IVaultCore.NotTradable.selector, DAI));
    }

    function test_rebalance_reverts_when_an_asset_of_the_route_is_frozen() public {
        Setup memory setup = _setup();
        setup.assets[WETH].frozen = true;
        this.deploy(setup, _targets());
        _fill();
        _refused(WETH_USDC, 1e18, abi.encodeWithSelector(IVaultCore.NotTradable.selector, WETH));
        _refused(USDC_WETH, 1e6, abi.encodeWithSelector(IVaultCore.NotTradable.selector, WETH));
    }

    function test_rebalance_reverts_when_the_order_leads_away_from_the_targets() public {
        // USDC is underweight: nothing of it may be sold; WETH is overweight: nothing may be bought
        _refused(USDC_WETH, 1e6, abi.encodeWithSelector(IVaultCore.NothingToDo.selector, USDC_WETH, 0, 500e18));
        _refused(WBTC_WETH, 1e8, abi.encodeWithSelector(IVaultCore.NothingToDo.selector, WBTC_WETH, 0, 500e18));
    }

    function test_rebalance_reverts_below_min_trade() public {
        uint256 justBelow = 0.25e18 - 1; // $500 = 5 bps of NAV is 0.25 WETH
        uint256 value = (justBelow * 2000);
        _refused(
            WETH_USDC, justBelow, abi.encodeWithSelector(IVaultCore.NothingToDo.selector, WETH_USDC, value, 500e18)
        );
        _refused(WETH_USDC, 0, abi.encodeWithSelector(IVaultCore.NothingToDo.selector, WETH_USDC, 0, 500e18));
    }

    // ------------------------------------------------------------------------------------------------ 4: floors

    function test_rebalance_reverts_one_unit_below_the_floor() public {
        uint256 floor = 20_000e6 * (BPS - SLIP) / BPS;
        adapter.setSkim(SLIP);
        _rebalance(WETH_USDC, 10e18); // exactly at the floor
        vm.warp(START + 300);
        adapter.setShort(1);
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.BelowFloor.selector, WETH_USDC, floor - 1, floor));
    }

    function test_rebalance_reverts_below_a_min_out_that_raises_the_floor() public {
        Order[] memory orders = _order(WETH_USDC, 10e18);
        orders[0].minOut = 20_001e6;
        _refused(orders, abi.encodeWithSelector(IVaultCore.BelowFloor.selector, WETH_USDC, 20_000e6, 20_001e6));
    }

    function test_rebalance_scales_min_out_to_the_clamped_amount_rounded_up() public {
        Order[] memory orders = _order(WETH_USDC, 150e18); // clamped to 50 WETH = 10 % of NAV
        orders[0].minOut = 300_000e6 + 1;
        _refused(orders, abi.encodeWithSelector(IVaultCore.BelowFloor.selector, WETH_USDC, 100_000e6, 100_000e6 + 1));
        orders[0].minOut = 300_000e6;
        _rebalance(orders);
    }

    function test_rebalance_measures_the_floor_from_the_wide_side_of_both_clusters() public {
        oracle.setCluster(address(tokens[WETH]), Cluster({mid: 2000e18, low: 1990e18, high: 2010e18}));
        oracle.setCluster(address(tokens[USDC]), Cluster({mid: 1e18, low: 0.999e18, high: 1.001e18}));
        uint256 value = (uint256(20_100e18) * (BPS - SLIP)) / BPS;
        uint256 floor = (value * 1e6 + 0.999e18 - 1) / 0.999e18; // 18 decimals of USD x 6 of USDC, rounded up
        adapter.setSkim(1);
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.BelowFloor.selector, WETH_USDC, 19_998e6, floor));
    }

    function test_rebalance_reverts_when_a_token_takes_more_than_was_sent() public {
        tokens[WETH].setSurcharge(1);
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.Overspent.selector, WETH_USDC, 10e18 + 1, 10e18));
    }

    // ------------------------------------------------------------------------------------------------ 5: after

    function test_rebalance_reverts_when_another_listed_balance_fell() public {
        adapter.setDeed(Deed.TAKES_OTHER, 0);
        adapter.setOther(address(tokens[WBTC]));
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.BalanceFell.selector, WBTC, 4e8 - 1, 4e8));
    }

    function test_rebalance_reverts_when_an_uncounted_listed_balance_fell() public {
        tokens[DAI].mint(address(vault), 1e14); // dust: not counted
        adapter.setDeed(Deed.TAKES_OTHER, 0);
        adapter.setOther(address(tokens[DAI]));
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.BalanceFell.selector, DAI, 1e14 - 1, 1e14));
    }

    function test_rebalance_reverts_when_the_loss_budget_is_used_up() public {
        adapter.setSkim(SLIP);
        _rebalance(WETH_USDC, 50e18); // 0.6 % of 10 % of NAV: 6 of the 7.5 bps that fit at once
        vm.warp(START + 300);
        uint256 nav = NAV - 600e18;
        uint256 loss = (240e18 * ONE + nav - 1) / nav;
        uint256 left = 75e13 - (6e14 - uint256(75e13) * 300 / 1 days);
        _refused(WETH_USDC, 20e18, abi.encodeWithSelector(IVaultCore.LossBudget.selector, loss, left));
        _rebalance(WETH_USDC, 10e18);
    }

    function test_rebalance_reverts_when_drift_does_not_fall_enough() public {
        // 0.25 % of NAV is needed: $2,500 = 1.25 WETH; two units less do not make it
        Terms memory terms = _terms();
        vm.prank(keeper);
        vm.expectPartialRevert(IVaultCore.NoProgress.selector);
        vault.rebalance(_order(WETH_USDC, 1.2499e18), terms);
        _rebalance(WETH_USDC, 1.25e18);
    }

    function test_rebalance_reverts_when_it_sells_a_unit_to_start_the_cooldown() public {
        Limits memory limits = _limits();
        limits.minTradeBps = 0;
        Setup memory setup = _setup();
        setup.limits = limits;
        this.deploy(setup, _targets());
        _fill();
        _refused(WETH_USDC, 1e12, abi.encodeWithSelector(IVaultCore.NoProgress.selector, 2e17, 2e17 - 2e9, 25e14));
    }

    function test_rebalance_asks_for_four_fifths_of_a_drift_smaller_than_the_progress_it_wants() public {
        Setup memory setup = _setup();
        setup.limits.minProgressBps = 1000;
        setup.limits.minDriftBps = 1;
        setup.limits.minTradeBps = 0;
        this.deploy(setup, _targets());
        tokens[WETH].mint(address(vault), 205e18);
        tokens[WBTC].mint(address(vault), 5e8);
        tokens[USDC].mint(address(vault), 290_000e6);
        tokens[GRAIN].mint(address(vault), 5_000_000e24);
        // drift 1 %: 0.8 % is asked for, so 3.99 WETH are too few and 4 enough
        _refused(WETH_USDC, 3.99e18, abi.encodeWithSelector(IVaultCore.NoProgress.selector, 1e16, 2.02e15, 8e15));
        _rebalance(WETH_USDC, 4e18);
    }
}
