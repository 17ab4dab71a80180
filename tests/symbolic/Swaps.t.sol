// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Order, Terms} from "../../contracts/interfaces/IKeeperVault.sol";
import {AnyVault, OpenRulebook, WildAdapter} from "./AnyVault.sol";
import {Role} from "../../contracts/interfaces/IRulebook.sol";

/// Invariants 3, 15 and 17 in the vault's actions. The adapter takes, brings and says what it likes.
contract SwapsTest is AnyVault {
    function setUp() public override {
        super.setUp();
        one.set(VAULT, 600e18);
        zero.set(VAULT, 400e18);
    }

    /// Every trade of the vault goes through one function; here it is reached by a leg, whose floor is the rulebook's word.
    function check_3_no_swap_brings_less_than_its_floor(uint128 amount, uint128 least, uint128[3] calldata will)
        public
    {
        OpenRulebook(book).ask(least);
        WildAdapter(adapter).will(will[0], will[1], will[2]);
        (uint256 hadOne, uint256 hadZero) = (one.balanceOf(VAULT), zero.balanceOf(VAULT));
        vm.prank(VAULT);
        (bool done,) =
            VAULT.call(abi.encodeWithSignature("leg(uint16,address,uint256,bool,bool)", 0, one, amount, false, false));
        if (!done) return;
        assert(zero.balanceOf(VAULT) >= hadZero + least);
        assert(hadOne - one.balanceOf(VAULT) <= amount);
    }

    function check_15_17_rebalance(address caller, Terms calldata terms, uint40 time) public {
        vm.warp(time);
        WildAdapter(adapter).will(50e18, 50e18, 50e18);
        Order[] memory orders = new Order[](1);
        orders[0] = Order({route: 0, maxIn: 50e18, minOut: 0});
        _admitted(caller, abi.encodeCall(IVaultCore.rebalance, (orders, terms)), terms, time, 1);
    }

    function check_15_retarget(address caller, Terms calldata terms, uint40 time, uint16 target) public {
        vm.warp(time);
        uint16[] memory targets = new uint16[](2);
        (targets[0], targets[1]) = (target, 10_000 - target);
        _admitted(caller, abi.encodeCall(IVaultCore.retarget, (targets, terms)), terms, time, 0);
    }

    function check_15_17_the_owners_actions(address caller, uint40 deadline, uint40 time, uint16 target) public {
        vm.warp(time);
        WildAdapter(adapter).will(50e18, 50e18, 50e18);
        Order[] memory orders = new Order[](1);
        orders[0] = Order({route: 0, maxIn: 50e18, minOut: 0});
        if (_raised(caller, abi.encodeCall(IVaultCore.allocate, (orders, deadline)))) {
            assert(_roleOf(caller) == Role.OWNER && time <= deadline && tally.count() == 1);
        }
        uint16[] memory targets = new uint16[](2);
        (targets[0], targets[1]) = (target, 10_000 - target);
        if (_raised(caller, abi.encodeCall(IVaultCore.setTargets, (targets)))) assert(_roleOf(caller) == Role.OWNER);
    }

    /// What a keeper's action asks of whoever calls it, and how often it asks for prices.
    function _admitted(address caller, bytes memory data, Terms calldata terms, uint40 time, uint256 asked) private {
        uint256 word = _words()[0];
        uint32 version = OpenRulebook(book).configVersion();
        if (!_raised(caller, data)) return;
        assert(_roleOf(caller) == Role.KEEPER);
        assert(uint8(word) == 0); // ACTIVE
        assert(terms.epoch == uint64(word >> 8) && terms.configVersion == version);
        assert(time <= terms.deadline && terms.deadline <= uint256(time) + 1 hours);
        assert(tally.count() == asked);
    }

    /// The epoch rises by one with the action, and not without it.
    function _raised(address caller, bytes memory data) private returns (bool done) {
        uint256 epoch = uint64(_words()[0] >> 8);
        vm.prank(caller);
        (done,) = VAULT.call(data);
        uint256 now_ = uint64(_words()[0] >> 8);
        assert(now_ == (done ? epoch + 1 : epoch));
    }
}
