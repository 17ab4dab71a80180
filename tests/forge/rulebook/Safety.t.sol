// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Cluster, IPriceOracle} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Asset, IRulebook, IRulebookReads} from "../../../contracts/interfaces/IRulebook.sol";
import {Governed} from "./Governed.sol";

/// What a listing said for ever until now: rank, depeg band and dust change by the queue, and a way out of each asset stays.
contract SafetyTest is Governed {
    bytes private same = abi.encodeWithSelector(IVaultCore.NoChange.selector);

    function _safety(uint8 asset, uint8 rank, uint16 depegBps) private pure returns (bytes memory) {
        return abi.encodeCall(IRulebook.setAssetSafety, (asset, rank, depegBps));
    }

    function _dust(uint8 asset, uint128 dust) private pure returns (bytes memory) {
        return abi.encodeCall(IRulebook.setDust, (asset, dust));
    }

    // ------------------------------------------------------------------------------------------------ rank and band

    function test_the_refuge_follows_the_ranks() public {
        eq(rulebook.refuge(), USDC, "the first");
        _enact(_safety(USDC, 3, 200));
        eq(rulebook.refuge(), DAI, "the second is now the first");
        eq(rulebook.assets()[USDC].safeRank, 3, "rank");
        eq(rulebook.rules().assets[USDC].safeRank, 3, "what the vault reads");
        eq(rulebook.configVersion(), 2, "version");
        _enactRefused(_safety(USDC, 3, 200), same);
    }

    function test_the_band_decides_when_a_refuge_is_none() public {
        oracle.set(address(tokens[USDC]), 0.99e18);
        _enact(_safety(USDC, 1, 99));
        eq(rulebook.refuge(), DAI, "a hair outside");
        _enact(_safety(USDC, 1, 100));
        eq(rulebook.refuge(), USDC, "on its edge");
        eq(rulebook.assets()[USDC].depegBps, 100, "band");
    }

    function test_a_band_is_above_nothing_and_below_its_ceiling() public {
        _enactRefused(_safety(USDC, 1, 1001), _above("depegBps", 1001, 1000));
        _enactRefused(_safety(USDC, 1, 0), _below("depegBps", 0, 1));
    }

    /// Flatten sells nothing into an asset that is not worth about a dollar, and sells no safe one.
    function test_what_is_no_dollar_does_not_become_safe() public {
        _enactRefused(_safety(WETH, 4, 200), _above("priceLow", 500e18, 1e18));
    }

    function test_a_safe_asset_becomes_one_to_sell_only_with_a_way_out() public {
        _enactRefused(_safety(DAI, 0, 200), abi.encodeWithSelector(IRulebookReads.NoExit.selector, DAI));
        _enact(abi.encodeCall(IRulebook.addRoute, (_route(DAI, USDC))));
        _enact(_safety(DAI, 0, 0));
        tokens[DAI].mint(address(vault), 1000e18);
        _halt();
        vm.prank(guardian);
        vault.flatten();
        eq(_held(DAI), 0, "sold like any other");
    }

    function test_the_last_refuge_stays() public {
        _freeze(owner, DAI);
        bytes memory none = abi.encodeWithSelector(IRulebookReads.NoSafeAssetListed.selector);
        _enactRefused(_safety(USDC, 0, 200), none);
    }

    function test_an_asset_becomes_a_refuge_with_a_way_from_each_other() public {
        _enact(abi.encodeCall(IRulebook.setPriceBand, (GRAIN, 0.0001e18, 2e18)));
        _enactRefused(_safety(GRAIN, 3, 200), abi.encodeWithSelector(IRulebookReads.NoExit.selector, WETH));
        _enact(abi.encodeCall(IRulebook.addRoute, (_route(WETH, GRAIN))));
        _enact(abi.encodeCall(IRulebook.addRoute, (_route(WBTC, GRAIN))));
        _enact(_safety(GRAIN, 3, 200));
        eq(rulebook.refuge(), USDC, "a cent is outside its band, whatever its rank");
    }

    // ------------------------------------------------------------------------------------------------ dust

    function test_dust_decides_what_is_flattened() public {
        tokens[DAI].mint(address(vault), 1);
        _enact(_dust(GRAIN, 5000e24)); // $50
        eq(rulebook.assets()[GRAIN].dust, 5000e24, "dust");
        eq(rulebook.configVersion(), 2, "version");
        _enactRefused(_dust(GRAIN, 5000e24), same);
        tokens[GRAIN].burn(address(vault), _held(GRAIN) - 5000e24);
        _halt();
        vm.prank(guardian);
        vault.flatten();
        eq(_held(GRAIN), 5000e24, "not worth the sale");
    }

    function test_dust_is_worth_at_most_a_hundred_dollars() public {
        _enact(_dust(WETH, 0.05e18));
        _enactRefused(_dust(WETH, 0.05e18 + 1), _above("dust", 100e18 + 2000, 100e18));
        oracle.setMute(address(tokens[WETH]), true); // without a price: at the high end of its band, $10,000
        _enact(_dust(WETH, 0.01e18));
        _enactRefused(_dust(WETH, 0.01e18 + 1), _above("dust", 100e18 + 10_000, 100e18));
        oracle.setMute(address(tokens[WETH]), false);
        bytes memory none = abi.encode(new Cluster[](0)); // nor with an oracle that answers beside the question
        vm.mockCall(address(oracle), abi.encodeWithSelector(IPriceOracle.clusters.selector), none);
        _enactRefused(_dust(WETH, 0.01e18 + 1), _above("dust", 100e18 + 10_000, 100e18));
    }

    /// Whatever is asked for, asset by asset: afterwards there is a refuge, and a way from each asset into each.
    function testFuzz_no_change_of_safety_takes_a_way_out(uint8[6] memory which, uint8[6] memory ranks) public {
        for (uint256 k; k < which.length; ++k) {
            bytes memory data = _safety(which[k] % 5, ranks[k] % 4, 150);
            vm.startPrank(owner);
            _book().queue(data);
            _pass(DELAY);
            try _book().execute(data) {} catch {}
            _book().cancelAll();
            vm.stopPrank();
            _checkWays();
        }
    }

    function _checkWays() private view {
        Asset[] memory assets = rulebook.assets();
        uint256 safe;
        for (uint8 s; s < assets.length; ++s) {
            if (assets[s].safeRank == 0) continue;
            ++safe;
            for (uint8 a; a < assets.length; ++a) {
                if (assets[a].safeRank == 0) yes(_way(a, s), "no way out");
            }
        }
        gt(safe, 0, "no refuge");
    }

    function _way(uint8 from, uint8 into) private view returns (bool found) {
        for (uint16 r; r < 14; ++r) {
            found = found
                || (rulebook.route(r).assetIn == from
                    && rulebook.route(r).assetOut == into
                    && rulebook.route(r).enabled);
        }
    }
}
