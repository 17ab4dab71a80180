// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Asset, IRulebookReads, Limits, Mandate, Route, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {World} from "../vault/World.sol";

interface IExits {
    function requireExits(Asset[] calldata assets, Route[] calldata routes) external view;
}

/// Every refusal of the rulebook's constructor: who, what, which way, how much.
contract RegistrationTest is World {
    function _refusedSetup(Setup memory setup, bytes memory why) private {
        vm.expectRevert(why);
        this.deploy(setup, _targets());
    }

    function _above(bytes32 what, uint256 value, uint256 ceiling) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRulebookReads.AboveCeiling.selector, what, value, ceiling);
    }

    function _below(bytes32 what, uint256 value, uint256 floor) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRulebookReads.BelowFloorOf.selector, what, value, floor);
    }

    function _zero(bytes32 what) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRulebookReads.ZeroAddress.selector, what);
    }

    function _tooMany(bytes32 what, uint256 count, uint256 ceiling) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRulebookReads.TooMany.selector, what, count, ceiling);
    }

    function _inverted(bytes32 what, uint256 low, uint256 high) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRulebookReads.RangeInverted.selector, what, low, high);
    }

    // ------------------------------------------------------------------------------------------------ the parties

    function test_reverts_without_owner_vault_payout_or_oracle() public {
        Setup memory setup = _setup();
        setup.owner = address(0);
        _refusedSetup(setup, abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        setup = _setup();
        setup.vault = address(0);
        _refusedSetup(setup, _zero("vault"));
        setup = _setup();
        setup.payout = address(0);
        _refusedSetup(setup, _zero("payout"));
        setup = _setup();
        setup.oracle = stranger;
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.NoCode.selector, stranger));
    }

    function test_reverts_when_the_vault_already_exists() public {
        Setup memory setup = _setup();
        setup.vault = address(vault);
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.VaultExists.selector, address(vault)));
    }

    /// withdraw could never succeed, and nothing else lets the funds out.
    function test_reverts_when_payout_or_owner_is_the_vault_itself() public {
        Setup memory setup = _setup();
        setup.payout = setup.vault;
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.RoleTaken.selector, setup.vault));
        setup = _setup();
        setup.owner = setup.vault;
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.RoleTaken.selector, setup.vault));
    }

    function test_reverts_when_two_roles_have_one_holder() public {
        Setup memory setup = _setup();
        setup.guardians[0] = owner;
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.RoleTaken.selector, owner));
        setup = _setup();
        setup.keepers[0].keeper = owner;
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.RoleTaken.selector, owner));
        setup.keepers[0].keeper = guardian;
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.RoleTaken.selector, guardian));
        setup.keepers[0].keeper = lapsing;
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.RoleTaken.selector, lapsing));
        setup.keepers[0].keeper = address(0);
        _refusedSetup(setup, _zero("account"));
    }

    function test_reverts_without_a_guardian_and_with_more_than_eight() public {
        Setup memory setup = _setup();
        setup.guardians = new address[](0);
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.NoGuardian.selector));
        setup.guardians = new address[](9);
        Mandate[] memory keepers = new Mandate[](9);
        for (uint256 i; i < 9; ++i) {
            setup.guardians[i] = vm.addr(100 + i);
            keepers[i] = Mandate({keeper: vm.addr(200 + i), expires: START + MANDATE});
        }
        _refusedSetup(setup, _tooMany("guardians", 9, 8));
        setup = _setup();
        setup.keepers = keepers;
        _refusedSetup(setup, _tooMany("keepers", 9, 8));
    }

    function test_reverts_with_a_mandate_over_90_days_or_over() public {
        Setup memory setup = _setup();
        uint256 latest = START + 90 days;
        setup.keepers[0].expires = SafeCast.toUint40(latest + 1);
        _refusedSetup(setup, _above("mandate", latest + 1, latest));
        setup.keepers[0].expires = START;
        _refusedSetup(setup, _below("mandate", START, START + 1));
    }

    // ------------------------------------------------------------------------------------------------ assets

    function test_reverts_with_a_token_without_code_twice_or_with_other_decimals() public {
        Setup memory setup = _setup();
        setup.assets[DAI].token = stranger;
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.NoCode.selector, stranger));
        setup.assets[DAI].token = address(tokens[WETH]);
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.TokenListedTwice.selector, address(tokens[WETH])));
        setup = _setup();
        setup.assets[USDC].decimals = 18;
        _refusedSetup(
            setup,
            abi.encodeWithSelector(IRulebookReads.DecimalsDiffer.selector, address(tokens[USDC]), uint8(18), uint8(6))
        );
    }

    function test_reverts_with_inverted_or_impossible_ranges() public {
        Setup memory setup = _setup();
        setup.assets[WETH].minBps = 10_001;
        _refusedSetup(setup, _inverted("target", 10_001, 10_000));
        setup.assets[WETH].maxBps = 10_001;
        _refusedSetup(setup, _above("maxBps", 10_001, 10_000));
        setup = _setup();
        setup.assets[WETH].priceLow = 0;
        _refusedSetup(setup, _below("priceLow", 0, 1));
        setup.assets[WETH].priceLow = setup.assets[WETH].priceHigh;
        _refusedSetup(setup, _inverted("price", 10_000e18, 10_000e18));
        setup = _setup();
        setup.assets[USDC].depegBps = 1001;
        _refusedSetup(setup, _above("depegBps", 1001, 1000));
    }

    function test_reverts_with_more_than_sixteen_assets() public {
        Setup memory setup = _setup();
        OddToken[] memory many = new OddToken[](12);
        for (uint256 i; i < many.length; ++i) {
            many[i] = new OddToken("MANY", 18);
        }
        setup = _setup(); // the vault's predicted address moved
        setup.assets = _padded(setup, many);
        _refusedSetup(setup, _tooMany("assets", 17, 16));
    }

    function _padded(Setup memory setup, OddToken[] memory more) private pure returns (Asset[] memory all) {
        all = new Asset[](setup.assets.length + more.length);
        for (uint256 i; i < all.length; ++i) {
            all[i] = abi.decode(abi.encode(setup.assets[i < 5 ? i : DAI]), (Asset)); // a copy
            if (i >= 5) all[i].token = address(more[i - 5]);
        }
    }

    // ------------------------------------------------------------------------------------------------ routes

    function _malformed(Route memory way) private {
        Setup memory setup = _setup();
        setup.routes[3] = way;
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.RouteMalformed.selector, uint16(3)));
    }

    function test_reverts_with_a_route_that_leads_nowhere() public {
        _malformed(_route(5, USDC));
        _malformed(_route(WETH, 5));
        _malformed(_route(USDC, USDC));
        _malformed(_route(USDC, 255));
        Route memory way = _route(255, USDC);
        way.claim = 1; // there is one claim, number 0
        _malformed(way);
    }

    function test_reverts_with_a_slip_of_nothing_or_above_two_per_cent() public {
        Setup memory setup = _setup();
        setup.routes[0].slipBps = 0;
        _refusedSetup(setup, _below("slipBps", 0, 1));
        setup.routes[0].slipBps = 201;
        _refusedSetup(setup, _above("slipBps", 201, 200));
    }

    function test_reverts_with_adapter_venue_or_claim_without_code() public {
        bytes memory why = abi.encodeWithSelector(IRulebookReads.NoCode.selector, stranger);
        Setup memory setup = _setup();
        setup.routes[0].adapter = stranger;
        _refusedSetup(setup, why);
        setup = _setup();
        setup.routes[0].venue = stranger;
        _refusedSetup(setup, why);
        setup = _setup();
        setup.claims[0].target = stranger;
        _refusedSetup(setup, why);
        setup = _setup();
        setup.claims[0].reward = stranger;
        _refusedSetup(setup, why);
    }

    function test_reverts_with_more_than_sixty_four_routes() public {
        Setup memory setup = _setup();
        Route[] memory routes = new Route[](65);
        for (uint256 i; i < 65; ++i) {
            routes[i] = setup.routes[i % setup.routes.length];
        }
        setup.routes = routes;
        _refusedSetup(setup, _tooMany("routes", 65, 64));
    }

    function test_reverts_when_an_asset_has_no_enabled_exit_into_a_refuge() public {
        Setup memory setup = _setup();
        setup.routes[GRAIN_USDC].enabled = false;
        setup.routes[GRAIN_DAI].enabled = false;
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.NoExit.selector, GRAIN));
    }

    function test_reverts_without_a_safe_asset() public {
        Setup memory setup = _setup();
        (setup.assets[USDC].safeRank, setup.assets[DAI].safeRank) = (0, 0);
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.NoSafeAssetListed.selector));
        setup.assets = new Asset[](0);
        setup.routes = new Route[](0);
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.NoSafeAssetListed.selector));
    }

    /// Flatten goes into the first refuge: a way into the second alone would leave the asset where it is.
    function test_reverts_when_an_asset_has_a_way_into_the_second_refuge_alone() public {
        Setup memory setup = _setup();
        setup.routes[GRAIN_USDC].enabled = false;
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.NoExit.selector, GRAIN));
        setup.assets[USDC].frozen = true; // DAI is the first now
        this.deploy(setup, _targets());
    }

    /// A share goes by what it redeems into, and not where that is frozen.
    function test_a_share_of_what_is_frozen_has_no_way_through_it() public {
        Setup memory setup = _setup();
        (setup.routes[GRAIN_DAI].assetOut, setup.routes[GRAIN_DAI].venue) = (WBTC, setup.assets[GRAIN].token);
        IExits(clerk).requireExits(setup.assets, setup.routes);
        setup.assets[WBTC].frozen = true;
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.NoExit.selector, GRAIN));
        IExits(clerk).requireExits(setup.assets, setup.routes);
    }

    function test_reverts_when_every_safe_asset_is_frozen() public {
        Setup memory setup = _setup();
        (setup.assets[USDC].frozen, setup.assets[DAI].frozen) = (true, true);
        _refusedSetup(setup, abi.encodeWithSelector(IRulebookReads.NoSafeAssetListed.selector));
    }

    function test_reverts_with_a_safe_asset_whose_price_could_never_make_it_a_refuge() public {
        Setup memory setup = _setup();
        setup.assets[USDC].depegBps = 0;
        _refusedSetup(setup, _below("depegBps", 0, 1));
        setup = _setup();
        setup.assets[USDC].priceLow = 1e18 + 1;
        _refusedSetup(setup, _above("priceLow", 1e18 + 1, 1e18));
        setup = _setup();
        setup.assets[USDC].priceHigh = 1e18 - 1;
        _refusedSetup(setup, _below("priceHigh", 1e18 - 1, 1e18));
    }

    function test_reverts_with_a_token_of_more_than_24_decimals() public {
        OddToken wide = new OddToken("WIDE", 25);
        Setup memory setup = _setup();
        (setup.assets[DAI].token, setup.assets[DAI].decimals) = (address(wide), 25);
        _refusedSetup(setup, _above("decimals", 25, 24));
    }

    // ------------------------------------------------------------------------------------------------ limits

    function _refusedLimits(Limits memory limits, bytes memory why) private {
        Setup memory setup = _setup();
        setup.limits = limits;
        _refusedSetup(setup, why);
    }

    function test_reverts_with_a_limit_above_its_ceiling() public {
        Limits memory limits = _limits();
        limits.spreadBps = 501;
        _refusedLimits(limits, _above("spreadBps", 501, 500));
        (limits = _limits()).minDriftBps = 1001;
        _refusedLimits(limits, _above("minDriftBps", 1001, 1000));
        (limits = _limits()).minProgressBps = 1001;
        _refusedLimits(limits, _above("minProgressBps", 1001, 1000));
        (limits = _limits()).maxTradeBps = 10_001;
        _refusedLimits(limits, _above("maxTradeBps", 10_001, 10_000));
        (limits = _limits()).emergencyBps = 1001;
        _refusedLimits(limits, _above("emergencyBps", 1001, 1000));
        (limits = _limits()).maxShiftBps = 10_001;
        _refusedLimits(limits, _above("maxShiftBps", 10_001, 10_000));
        (limits = _limits()).harvestCapBps = 101;
        _refusedLimits(limits, _above("harvestCapBps", 101, 100));
    }

    function test_reverts_with_a_budget_above_its_ceiling() public {
        Limits memory limits = _limits();
        limits.lossDayBps = 101;
        _refusedLimits(limits, _above("lossDayBps", 101, 100));
        (limits = _limits()).lossMonthBps = 501;
        _refusedLimits(limits, _above("lossMonthBps", 501, 500));
        (limits = _limits()).turnoverDayBps = 6001;
        _refusedLimits(limits, _above("turnoverDayBps", 6001, 6000));
        (limits = _limits()).turnoverMonthBps = 40_001;
        _refusedLimits(limits, _above("turnoverMonthBps", 40_001, 40_000));
    }

    function test_reverts_with_a_clock_that_could_stop_the_vault() public {
        Limits memory limits = _limits();
        limits.rebalanceCooldown = 7 days + 1;
        _refusedLimits(limits, _above("rebalanceCooldown", 7 days + 1, 7 days));
        (limits = _limits()).retargetCooldown = 7 days + 1;
        _refusedLimits(limits, _above("retargetCooldown", 7 days + 1, 7 days));
        (limits = _limits()).harvestCooldown = 7 days + 1;
        _refusedLimits(limits, _above("harvestCooldown", 7 days + 1, 7 days));
        (limits = _limits()).delay = 7 days + 1;
        _refusedLimits(limits, _above("delay", 7 days + 1, 7 days));
        (limits = _limits()).delay = 1 days - 1;
        _refusedLimits(limits, _below("delay", 1 days - 1, 1 days));
    }

    function test_reverts_with_a_limit_below_its_floor() public {
        Limits memory limits = _limits();
        limits.spreadBps = 0;
        _refusedLimits(limits, _below("spreadBps", 0, 1));
        (limits = _limits()).maxTradeBps = 0;
        _refusedLimits(limits, _below("maxTradeBps", 0, 1));
        (limits = _limits()).emergencyBps = SLIP - 1;
        _refusedLimits(limits, _below("emergencyBps", SLIP - 1, SLIP));
        (limits = _limits()).minTradeBps = 1000;
        _refusedLimits(limits, _inverted("trade", 1000, 1000));
    }

    function test_reverts_with_a_loss_budget_that_turnover_at_the_widest_slip_cannot_reach() public {
        Limits memory limits = _limits();
        limits.lossDayBps = 18; // 0.6 % of 30 %
        _refusedLimits(limits, abi.encodeWithSelector(IRulebookReads.DeadLossBudget.selector, 18, 18));
        limits.lossDayBps = 17;
        limits.lossMonthBps = 120; // 0.6 % of 200 %
        _refusedLimits(limits, abi.encodeWithSelector(IRulebookReads.DeadLossBudget.selector, 120, 120));
    }

    function test_reverts_with_a_smallest_trade_that_no_turnover_budget_holds() public {
        Limits memory limits = _limits();
        (limits.turnoverDayBps, limits.lossDayBps, limits.minTradeBps) = (1800, 9, 901); // what fits at once is 9 %
        _refusedLimits(limits, _above("minTradeBps", 901, 900));
        (limits = _limits()).minTradeBps = 901;
        (limits.turnoverMonthBps, limits.lossMonthBps) = (1800, 9);
        _refusedLimits(limits, _above("minTradeBps", 901, 900));
    }

    function test_reverts_with_a_least_progress_that_no_rebalance_could_make() public {
        Limits memory limits = _limits();
        (limits.maxTradeBps, limits.minProgressBps) = (100, 101);
        _refusedLimits(limits, _above("minProgressBps", 101, 100));
        (limits = _limits()).minProgressBps = 989;
        (limits.turnoverDayBps, limits.lossDayBps) = (2000, 11); // 10 % fits at once, and brings 9.88 % at a slip of 0.6 %
        _refusedLimits(limits, _above("minProgressBps", 989, 988));
    }

    function test_reverts_with_a_loss_budget_that_the_least_progress_breaks() public {
        Limits memory limits = _limits();
        limits.lossDayBps = 0;
        _refusedLimits(limits, _below("lossDayBps", 0, 1));
        (limits = _limits()).lossMonthBps = 0;
        _refusedLimits(limits, _below("lossMonthBps", 0, 1));
        (limits = _limits()).minProgressBps = 1000; // costs 0.06 % at a slip of 0.6 %; 0.06 % of 0.12 % fits at once
        limits.lossDayBps = 12;
        _refusedLimits(limits, _below("lossDayBps", 12, 13));
    }

    function test_every_limit_at_its_ceiling_is_let_through() public {
        Setup memory setup = _setup();
        for (uint256 i; i < setup.routes.length; ++i) {
            setup.routes[i].slipBps = 200;
        }
        setup.limits = Limits({
            spreadBps: 500,
            minDriftBps: 1000,
            minProgressBps: 1000,
            maxTradeBps: 10_000,
            minTradeBps: 3000, // half of the day's turnover
            emergencyBps: 1000,
            maxShiftBps: 10_000,
            harvestCapBps: 100,
            lossDayBps: 100,
            lossMonthBps: 500,
            turnoverDayBps: 6000,
            turnoverMonthBps: 40_000,
            rebalanceCooldown: 7 days,
            retargetCooldown: 7 days,
            harvestCooldown: 7 days,
            delay: 7 days,
            maxGasPrice: type(uint64).max,
            keeperMayFlatten: false
        });
        this.deploy(setup, _targets());
        eq(abi.encode(rulebook.limits()), abi.encode(setup.limits), "stored as given");
    }
}
