// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Mode} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Deed} from "../../../contracts/mocks/PricedAdapter.sol";
import {Street} from "./Street.sol";

/// Whatever gas a caller gives, 100,000 to 30 million, and whichever legs burn theirs: each healthy leg is sold, or nothing is done.
contract StarvedExitTest is Street {
    uint256 private constant LEAST = 100_000;

    /// @return whole what the vault has of USDC once every healthy leg is sold
    function _break(uint256 subset, uint256 burning) private returns (uint256 whole) {
        whole = _has(USDC);
        for (uint256 k; k < LEGS; ++k) {
            if (subset >> k & 1 == 0) whole += _fetches(k);
            else if (burning >> k & 1 == 1) doors[k].setDeed(Deed.BURNS_GAS, 0);
            else _silence(risky[k]);
        }
    }

    function _silence(uint8 i) private {
        vm.etch(address(feeds[i][0]), hex"fe");
        vm.etch(address(feeds[i][1]), hex"fe");
    }

    function _flatten(uint256 gas, uint256 subset, uint256 burning) private {
        uint256 nothing = _has(USDC);
        uint256 whole = _break(subset, burning);
        vm.prank(guardian);
        try vault.flatten{gas: gas}() {
            eq(_has(USDC), whole, "a healthy leg was left behind");
        } catch (bytes memory) {
            eq(_has(USDC), nothing, "half done");
        }
    }

    function _kill(uint256 gas, uint256 subset, uint256 burning) private {
        uint256 nothing = _has(USDC);
        uint256 whole = _break(subset, burning);
        vm.prank(guardian);
        try vault.kill{gas: gas}("starved") {
            yes(vault.state().mode == Mode.HALTED, "killed, and not halted");
            yes(_has(USDC) == whole || _has(USDC) == nothing, "half done");
        } catch (bytes memory) {
            eq(_has(USDC), nothing, "half done");
            yes(vault.state().mode == Mode.ACTIVE, "halted by a call that reverted");
        }
    }

    /// Half of the tries where little gas hurts most.
    function _someGas(uint256 gas) private pure returns (uint256) {
        return bound(gas >> 1, LEAST, gas % 2 == 0 ? BLOCK_GAS : 3_500_000);
    }

    function testFuzz_at_any_gas_flatten_sells_every_healthy_leg_or_nothing(
        uint256 gas,
        uint256 subset,
        uint256 burning
    ) public {
        _flatten(_someGas(gas), subset % SUBSETS, burning);
    }

    function testFuzz_at_any_gas_kill_halts_and_sells_every_healthy_leg_or_none(
        uint256 gas,
        uint256 subset,
        uint256 burning
    ) public {
        _pass(1 hours);
        _unhalt();
        _kill(_someGas(gas), subset % SUBSETS, burning);
    }

    /// From 100,000 to 30 million in steps of 3 %, all legs healthy: both outcomes are there, and between them one threshold.
    function test_at_every_gas_of_a_ladder_flatten_does_all_or_nothing() public {
        uint256 before = vm.snapshotState();
        uint256 sold;
        uint256 tried;
        for (uint256 gas = LEAST; gas <= BLOCK_GAS; gas = gas * 103 / 100) {
            uint256 was = _has(USDC);
            _flatten(gas, 0, 0);
            ++tried;
            if (_has(USDC) > was) ++sold;
            else eq(sold, 0, "more gas did less");
            vm.revertToState(before);
        }
        gt(sold, 50, "some sold");
        gt(tried - sold, 50, "some were refused");
    }
}
