// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVaultCore, Mode, Order, State, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IRulebook, IRulebookReads} from "../../../contracts/interfaces/IRulebook.sol";
import {Coin, Puppet} from "./Cast.sol";
import {Governing} from "./Governing.sol";

/// The one campaign: every actor's actions, in any order, and after each of them all that must hold.
abstract contract Campaign is Governing {
    function targetSelectors() external view returns (FuzzSelector[] memory list) {
        bytes4[31] memory all = [
            this.rebalance.selector,
            this.steal.selector,
            this.churn.selector,
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
            this.trip.selector,
            this.rescue.selector,
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
        eq(address(payout).balance, rescued, "I01 payout has the native coin");
        eq(share.allowance(address(vault), address(share)), 0, "I02 no allowance of a share");
        eq(share.balanceOf(address(payout)), withdrawn[SHARE], "I01 payout has what the owner withdrew");
        eq(rulebook.configVersion(), configVersion, "I20 the version rises with a change and never else");
    }

    function _judgeCoin(Coin coin, uint256 index) private view {
        (uint256 given, uint256 lost, uint256 paid) = coin.books(address(vault), address(payout));
        eq(given, 0, "I02 the vault gave an allowance");
        eq(lost, 0, "I01 value went to a stranger");
        eq(paid, withdrawn[index], "I01 payout has what the owner withdrew");
    }

    // ------------------------------------------------------------------------------------------------ from inside

    function _callback() internal override returns (Puppet, address, bytes memory) {
        uint256 what = _draw(12);
        if (what > 8) return (_draw(2) == 0 ? owner : guardian, address(rulebook), _change(what));
        return (what < 4 ? owner : what < 6 ? guardian : keeper, address(vault), _action(what));
    }

    function _action(uint256 what) private returns (bytes memory) {
        if (what == 0) return abi.encodeCall(IVaultCore.withdraw, (tokens[USDC], 1));
        if (what == 1) return abi.encodeCall(IVaultCore.setTargets, (_moved(1)));
        if (what == 2) return abi.encodeCall(IVaultCore.allocate, (_sale(), uint40(clock)));
        if (what == 3) return abi.encodeCall(IVaultCore.kill, ("nested"));
        if (what == 4) return abi.encodeCall(IVaultCore.halt, ("nested"));
        if (what == 5) return abi.encodeWithSignature("flatten()");
        if (what == 6) return abi.encodeCall(IVaultCore.retarget, (_moved(1), _next()));
        if (what == 7) return abi.encodeCall(IVaultCore.harvest, (0, new Order[](0), _next()));
        return abi.encodeCall(IVaultCore.rebalance, (_sale(), _next()));
    }

    function _change(uint256 what) private view returns (bytes memory) {
        if (what == 9) return abi.encodeCall(IRulebook.freeze, (ODD));
        if (what == 10) return abi.encodeCall(IRulebookReads.revokeKeeper, (address(lapsing)));
        return abi.encodeCall(IRulebook.setRouteEnabled, (6, false));
    }

    function _sale() private view returns (Order[] memory orders) {
        orders = new Order[](1);
        orders[0] = Order(_sensible(_look()), type(uint128).max, 0);
    }

    /// Of an action that follows the one in flight.
    function _next() private view returns (Terms memory terms) {
        terms = _terms();
        ++terms.epoch;
    }
}
