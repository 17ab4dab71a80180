// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVaultCore, Mode, Order, State, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IRulebook} from "../../../contracts/interfaces/IRulebook.sol";
import {Coin, Puppet} from "./Cast.sol";
import {Governing} from "./Governing.sol";

/// The one campaign: every actor's actions, in any order, and after each of them all that must hold.
abstract contract Campaign is Governing {
    function targetSelectors() external view returns (FuzzSelector[] memory list) {
        bytes4[28] memory all = [
            this.rebalance.selector,
            this.steal.selector,
            this.overreach.selector,
            this.retarget.selector,
            this.harvest.selector,
            this.milk.selector,
            this.prices.selector,
            this.pass.selector,
            this.donate.selector,
            this.unhalt.selector,
            this.allocate.selector,
            this.aim.selector,
            this.withdraw.selector,
            this.fund.selector,
            this.strangers.selector,
            this.halt.selector,
            this.flatten.selector,
            this.starve.selector,
            this.kill.selector,
            this.leave.selector,
            this.queue.selector,
            this.execute.selector,
            this.cancel.selector,
            this.tighten.selector,
            this.freeze.selector,
            this.switchRoute.selector,
            this.revoke.selector,
            this.usurp.selector
        ];
        bytes4[] memory selectors = new bytes4[](all.length);
        for (uint256 k; k < all.length; ++k) {
            selectors[k] = all[k];
        }
        list = new FuzzSelector[](1);
        list[0] = FuzzSelector(address(this), selectors);
    }

    function targetContracts() external view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(this);
    }

    // ------------------------------------------------------------------------------------------------ after each call

    function _judgeAlways() internal view {
        if (bytes(broken).length != 0) revert(broken);
        State memory state = vault.state();
        no(state.locked, "I19 the lock is open between actions");
        eq(state.epoch, epoch, "I15 the epoch rises by one with each action and never else");
        yes((state.mode == Mode.HALTED) == halted, "I14 halted when it was halted");
        for (uint8 i; i < N; ++i) {
            eq(state.targetsBps[i], targets[i], "I05 the targets are those that were set");
            _judgeCoin(i == SHARE ? link : Coin(tokens[i]), i == SHARE ? 5 : i);
        }
        eq(share.allowance(address(vault), address(share)), 0, "I02 no allowance of a share");
        eq(share.balanceOf(address(payout)), withdrawn[SHARE], "I01 payout has what the owner withdrew");
        eq(rulebook.configVersion(), configVersion, "I20 the version rises with a change and never else");
        uint256 through = owner.through() + guardian.through() + keeper.through();
        eq(through, 0, "I19 a call from inside an action went through");
    }

    function _judgeCoin(Coin coin, uint256 index) private view {
        eq(coin.grants(address(vault)), 0, "I02 the vault never gave an allowance");
        eq(coin.strayed(), 0, "I01 value went to a stranger");
        eq(coin.balanceOf(address(payout)), withdrawn[index], "I01 payout has what the owner withdrew");
    }

    // ------------------------------------------------------------------------------------------------ from inside

    /// Of an action that follows the one in flight.
    function _next() private view returns (Terms memory terms) {
        terms = _terms();
        ++terms.epoch;
    }

    function _callback() internal override returns (Puppet who, bytes memory data) {
        uint256 what = _draw(9);
        if (what == 0) return (owner, abi.encodeCall(IVaultCore.withdraw, (tokens[WETH], 1)));
        if (what == 1) return (owner, abi.encodeCall(IVaultCore.setTargets, (_moved(1))));
        if (what == 2) return (guardian, abi.encodeCall(IVaultCore.halt, ("nested")));
        if (what == 3) return (guardian, abi.encodeCall(IVaultCore.kill, ("nested")));
        if (what == 4) return (owner, abi.encodeCall(IVaultCore.allocate, (new Order[](1), uint40(clock))));
        if (what == 5) return (keeper, abi.encodeCall(IVaultCore.retarget, (_moved(1), _next())));
        if (what == 6) return (keeper, abi.encodeCall(IVaultCore.harvest, (0, new Order[](0), _next())));
        if (what == 7) return (guardian, abi.encodeCall(IRulebook.freeze, (WETH)));
        return (owner, abi.encodeCall(IRulebook.setRouteEnabled, (6, false)));
    }
}
