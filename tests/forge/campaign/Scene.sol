// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {MedianOracle, Listing} from "../../../contracts/MedianOracle.sol";
import {Erc4626Adapter} from "../../../contracts/adapters/Erc4626Adapter.sol";
import {IKeeperVault} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IPriceSource, SourceKind} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Asset, Claim, IRulebook, Limits, Mandate, Route, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {MockRewards} from "../../../contracts/mocks/MockRewards.sol";
import {Till} from "../../../contracts/mocks/PricedAdapter.sol";
import {SteeredOracle} from "../../../contracts/mocks/SteeredOracle.sol";
import {Erc4626Source} from "../../../contracts/sources/Erc4626Source.sol";
import {Base} from "../Base.sol";
import {Coin, ITape, Puppet, Share, Speaker, Stall} from "./Cast.sol";

/// The stage of the campaign: a $1M vault with its own rulebook and the real oracle over three voices a token; five assets, of
/// which one is a share and one may turn odd; venues that write down what they moved; and everybody who may meet the vault,
/// as puppets, so that whoever holds a key can use it from inside an action too.
abstract contract Scene is Base, ITape {
    uint256 internal constant ONE = 1e18;
    uint256 internal constant BPS = 10_000;
    uint256 internal constant START = 1_700_000_000;
    uint256 internal constant N = 5;
    uint256 internal constant VOICES = 3;

    // assets, by index
    uint8 internal constant WETH = 0; // 18 decimals, $2,000
    uint8 internal constant ODD = 1; // 8 decimals, $50; the token that may turn odd
    uint8 internal constant USDC = 2; // 6 decimals, first refuge
    uint8 internal constant DAI = 3; // 18 decimals, second refuge, no target
    uint8 internal constant SHARE = 4; // 18 decimals, an ERC-4626 share of WETH

    // routes, by index
    uint16 internal constant ROUTES = 16;
    uint16 internal constant SHARE_WETH = 11;
    uint16 internal constant REWARD_USDC = 15;
    uint16 internal constant SLIP = 60;

    Puppet internal owner = new Puppet(this);
    Puppet internal guardian = new Puppet(this);
    Puppet internal second = new Puppet(this);
    Puppet internal keeper = new Puppet(this);
    Puppet internal lapsing = new Puppet(this);
    Puppet internal payout = new Puppet(this);
    address internal stranger = actor("stranger");

    address[5] internal tokens;
    uint256[5] internal units; // one whole token
    Coin internal link; // the reward: 18 decimals, $20, not listed
    Share internal share;
    MockRewards internal rewards;
    SteeredOracle internal market; // what things are truly worth
    Speaker[3][6] internal speakers; // of WETH, ODD, USDC, DAI, nobody, LINK
    uint256 internal rateAtListing;
    Stall[3] internal stalls; // where WETH goes out, where ODD does, and the rest
    Till internal till;
    MedianOracle internal oracle;
    IRulebook internal rulebook;
    IKeeperVault internal vault;
    mapping(address token => uint256) internal indexOf; // plus one

    uint256 internal clock = START;

    function setUp() public virtual {
        vm.warp(START);
        market = new SteeredOracle();
        till = new Till();
        _mint();
        _list();
        for (uint256 k; k < 3; ++k) {
            stalls[k] = new Stall(market, this, SLIP);
        }
        rewards = new MockRewards(link);
        _deploy();
        _fill();
    }

    function _mint() private {
        uint256[4] memory prices = [uint256(2000e18), 50e18, 1e18, 1e18];
        uint8[4] memory decimals = [18, 8, 6, 18];
        string[4] memory names = ["WETH", "ODD", "USDC", "DAI"];
        for (uint8 i; i < 4; ++i) {
            tokens[i] = address(new Coin(names[i], decimals[i]));
            market.set(tokens[i], uint128(prices[i]));
        }
        link = new Coin("LINK", 18);
        market.set(address(link), 20e18);
        share = new Share(IERC20(tokens[WETH]), this);
        tokens[SHARE] = address(share);
        Coin(tokens[WETH]).mint(address(this), 1000e18);
        Coin(tokens[WETH]).approve(address(share), 1000e18);
        Coin(tokens[WETH]).setKnown(address(share));
        share.deposit(1000e18, address(this));
        // a rate that is not 1
        Coin(tokens[WETH]).mint(address(share), 100e18);
        market.set(address(share), 2200e18);
        for (uint8 i; i < N; ++i) {
            units[i] = 10 ** (i == ODD ? 8 : i == USDC ? 6 : 18);
            indexOf[tokens[i]] = i + 1;
        }
    }

    function _list() private {
        Listing[] memory listings = new Listing[](6);
        uint256 next;
        for (uint256 i; i < 6; ++i) {
            if (i == SHARE) continue;
            address token = i == 5 ? address(link) : tokens[i];
            listings[next].token = token;
            listings[next].sources = new IPriceSource[](VOICES);
            for (uint256 k; k < VOICES; ++k) {
                SourceKind kind = k == 2 ? SourceKind.TWAP : SourceKind.PUSH;
                speakers[i][k] = new Speaker(token, kind, market.priceOf(token));
                listings[next].sources[k] = speakers[i][k];
            }
            ++next;
        }
        Erc4626Source rate = new Erc4626Source(IERC4626(address(share)), 2000);
        rateAtListing = rate.rateAtListing();
        listings[5].token = address(share);
        listings[5].sources = new IPriceSource[](1);
        listings[5].sources[0] = rate;
        oracle = new MedianOracle(listings);
    }

    // ------------------------------------------------------------------------------------------------ deploying

    function _deploy() private {
        Setup memory setup = _setup();
        address clerk = _create(vm.getCode("Clerk.sol:Clerk"), "");
        setup.vault = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        rulebook = IRulebook(_create(vm.getCode("Rulebook.sol:Rulebook"), abi.encode(setup, clerk)));
        uint16[] memory targets = new uint16[](N);
        (targets[WETH], targets[ODD], targets[USDC], targets[SHARE]) = (3500, 2500, 3000, 1000);
        bytes memory arguments = abi.encode(address(rulebook), targets);
        vault = IKeeperVault(_create(vm.getCode("KeeperVault.sol:KeeperVault"), arguments));
    }

    function _create(bytes memory code, bytes memory arguments) private returns (address made) {
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

    function _fill() private {
        share.setCustomer(address(vault));
        yes(share.transfer(address(vault), 45e18), "shares for the vault");
        Coin(tokens[WETH]).mint(address(vault), 200e18);
        Coin(tokens[ODD]).mint(address(vault), 4000e8);
        Coin(tokens[USDC]).mint(address(vault), 300_000e6);
        link.mint(address(vault), 500e18); // principal, as far as a harvest is concerned
        address[8] memory known = [
            address(vault),
            address(payout),
            address(stalls[0]),
            address(stalls[1]),
            address(stalls[2]),
            address(till),
            address(share),
            _redeemer
        ];
        for (uint8 i; i < N; ++i) {
            Coin coin = i == SHARE ? link : Coin(tokens[i]);
            for (uint256 k; k < known.length; ++k) {
                coin.setKnown(known[k]);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------ the rules

    function _limits() internal pure returns (Limits memory) {
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
            delay: 1 days,
            maxGasPrice: 100 gwei,
            keeperMayFlatten: true
        });
    }

    function _setup() private returns (Setup memory setup) {
        setup.owner = address(owner);
        setup.payout = address(payout);
        setup.oracle = address(oracle);
        setup.limits = _limits();
        setup.guardians = new address[](2);
        (setup.guardians[0], setup.guardians[1]) = (address(guardian), address(second));
        setup.keepers = new Mandate[](2);
        setup.keepers[0] = Mandate({keeper: address(keeper), expires: uint40(START + 90 days)});
        setup.keepers[1] = Mandate({keeper: address(lapsing), expires: uint40(START + 3 days)});
        setup.claims = new Claim[](1);
        setup.claims[0] = Claim({
            target: address(rewards),
            reward: address(link),
            dailyCap: 2000e18,
            enabled: true,
            data: abi.encodeCall(MockRewards.claim, ())
        });
        setup.assets = new Asset[](N);
        setup.assets[WETH] = _asset(WETH, 0, 100e18, 40_000e18);
        setup.assets[ODD] = _asset(ODD, 0, 2e18, 1000e18);
        setup.assets[USDC] = _asset(USDC, 1, 0.5e18, 1.5e18);
        setup.assets[DAI] = _asset(DAI, 2, 0.5e18, 1.5e18);
        setup.assets[SHARE] = _asset(SHARE, 0, 100e18, 100_000e18);
        setup.routes = _routes();
    }

    function _asset(uint8 i, uint8 rank, uint128 low, uint128 high) private view returns (Asset memory) {
        return Asset({
            token: tokens[i],
            decimals: i == ODD ? 8 : i == USDC ? 6 : 18,
            safeRank: rank,
            frozen: false,
            minBps: 0,
            maxBps: 10_000,
            depegBps: 200,
            dust: uint128(units[i] / 10_000),
            priceLow: low,
            priceHigh: high
        });
    }

    function _routes() private returns (Route[] memory routes) {
        routes = new Route[](ROUTES);
        (uint8[2][16] memory ways) = _ways();
        Erc4626Adapter redeemer = new Erc4626Adapter();
        _redeemer = address(redeemer);
        for (uint16 r; r < ROUTES; ++r) {
            (uint8 i, uint8 o) = (ways[r][0], ways[r][1]);
            bool straight = r == SHARE_WETH || r == SHARE_WETH - 1;
            routes[r] = Route({
                assetIn: i,
                assetOut: o,
                claim: 0,
                slipBps: SLIP,
                enabled: true,
                adapter: straight ? address(redeemer) : address(stalls[i < 2 ? i : 2]),
                venue: straight ? tokens[SHARE] : address(till),
                data: ""
            });
        }
    }

    address private _redeemer;

    function _ways() internal pure returns (uint8[2][16] memory) {
        return [
            [WETH, USDC],
            [USDC, WETH],
            [ODD, USDC],
            [USDC, ODD],
            [WETH, DAI],
            [ODD, DAI],
            [DAI, USDC],
            [USDC, DAI],
            [WETH, ODD],
            [ODD, WETH],
            [WETH, SHARE],
            [SHARE, WETH],
            [SHARE, USDC],
            [SHARE, DAI],
            [DAI, WETH],
            [255, USDC]
        ];
    }

    function _pass(uint256 time) internal {
        clock += time;
        vm.warp(clock);
    }
}
