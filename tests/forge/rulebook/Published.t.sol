// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Asset, IRulebook, Limits, Mandate, Route, Rules} from "../../../contracts/interfaces/IRulebook.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Governed} from "./Governed.sol";

/// What the vault reads is kept apart from what is changed: after each change both say the same.
contract PublishedTest is Governed {
    uint256 private changes;

    function test_at_construction() public view {
        _same("construction");
    }

    function test_after_each_change_at_once() public {
        Limits memory limits = _limits();
        limits.maxTradeBps -= 1;
        _tighten(limits);
        _changed("tighten");
        _freeze(guardian, GRAIN);
        _changed("freeze");
        _switch(guardian, WETH_USDC_SPARE, false);
        _changed("off");
        no(rulebook.route(WETH_USDC_SPARE).enabled, "the route is off for the vault");
        _pass(1 hours);
        vm.prank(owner);
        _book().unfreeze(GRAIN);
        _changed("unfreeze");
        _switch(owner, WETH_USDC_SPARE, true);
        _changed("on");
        yes(rulebook.route(WETH_USDC_SPARE).enabled, "the route is on for the vault");
        vm.prank(guardian);
        rulebook.revokeKeeper(keeper);
        _changed("revocation");
        vm.prank(owner);
        rulebook.transferOwnership(stranger);
        vm.prank(stranger);
        rulebook.acceptOwnership();
        _changed("ownership");
    }

    function test_after_each_change_by_the_queue() public {
        Limits memory limits = _limits();
        limits.turnoverDayBps = 6000;
        _enact(abi.encodeCall(IRulebook.setLimits, (limits)));
        _changed("limits");
        _enact(abi.encodeCall(IRulebook.setAssetRange, (WETH, 3000, 4500)));
        _changed("range");
        _enact(abi.encodeCall(IRulebook.setPriceBand, (WETH, 1000e18, 48_000e18)));
        _changed("band");
        _enact(abi.encodeCall(IRulebook.setPayout, (stranger)));
        _changed("payout");
        _enact(abi.encodeCall(IRulebook.appointKeeper, (Mandate(stranger, uint40(block.timestamp + 20 days)))));
        _changed("keeper");
        OddToken token = new OddToken("FRESH", 8);
        oracle.set(address(token), 5e18);
        Asset memory asset = rulebook.assets()[WBTC];
        (asset.token, asset.frozen, asset.priceLow, asset.priceHigh) = (address(token), true, 1e18, 25e18);
        _enact(abi.encodeCall(IRulebook.listAsset, (asset)));
        _changed("asset");
        _enact(abi.encodeCall(IRulebook.addRoute, (_route(5, USDC))));
        _changed("route");
        eq(abi.encode(rulebook.route(14)), abi.encode(_route(5, USDC)), "as given");
    }

    function _changed(string memory what) private {
        ++changes;
        eq(rulebook.rules().configVersion, 1 + changes, what);
        _same(what);
    }

    function _same(string memory what) private view {
        Rules memory told = Rules(rulebook.configVersion(), rulebook.oracle(), rulebook.limits(), rulebook.assets(), 0);
        eq(abi.encode(rulebook.rules()), abi.encode(told), what);
        Route[] memory routes = rulebook.routes();
        for (uint16 i; i < routes.length; ++i) {
            eq(abi.encode(rulebook.route(i)), abi.encode(routes[i]), what);
            (address door, address till, address token) = rulebook.parties(i);
            eq(door, routes[i].adapter, what);
            eq(till, routes[i].venue, what);
            uint8 sold = routes[i].assetIn;
            eq(token, sold == 255 ? rulebook.claims()[routes[i].claim].reward : rulebook.assets()[sold].token, what);
        }
    }
}
