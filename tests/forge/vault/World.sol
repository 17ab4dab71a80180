// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IVaultCore, Order, Report, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Asset, Claim, IRulebookReads, Limits, Mandate, Route, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {MockRewards} from "../../../contracts/mocks/MockRewards.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {PricedAdapter, Till} from "../../../contracts/mocks/PricedAdapter.sol";
import {SteeredOracle} from "../../../contracts/mocks/SteeredOracle.sol";
import {Base} from "../Base.sol";

interface Clock {
    function getBlockTimestamp() external view returns (uint256);
}

/// The external functions of the vault that stand in no interface: they are for the vault itself.
interface IInside {
    function leg(uint16 index, address token, uint256 amount, bool partialFill, bool privileged)
        external
        returns (uint256 spent, uint256 got, uint256 least);
    function sweep(address actor) external;
}

/// A vault with five assets of 6, 8, 18 and 24 decimals, $1M off its targets by 20 %, and everybody who may meet it.
/// The vault's and the rulebook's code comes from their artifacts, so that no test compiles them again.
abstract contract World is Base {
    uint256 internal constant ONE = 1e18;
    uint256 internal constant BPS = 10_000;
    uint40 internal constant START = 1_700_000_000;
    uint256 internal constant NAV = 1_000_000e18;
    uint40 internal constant MANDATE = 30 days;

    // assets, by index
    uint8 internal constant WETH = 0; // 18 decimals, $2,000, target 40 %, holds 60 %
    uint8 internal constant WBTC = 1; // 8 decimals, $50,000, target 25 %, holds 20 %
    uint8 internal constant USDC = 2; // 6 decimals, first refuge, target 30 %, holds 15 %
    uint8 internal constant GRAIN = 3; // 24 decimals, $0.01, target 5 %, holds 5 %
    uint8 internal constant DAI = 4; // 18 decimals, second refuge, no target, none held

    // routes, by index
    uint16 internal constant WETH_USDC = 0;
    uint16 internal constant USDC_WETH = 1;
    uint16 internal constant WBTC_USDC = 2;
    uint16 internal constant USDC_WBTC = 3;
    uint16 internal constant GRAIN_USDC = 4;
    uint16 internal constant USDC_GRAIN = 5;
    uint16 internal constant WETH_WBTC = 6;
    uint16 internal constant WBTC_WETH = 7;
    uint16 internal constant WETH_DAI = 8;
    uint16 internal constant WBTC_DAI = 9;
    uint16 internal constant GRAIN_DAI = 10;
    uint16 internal constant WETH_USDC_OFF = 11;
    uint16 internal constant REWARD_USDC = 12;
    uint16 internal constant WETH_USDC_SPARE = 13;
    uint16 internal constant SLIP = 60;

    address internal owner = actor("owner");
    address internal heir = actor("pending owner");
    address internal guardian = actor("guardian");
    address internal keeper = actor("keeper");
    address internal lapsing = actor("keeper whose mandate ends in an hour");
    address internal stranger = actor("stranger");
    address internal payout = actor("payout");

    OddToken[5] internal tokens;
    OddToken internal link; // the reward of claim 0: 18 decimals, $20, not listed
    MockRewards internal rewards;
    SteeredOracle internal oracle;
    PricedAdapter internal adapter;
    PricedAdapter internal spare;
    Till internal venue;
    address internal clerk;
    IRulebookReads internal rulebook;
    IVaultCore internal vault;

    function setUp() public virtual {
        vm.warp(START);
        oracle = new SteeredOracle();
        adapter = new PricedAdapter(oracle);
        spare = new PricedAdapter(oracle);
        venue = new Till();
        _token(WETH, "WETH", 18, 2000e18);
        _token(WBTC, "WBTC", 8, 50_000e18);
        _token(USDC, "USDC", 6, 1e18);
        _token(GRAIN, "GRAIN", 24, 0.01e18);
        _token(DAI, "DAI", 18, 1e18);
        link = new OddToken("LINK", 18);
        oracle.set(address(link), 20e18);
        rewards = new MockRewards(link);
        clerk = _create(vm.getCode("Clerk.sol:Clerk"), "");
        _prepare();
        this.deploy(_setup(), _targets());
        _fill();
    }

    /// What a test's own world needs before its rulebook is written.
    function _prepare() internal virtual {}

    function _token(uint8 i, string memory symbol, uint8 decimals, uint128 price) private {
        tokens[i] = new OddToken(symbol, decimals);
        oracle.set(address(tokens[i]), price);
        vm.label(address(tokens[i]), symbol);
    }

    function _fill() internal {
        tokens[WETH].mint(address(vault), 300e18);
        tokens[WBTC].mint(address(vault), 4e8);
        tokens[USDC].mint(address(vault), 150_000e6);
        tokens[GRAIN].mint(address(vault), 5_000_000e24);
    }

    // ------------------------------------------------------------------------------------------------ deploying

    /// Rulebook, then vault, each knowing the other; reverts as their constructors do.
    function deploy(Setup memory setup, uint16[] memory targets) public {
        rulebook = IRulebookReads(_create(vm.getCode("Rulebook.sol:Rulebook"), abi.encode(setup, clerk)));
        vault = IVaultCore(_create(vm.getCode("KeeperVault.sol:KeeperVault"), abi.encode(address(rulebook), targets)));
        vm.label(address(vault), "vault");
    }

    function _create(bytes memory code, bytes memory arguments) internal returns (address made) {
        bytes memory initcode = bytes.concat(code, arguments);
        assembly ("memory-safe") {
            made := create(0, add(initcode, 0x20), mload(initcode))
            if iszero(made) {
                let free := mload(0x40)
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
        }
    }

    function _targets() internal pure virtual returns (uint16[] memory targets) {
        targets = new uint16[](5);
        (targets[WETH], targets[WBTC], targets[USDC], targets[GRAIN], targets[DAI]) = (4000, 2500, 3000, 500, 0);
    }

    /// The defaults of the specification.
    function _limits() internal pure virtual returns (Limits memory) {
        return Limits({
            spreadBps: 100,
            minDriftBps: 25,
            minProgressBps: 25,
            maxTradeBps: 1000,
            minTradeBps: 5,
            emergencyBps: 500,
            maxShiftBps: 500,
            harvestCapBps: 10,
            lossDayBps: 15,
            lossMonthBps: 75,
            turnoverDayBps: 3000,
            turnoverMonthBps: 20_000,
            rebalanceCooldown: 300,
            retargetCooldown: 3600,
            harvestCooldown: 3600,
            delay: 2 days,
            maxGasPrice: 100 gwei,
            keeperMayFlatten: true
        });
    }

    function _setup() internal view virtual returns (Setup memory setup) {
        setup.vault = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        setup.owner = owner;
        setup.payout = payout;
        setup.oracle = address(oracle);
        setup.limits = _limits();
        setup.guardians = new address[](1);
        setup.guardians[0] = guardian;
        setup.keepers = new Mandate[](2);
        setup.keepers[0] = Mandate({keeper: keeper, expires: START + MANDATE});
        setup.keepers[1] = Mandate({keeper: lapsing, expires: START + 1 hours});
        setup.claims = new Claim[](1);
        setup.claims[0] = Claim({
            target: address(rewards),
            reward: address(link),
            dailyCap: 2000e18,
            enabled: true,
            data: abi.encodeCall(MockRewards.claim, ())
        });
        setup.assets = new Asset[](5);
        setup.assets[WETH] = _asset(WETH, 0, 500e18, 10_000e18);
        setup.assets[WBTC] = _asset(WBTC, 0, 10_000e18, 300_000e18);
        setup.assets[USDC] = _asset(USDC, 1, 0.5e18, 1.5e18);
        setup.assets[GRAIN] = _asset(GRAIN, 0, 0.0001e18, 1e18);
        setup.assets[DAI] = _asset(DAI, 2, 0.5e18, 1.5e18);
        setup.routes = _routes();
    }

    function _asset(uint8 i, uint8 rank, uint128 low, uint128 high) private view returns (Asset memory) {
        return Asset({
            token: address(tokens[i]),
            decimals: tokens[i].decimals(),
            safeRank: rank,
            frozen: false,
            minBps: 0,
            maxBps: 10_000,
            depegBps: 200,
            dust: uint128(10 ** tokens[i].decimals() / 10_000),
            priceLow: low,
            priceHigh: high
        });
    }

    function _routes() private view returns (Route[] memory routes) {
        routes = new Route[](14);
        routes[WETH_USDC] = _route(WETH, USDC);
        routes[USDC_WETH] = _route(USDC, WETH);
        routes[WBTC_USDC] = _route(WBTC, USDC);
        routes[USDC_WBTC] = _route(USDC, WBTC);
        routes[GRAIN_USDC] = _route(GRAIN, USDC);
        routes[USDC_GRAIN] = _route(USDC, GRAIN);
        routes[WETH_WBTC] = _route(WETH, WBTC);
        routes[WBTC_WETH] = _route(WBTC, WETH);
        routes[WETH_DAI] = _route(WETH, DAI);
        routes[WBTC_DAI] = _route(WBTC, DAI);
        routes[GRAIN_DAI] = _route(GRAIN, DAI);
        routes[WETH_USDC_OFF] = _route(WETH, USDC);
        routes[WETH_USDC_OFF].enabled = false;
        routes[REWARD_USDC] = _route(255, USDC);
        routes[WETH_USDC_SPARE] = _route(WETH, USDC);
        routes[WETH_USDC_SPARE].adapter = address(spare);
    }

    function _route(uint8 assetIn, uint8 assetOut) internal view returns (Route memory) {
        return Route({
            assetIn: assetIn,
            assetOut: assetOut,
            claim: 0,
            slipBps: SLIP,
            enabled: true,
            adapter: address(adapter),
            venue: address(venue),
            data: abi.encode(assetIn, assetOut)
        });
    }

    // ------------------------------------------------------------------------------------------------ acting

    function _terms() internal view returns (Terms memory) {
        return Terms({
            epoch: vault.state().epoch,
            configVersion: rulebook.configVersion(),
            deadline: SafeCast.toUint40(_now() + 60),
            decisionId: keccak256("a decision")
        });
    }

    function _order(uint16 route, uint256 maxIn) internal pure returns (Order[] memory orders) {
        orders = new Order[](1);
        orders[0] = Order({route: route, maxIn: SafeCast.toUint128(maxIn), minOut: 0});
    }

    function _rebalance(Order[] memory orders) internal returns (Report memory) {
        Terms memory terms = _terms();
        vm.prank(keeper);
        return vault.rebalance(orders, terms);
    }

    function _rebalance(uint16 route, uint256 maxIn) internal returns (Report memory) {
        return _rebalance(_order(route, maxIn));
    }

    /// The keeper's rebalance must revert with exactly `why`.
    function _refused(Order[] memory orders, bytes memory why) internal {
        Terms memory terms = _terms();
        vm.prank(keeper);
        vm.expectRevert(why);
        vault.rebalance(orders, terms);
    }

    function _refused(uint16 route, uint256 maxIn, bytes memory why) internal {
        _refused(_order(route, maxIn), why);
    }

    function _harvest(Order[] memory sales) internal returns (Report memory) {
        Terms memory terms = _terms();
        vm.prank(keeper);
        return vault.harvest(0, sales, terms);
    }

    /// The keeper's harvest must revert with exactly `why`.
    function _harvestRefused(Order[] memory sales, bytes memory why) internal {
        Terms memory terms = _terms();
        vm.prank(keeper);
        vm.expectRevert(why);
        vault.harvest(0, sales, terms);
    }

    function _retarget(uint16[] memory targets) internal {
        Terms memory terms = _terms();
        vm.prank(keeper);
        vault.retarget(targets, terms);
    }

    function _retargetRefused(uint16[] memory targets, bytes memory why) internal {
        Terms memory terms = _terms();
        vm.prank(keeper);
        vm.expectRevert(why);
        vault.retarget(targets, terms);
    }

    /// `bps` from WETH to WBTC, away from the targets there are.
    function _shifted(uint16 bps) internal view returns (uint16[] memory targets) {
        targets = vault.state().targetsBps;
        (targets[WETH], targets[WBTC]) = (targets[WETH] - bps, targets[WBTC] + bps);
    }

    function _unhalt() internal {
        vm.prank(owner);
        vault.unhalt();
    }

    function _halt() internal {
        vm.prank(guardian);
        vault.halt("test");
    }

    // ------------------------------------------------------------------------------------------------ looking

    /// Asked of forge: through the IR `block.timestamp` is read once a call, however often a test warps.
    function _now() internal view returns (uint256) {
        return Clock(address(vm)).getBlockTimestamp();
    }

    function _pass(uint256 time) internal {
        vm.warp(_now() + time);
    }

    function _held(uint8 i) internal view returns (uint256) {
        return tokens[i].balanceOf(address(vault));
    }

    /// USD of what the vault holds of one asset, 18 decimals, rounded down.
    function _worth(uint8 i) internal view returns (uint256) {
        return _held(i) * oracle.priceOf(address(tokens[i])) / 10 ** tokens[i].decimals();
    }

    function _nav() internal view returns (uint256 nav) {
        for (uint8 i; i < 5; ++i) {
            nav += _worth(i);
        }
    }

    function _list(uint8 a) internal pure returns (uint8[] memory list) {
        list = new uint8[](1);
        list[0] = a;
    }
}
