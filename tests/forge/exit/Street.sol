// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MedianOracle, Listing} from "../../../contracts/MedianOracle.sol";
import {IVaultCore} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IPriceSource, SourceKind} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Asset, Route, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {MockSource} from "../../../contracts/mocks/MockSource.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {PricedAdapter} from "../../../contracts/mocks/PricedAdapter.sol";
import {Vm} from "../Base.sol";
import {World} from "../vault/World.sol";

/// Five assets to leave and two refuges, under the real oracle: two push feeds a token, and an adapter of its own for each
/// asset, so that each leg can fail alone. `oracle`, the steered one, is here the market: what things fetch, whatever feeds say.
abstract contract Street is World {
    uint8 internal constant RICE = 5; // 18 decimals, $4
    uint8 internal constant TIN = 6; // 8 decimals, $30
    uint256 internal constant ALL = 7;
    uint256 internal constant LEGS = 5;
    uint256 internal constant SUBSETS = 2 ** LEGS;
    /// A block's gas, as of the day this was written.
    uint256 internal constant BLOCK_GAS = 30_000_000;

    uint8[LEGS] internal risky = [WETH, WBTC, GRAIN, RICE, TIN];
    OddToken[ALL] internal coins;
    MockSource[2][ALL] internal feeds;
    PricedAdapter[LEGS] internal doors;
    MedianOracle internal median;

    function setUp() public virtual override {
        super.setUp();
        coins[RICE].mint(address(vault), 10_000e18);
        coins[TIN].mint(address(vault), 1000e8);
        coins[DAI].mint(address(vault), 7e18);
        _halt();
    }

    function _prepare() internal virtual override {
        for (uint8 i; i < 5; ++i) {
            coins[i] = tokens[i];
        }
        coins[RICE] = new OddToken("RICE", 18);
        coins[TIN] = new OddToken("TIN", 8);
        oracle.set(address(coins[RICE]), 4e18);
        oracle.set(address(coins[TIN]), 30e18);
        Listing[] memory listings = new Listing[](ALL);
        for (uint8 i; i < ALL; ++i) {
            listings[i].token = address(coins[i]);
            listings[i].sources = new IPriceSource[](2);
            for (uint256 k; k < 2; ++k) {
                feeds[i][k] = new MockSource(address(coins[i]), SourceKind.PUSH, oracle.priceOf(address(coins[i])));
                listings[i].sources[k] = feeds[i][k];
            }
        }
        median = new MedianOracle(listings);
        for (uint256 k; k < LEGS; ++k) {
            doors[k] = new PricedAdapter(oracle);
        }
    }

    function _targets() internal pure virtual override returns (uint16[] memory targets) {
        targets = new uint16[](ALL);
        (targets[WETH], targets[WBTC], targets[USDC], targets[GRAIN]) = (4000, 2000, 2500, 500);
        (targets[RICE], targets[TIN]) = (500, 500);
    }

    function _setup() internal view virtual override returns (Setup memory setup) {
        setup = super._setup();
        setup.oracle = address(median);
        Asset[] memory assets = new Asset[](ALL);
        for (uint8 i; i < ALL; ++i) {
            assets[i] = abi.decode(abi.encode(setup.assets[i < 5 ? i : WETH]), (Asset)); // a copy, not the same place
            (assets[i].token, assets[i].decimals) = (address(coins[i]), coins[i].decimals());
            if (i > 4) (assets[i].priceLow, assets[i].priceHigh, assets[i].dust) = (0.1e18, 1000e18, 1e4);
        }
        setup.assets = assets;
        Route[] memory routes = new Route[](2 * LEGS);
        for (uint256 k; k < LEGS; ++k) {
            (routes[2 * k], routes[2 * k + 1]) = (_route(risky[k], USDC), _route(risky[k], DAI));
            (routes[2 * k].adapter, routes[2 * k + 1].adapter) = (address(doors[k]), address(doors[k]));
        }
        setup.routes = routes;
    }

    // ------------------------------------------------------------------------------------------------ looking

    function _has(uint8 i) internal view returns (uint256) {
        return coins[i].balanceOf(address(vault));
    }

    /// What the vault's `k`-th risky asset fetches in the market, in units of USDC.
    function _fetches(uint256 k) internal view returns (uint256) {
        return doors[k].quote(address(coins[risky[k]]), address(coins[USDC]), _has(risky[k]));
    }

    /// What a flatten said, a bit an asset: sold, at its floor or above; stays; and of these, without a word why.
    function _said() internal returns (uint256 sold, uint256 failed, uint256 mute) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != address(vault)) continue;
            bytes32 topic = logs[i].topics[0];
            if (topic == IVaultCore.LegSold.selector) {
                (, uint256 bought, uint256 floor) = abi.decode(logs[i].data, (uint256, uint256, uint256));
                ge(bought, floor, "a leg below the floor it told");
                sold |= uint256(1) << uint256(logs[i].topics[1]);
            } else if (topic == IVaultCore.LegFailed.selector) {
                uint256 bit = uint256(1) << uint256(logs[i].topics[1]);
                failed |= bit;
                if (abi.decode(logs[i].data, (bytes)).length == 0) mute |= bit;
                lt(uint256(logs[i].topics[2]), 2 * LEGS, "and names the route that was tried");
            }
        }
    }
}
