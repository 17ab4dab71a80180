// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Order, Report, State, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Claim, IRulebookReads, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {Swap} from "../../../contracts/interfaces/IAdapter.sol";
import {ClaimTrick, MockRewards} from "../../../contracts/mocks/MockRewards.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Deed, PricedAdapter} from "../../../contracts/mocks/PricedAdapter.sol";
import {World} from "./World.sol";

/// Rewards: claimed by the owner's fixed call, sold as far as they were claimed, and nothing of the portfolio moves.
/// LINK is $20; the claim's own cap is $2,000 a day, $1,000 at once; all harvests' 0.1 % of NAV, $500 at once.
contract HarvestTest is World {
    function setUp() public override {
        super.setUp();
        _rebalance(WETH_USDC, 10e18); // so that there is a NAV at the last trade: $1M
        rewards.setDue(10e18);
    }

    /// The same world, with another cap of the claim's.
    function _withCap(uint128 dailyCap, uint16 harvestCapBps) private {
        Setup memory setup = _setup();
        setup.claims[0].dailyCap = dailyCap;
        setup.limits.harvestCapBps = harvestCapBps;
        this.deploy(setup, _targets());
        _fill();
        _rebalance(WETH_USDC, 10e18);
    }

    function _sell(uint256 maxIn) private pure returns (Order[] memory) {
        return _order(REWARD_USDC, maxIn);
    }

    // ------------------------------------------------------------------------------------------------ refusals

    function test_harvest_reverts_with_each_term_that_is_not_the_state() public {
        Order[] memory none = new Order[](0);
        Terms memory terms = _terms();
        vm.startPrank(keeper);
        terms.epoch = 1;
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.EpochMoved.selector, 1, 2));
        vault.harvest(0, none, terms);
        (terms.epoch, terms.configVersion) = (2, 2);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.ConfigMoved.selector, 2, 1));
        vault.harvest(0, none, terms);
        (terms.configVersion, terms.deadline) = (1, START - 1);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.DeadlinePassed.selector, START - 1, START));
        vault.harvest(0, none, terms);
    }

    function test_harvest_reverts_before_its_own_cooldown() public {
        _harvest(new Order[](0));
        vm.warp(START + 3599);
        _harvestRefused(new Order[](0), abi.encodeWithSelector(IVaultCore.TooSoon.selector, START + 3600));
        vm.warp(START + 3600);
        _harvest(new Order[](0));
    }

    function test_harvest_reverts_where_the_claim_is_switched_off_or_missing() public {
        Setup memory setup = _setup();
        setup.claims[0].enabled = false;
        this.deploy(setup, _targets());
        _harvestRefused(new Order[](0), abi.encodeWithSelector(IVaultCore.ClaimDisabled.selector, uint16(0)));
        Terms memory terms = _terms();
        vm.prank(keeper);
        vm.expectRevert();
        vault.harvest(1, new Order[](0), terms);
    }

    function test_harvest_reverts_with_what_the_target_says_cut_to_a_kilobyte() public {
        rewards.setTrick(ClaimTrick.REVERTS, link);
        bytes memory why = abi.encodeWithSelector(MockRewards.NothingToClaim.selector);
        _harvestRefused(new Order[](0), abi.encodeWithSelector(IVaultCore.ClaimFailed.selector, why));
        rewards.setTrick(ClaimTrick.SCREAMS, link);
        _harvestRefused(new Order[](0), abi.encodeWithSelector(IVaultCore.ClaimFailed.selector, new bytes(1024)));
    }

    function test_harvest_reverts_when_a_listed_balance_falls() public {
        for (uint8 i; i < 4; ++i) {
            rewards.setTrick(ClaimTrick.TAKES_OTHER, tokens[i]);
            uint256 held = _held(i);
            _harvestRefused(new Order[](0), abi.encodeWithSelector(IVaultCore.BalanceFell.selector, i, held - 1, held));
        }
    }

    function test_harvest_reverts_when_the_target_is_left_an_allowance() public {
        OddToken[3] memory all = [link, tokens[WETH], tokens[DAI]];
        for (uint256 i; i < 3; ++i) {
            uint256 before = vm.snapshotState();
            rewards.setTrick(ClaimTrick.ARRANGES_ALLOWANCE, all[i]);
            _harvestRefused(
                new Order[](0), abi.encodeWithSelector(IVaultCore.AllowanceLeft.selector, address(all[i]), 1)
            );
            vm.revertToState(before);
        }
    }

    /// The lock, and no payment open: a target that calls back gets nothing, whatever it calls.
    function test_a_target_that_calls_back_is_refused() public {
        rewards.setTrick(ClaimTrick.CALLS, link);
        bytes[5] memory words = [
            abi.encodeCall(IVaultCore.harvest, (0, new Order[](0), _terms())),
            abi.encodeCall(IVaultCore.halt, ("no")),
            abi.encodeWithSignature("flatten()"),
            abi.encodeCall(IVaultCore.withdraw, (address(tokens[USDC]), 1)),
            abi.encodeWithSignature("pay(address,uint256)", address(rewards), 1)
        ];
        for (uint256 i; i < 5; ++i) {
            rewards.setCall(address(vault), words[i]);
            _harvest(new Order[](0));
            no(rewards.callSucceeded(), "called back");
            bytes4 why = i < 4 ? IVaultCore.Locked.selector : IVaultCore.NothingPending.selector;
            eq(rewards.callAnswer(), abi.encodeWithSelector(why), "for the lock's sake");
            _pass(3600);
        }
        rewards.setCall(address(rulebook), abi.encodeCall(IRulebookReads.revokeKeeper, (keeper)));
        _harvest(new Order[](0));
        no(rewards.callSucceeded(), "revoked");
    }

    function test_harvest_reverts_with_a_route_that_is_not_this_rewards() public {
        bytes memory why = abi.encodeWithSelector(IVaultCore.RouteDisabled.selector, WETH_USDC);
        _harvestRefused(_order(WETH_USDC, 1e18), why);
        Setup memory setup = _setup();
        setup.claims = new Claim[](2);
        (setup.claims[0], setup.claims[1]) = (_setup().claims[0], _setup().claims[0]);
        setup.routes[REWARD_USDC].claim = 1;
        setup.routes[WETH_USDC_OFF].assetIn = 255;
        this.deploy(setup, _targets());
        _fill();
        _harvestRefused(_sell(1e18), abi.encodeWithSelector(IVaultCore.RouteDisabled.selector, REWARD_USDC));
        _harvestRefused(
            _order(WETH_USDC_OFF, 1e18), abi.encodeWithSelector(IVaultCore.RouteDisabled.selector, WETH_USDC_OFF)
        );
    }

    function test_harvest_sells_into_nothing_but_an_unfrozen_safe_asset() public {
        Setup memory setup = _setup();
        setup.routes[REWARD_USDC].assetOut = WETH;
        this.deploy(setup, _targets());
        _harvestRefused(_sell(1e18), abi.encodeWithSelector(IVaultCore.NotTradable.selector, WETH));
        setup = _setup();
        setup.assets[USDC].frozen = true;
        this.deploy(setup, _targets());
        _harvestRefused(_sell(1e18), abi.encodeWithSelector(IVaultCore.NotTradable.selector, USDC));
    }

    function test_harvest_sells_nothing_without_a_price_of_the_reward_or_of_the_dollar() public {
        uint256 before = vm.snapshotState();
        oracle.set(address(link), 0);
        _harvestRefused(_sell(1e18), abi.encodeWithSelector(IVaultCore.RewardUnpriced.selector, address(link)));
        _harvest(new Order[](0));
        eq(link.balanceOf(address(vault)), 10e18, "but it can be claimed, and stays for the owner");
        vm.revertToState(before);
        oracle.set(address(tokens[USDC]), 0.49e18); // outside its sanity band
        _harvestRefused(_sell(1e18), abi.encodeWithSelector(IVaultCore.PriceMissing.selector, USDC));
    }

    function test_harvest_keeps_the_routes_floor_and_the_orders() public {
        adapter.setSkim(SLIP + 1);
        uint256 got = 200e6 * (BPS - SLIP - 1) / BPS;
        uint256 floor = 200e6 * (BPS - SLIP) / BPS;
        _harvestRefused(_sell(10e18), abi.encodeWithSelector(IVaultCore.BelowFloor.selector, REWARD_USDC, got, floor));
        adapter.setSkim(SLIP);
        Order[] memory sales = _sell(20e18); // of which 10 are there: half of the least is asked
        sales[0].minOut = 2 * 199e6;
        _harvestRefused(sales, abi.encodeWithSelector(IVaultCore.BelowFloor.selector, REWARD_USDC, floor, 199e6));
        sales[0].minOut = uint128(2 * floor);
        _harvest(sales);
    }

    function test_harvest_sells_nothing_of_nothing() public {
        rewards.setTrick(ClaimTrick.PAYS_NOTHING, link);
        link.mint(address(vault), 5e18);
        bytes memory why = abi.encodeWithSelector(IVaultCore.NothingToDo.selector, REWARD_USDC, 0, 0);
        _harvestRefused(_sell(1e18), why);
        rewards.setTrick(ClaimTrick.HONEST, link);
        _harvestRefused(_sell(0), why);
    }

    // ------------------------------------------------------------------------------------------------ sold principal

    /// What a harvester elsewhere did: the reward token is also held, and the sale takes the balance. Here the same orders
    /// sell what the claim brought and leave the rest.
    function test_harvest_sells_what_it_claimed_and_no_principal() public {
        link.mint(address(vault), 1000e18); // what was never sold before
        Report memory report = _harvest(_sell(type(uint128).max));
        eq(link.balanceOf(address(vault)), 1000e18, "principal stays");
        eq(report.turnover, 200e18 * ONE / report.navBefore, "ten were sold");

        SellsTheBalance twin = new SellsTheBalance();
        link.mint(address(twin), 1000e18);
        twin.harvest(rewards, adapter, address(tokens[USDC]), type(uint128).max);
        eq(link.balanceOf(address(twin)), 0, "the twin sells all it has, its principal too");
    }

    function test_several_sales_sell_what_was_claimed_between_them() public {
        link.mint(address(vault), 1000e18);
        Order[] memory sales = new Order[](2);
        sales[0] = Order({route: REWARD_USDC, maxIn: 4e18, minOut: 0});
        sales[1] = Order({route: REWARD_USDC, maxIn: 7e18, minOut: 0});
        _harvest(sales);
        eq(link.balanceOf(address(vault)), 1000e18, "four and six");
        _pass(3600);
        sales = new Order[](3);
        for (uint256 i; i < 3; ++i) {
            sales[i] = Order({route: REWARD_USDC, maxIn: 5e18, minOut: 0});
        }
        _harvestRefused(sales, abi.encodeWithSelector(IVaultCore.NothingToDo.selector, REWARD_USDC, 0, 0));
    }

    function test_a_reward_that_came_as_a_listed_token_stays() public {
        rewards = new MockRewards(tokens[DAI]);
        rewards.setDue(50e18);
        Setup memory setup = _setup();
        setup.claims[0].reward = address(tokens[DAI]);
        setup.routes[REWARD_USDC].assetIn = GRAIN; // no route may sell a listed reward
        this.deploy(setup, _targets());
        _fill();
        _harvest(new Order[](0));
        eq(_held(DAI), 50e18, "claimed, and part of the portfolio");
    }

    // ------------------------------------------------------------------------------------------------ caps

    function test_nothing_is_sold_before_the_first_trade() public {
        this.deploy(_setup(), _targets());
        _fill();
        _harvestRefused(_sell(1e18), abi.encodeWithSelector(IVaultCore.HarvestCap.selector, 20e18, 0));
        vm.prank(owner);
        vault.allocate(_order(WETH_USDC, 1e18), START);
        _harvest(_sell(1e18));
    }

    function test_all_harvests_together_sell_a_share_of_nav_a_day() public {
        rewards.setDue(100e18);
        eq(_soldBy(_sell(24e18)), 24e18, "it fits");
        _pass(12 hours); // 250 of 500 a half day: 270 are left
        eq(_soldBy(_sell(type(uint128).max)), 135e17, "what is left, and the rest stays");
        eq(link.balanceOf(address(vault)), 200e18 - 375e17, "for the owner");
        vm.warp(_now() + 3600); // 1/24 of 500
        eq(_soldBy(_sell(type(uint128).max)) * 20 / 1e18, 20, "and so on");
    }

    function test_a_claims_own_cap_holds_too() public {
        _withCap(400e18, 100);
        rewards.setDue(100e18);
        eq(_soldBy(_sell(11e18)), 10e18, "half of 400 at once");
        _pass(6 hours);
        eq(_soldBy(_sell(3e18)), 25e17, "an eighth of 400 in six hours");
    }

    function test_a_part_keeps_its_part_of_floor_and_least() public {
        rewards.setDue(100e18);
        adapter.setSkim(SLIP + 1);
        uint256 floor = 500e6 * (BPS - SLIP) / BPS;
        uint256 got = 500e6 * (BPS - SLIP - 1) / BPS;
        _harvestRefused(_sell(50e18), abi.encodeWithSelector(IVaultCore.BelowFloor.selector, REWARD_USDC, got, floor));
        adapter.setSkim(SLIP);
        Order[] memory sales = _sell(50e18);
        sales[0].minOut = uint128(2 * floor + 2); // for twice what is sold
        _harvestRefused(sales, abi.encodeWithSelector(IVaultCore.BelowFloor.selector, REWARD_USDC, floor, floor + 1));
        sales[0].minOut = uint128(2 * floor);
        _harvest(sales);
    }

    function test_where_nothing_is_left_of_a_cap_nothing_is_sold() public {
        rewards.setDue(100e18);
        Order[] memory sales = new Order[](2);
        sales[0] = Order({route: REWARD_USDC, maxIn: 25e18, minOut: 0});
        sales[1] = Order({route: REWARD_USDC, maxIn: 1e18, minOut: 0});
        _harvestRefused(sales, abi.encodeWithSelector(IVaultCore.HarvestCap.selector, 20e18, 0));
        sales[1].maxIn = 2;
        _harvestRefused(sales, abi.encodeWithSelector(IVaultCore.HarvestCap.selector, 40, 0));
        _harvest(_sell(25e18));
    }

    /// Units of the reward that a harvest of `sales` sold.
    function _soldBy(Order[] memory sales) private returns (uint256 sold) {
        sold = link.balanceOf(address(adapter));
        _harvest(sales);
        sold = link.balanceOf(address(adapter)) - sold;
    }

    /// Attack 10: a limit a calendar day lets two days' worth through around midnight. Any 24 h here hold one cap.
    /// forge-config: default.fuzz.runs = 24
    function testFuzz_any_day_sells_no_more_than_either_cap(uint256 seed) public {
        _withCap(1200e18, 10);
        _noDaySellsMore(seed, 60e18, 1000e18, "0.1 % of NAV, any 24 h");
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_any_day_sells_no_more_than_the_claims_cap(uint256 seed) public {
        _withCap(600e18, 100);
        _noDaySellsMore(seed, 30e18, 600e18, "the claim's cap, any 24 h");
    }

    /// Sixty harvests, one to seven hours apart, of up to `largest` LINK each; no 24 h hold more than `cap` USD of them.
    function _noDaySellsMore(uint256 seed, uint256 largest, uint256 cap, string memory what) private {
        rewards.setDue(1000e18);
        uint256[60] memory at;
        uint256[60] memory value;
        for (uint256 i; i < 60; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            _pass(3600 + dice % 6 hours);
            uint256 amount = bound(dice / 3, 1e15, largest);
            (at[i], value[i]) = (_now(), _soldBy(_sell(amount)) * 20);
        }
        for (uint256 first; first < 60; ++first) {
            uint256 sum;
            for (uint256 i = first; i < 60; ++i) {
                if (at[i] <= at[first] + 1 days) sum += value[i];
            }
            le(sum, cap, what);
        }
    }

    // ------------------------------------------------------------------------------------------------ success

    function test_harvest_claims_sells_and_reports_it() public {
        adapter.setSkim(50);
        vm.warp(START + 100);
        uint256 nav = 1_000_000e18;
        Report memory expected = Report({
            navBefore: nav, navAfter: nav + 199e18, driftBefore: 0, driftAfter: 0, turnover: 200e12, loss: 1e12
        });
        uint256 usdc = _held(USDC);
        vm.expectEmit(address(vault));
        emit IVaultCore.Traded(REWARD_USDC, address(link), address(tokens[USDC]), 10e18, 199e6, 198.8e6);
        vm.expectEmit(address(vault));
        emit IVaultCore.Harvested(3, keccak256("a decision"), 0, 10e18, 199e18, expected);
        Report memory report = _harvest(_sell(type(uint128).max));
        eq(abi.encode(report), abi.encode(expected), "report");
        eq(_held(USDC) - usdc, 199e6, "dollars came");
        State memory state = vault.state();
        eq(state.epoch, 3, "epoch");
        eq(state.harvestedAt, START + 100, "clock");
        eq(vault.headroom().lossDay, 75e13, "a reward is not of the portfolio: no budget of it is used");
    }

    function test_without_sales_the_reward_stays_and_the_report_is_empty() public {
        Report memory none;
        vm.expectEmit(address(vault));
        emit IVaultCore.Harvested(3, keccak256("a decision"), 0, 10e18, 0, none);
        eq(abi.encode(_harvest(new Order[](0))), abi.encode(none), "report");
        eq(link.balanceOf(address(vault)), 10e18, "stays");
        vm.prank(owner);
        vault.withdraw(address(link), type(uint256).max);
        eq(link.balanceOf(payout), 10e18, "for the owner");
    }

    /// Whatever target, adapter and orders do: no listed balance falls, no principal of the reward is sold, no allowance is.
    function testFuzz_harvest_lowers_no_listed_balance(uint256 seed) public {
        link.mint(address(vault), 7e18);
        uint256[5] memory held;
        for (uint8 i; i < 5; ++i) {
            held[i] = _held(i);
        }
        rewards.setTrick(ClaimTrick(seed % 8), tokens[seed / 8 % 5]);
        rewards.setCall(address(vault), abi.encodeWithSignature("flatten()"));
        rewards.setDue(bound(seed / 64, 0, 40e18));
        adapter.setDeed(Deed(seed / 5 % 13), seed % 100);
        adapter.setOther(address(tokens[seed / 9 % 5]));
        adapter.setSkim(seed / 11 % 80);
        Terms memory terms = _terms();
        Order[] memory sales = _sell(bound(seed / 13, 0, 60e18));
        vm.prank(keeper);
        (bool done,) = address(vault).call{gas: 5_000_000}(abi.encodeCall(IVaultCore.harvest, (0, sales, terms)));
        for (uint8 i; i < 5; ++i) {
            ge(_held(i), held[i], "a listed balance fell");
            eq(tokens[i].allowance(address(vault), address(rewards)), 0, "allowance");
        }
        ge(link.balanceOf(address(vault)), 7e18, "principal");
        if (!done) eq(link.balanceOf(address(vault)), 7e18, "a refusal moves nothing");
    }
}

/// A harvester as it was robbed elsewhere: it sells what it holds of the reward, not what the claim brought.
contract SellsTheBalance {
    address private _token;

    function harvest(MockRewards rewards, PricedAdapter adapter, address out, uint128 maxIn) external {
        rewards.claim();
        _token = address(rewards.reward());
        uint256 held = OddToken(_token).balanceOf(address(this));
        uint256 amount = held < maxIn ? held : maxIn;
        adapter.swap(Swap(_token, out, amount, 0, false, address(0), ""));
    }

    function pay(address to, uint256 amount) external {
        require(OddToken(_token).transfer(to, amount), "not paid");
    }
}
