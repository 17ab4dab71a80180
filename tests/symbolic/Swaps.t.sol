// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Order, Report, Terms} from "../../contracts/interfaces/IKeeperVault.sol";
import {AnyVault, OpenRulebook, WildAdapter} from "./AnyVault.sol";
import {VaultSlots} from "./Slots.sol";
import {Role} from "../../contracts/interfaces/IRulebook.sol";

/// Invariants 3, 15 and 17 in the vault's actions. The adapter takes, brings and says what it likes.
contract SwapsTest is AnyVault {
    uint256 private constant AMOUNT = 50e18;
    address private constant KEEPER = address(0xB07);
    address private constant OWNER = address(0xA11CE);

    function setUp() public override {
        super.setUp();
        one.set(VAULT, 600e18);
        zero.set(VAULT, 400e18);
        // half and half are wanted, and no budget is used; everything else the vault keeps is arbitrary
        vm.store(VAULT, bytes32(VaultSlots._targets), bytes32(uint256(5000 | 5000 << 16)));
        vm.store(VAULT, bytes32(VaultSlots._levels), 0);
    }

    /// Every trade of the vault goes through one function; here it is reached by a leg, whose floor is the rulebook's word.
    function check_3_no_swap_brings_less_than_its_floor(uint128 least, uint128 brings, uint128 says) public {
        OpenRulebook(book).ask(least);
        WildAdapter(adapter).will(AMOUNT, brings, says);
        uint256 had = zero.balanceOf(VAULT);
        vm.prank(VAULT);
        (bool done,) =
            VAULT.call(abi.encodeWithSignature("leg(uint16,address,uint256,bool,bool)", 0, one, AMOUNT, false, false));
        if (!done) return;
        assert(zero.balanceOf(VAULT) >= had + least && says >= least);
        assert(one.balanceOf(VAULT) >= 600e18 - AMOUNT);
    }

    /// One token for one, at prices that the oracle may change whenever it is asked: were it asked again, the vault would seem
    /// to have won or lost.
    function check_17_a_rebalance_is_valued_at_the_prices_it_was_decided_on(Terms calldata terms) public {
        _of_one_mind(KEEPER, abi.encodeCall(IVaultCore.rebalance, (_order(), terms)));
    }

    function check_17_an_allocation_is_valued_at_the_prices_it_was_decided_on(uint40 deadline) public {
        _of_one_mind(OWNER, abi.encodeCall(IVaultCore.allocate, (_order(), deadline)));
    }

    function _of_one_mind(address caller, bytes memory data) private {
        WildAdapter(adapter).will(AMOUNT, AMOUNT, AMOUNT);
        vm.prank(caller);
        (bool done, bytes memory answer) = VAULT.call(data);
        if (!done) return;
        Report memory report = abi.decode(answer, (Report));
        assert(report.navBefore == report.navAfter && report.loss == 0);
    }

    function _order() private pure returns (Order[] memory orders) {
        orders = new Order[](1);
        orders[0] = Order({route: 0, maxIn: uint128(AMOUNT), minOut: 0});
    }

    function check_15_rebalance(address caller, Terms calldata terms, uint40 time) public {
        vm.warp(time);
        WildAdapter(adapter).will(AMOUNT, AMOUNT, AMOUNT);
        _admitted(caller, abi.encodeCall(IVaultCore.rebalance, (_order(), terms)), terms, time);
    }

    function check_15_retarget(address caller, Terms calldata terms, uint40 time, uint16 target) public {
        vm.warp(time);
        uint16[] memory targets = new uint16[](2);
        (targets[0], targets[1]) = (target, 10_000 - target);
        _admitted(caller, abi.encodeCall(IVaultCore.retarget, (targets, terms)), terms, time);
    }

    function check_15_the_owners_actions(address caller, uint40 deadline, uint40 time, uint16 target) public {
        vm.warp(time);
        WildAdapter(adapter).will(AMOUNT, AMOUNT, AMOUNT);
        if (_raised(caller, abi.encodeCall(IVaultCore.allocate, (_order(), deadline)))) {
            assert(_roleOf(caller) == Role.OWNER && time <= deadline);
        }
        uint16[] memory targets = new uint16[](2);
        (targets[0], targets[1]) = (target, 10_000 - target);
        if (_raised(caller, abi.encodeCall(IVaultCore.setTargets, (targets)))) assert(_roleOf(caller) == Role.OWNER);
    }

    /// What a keeper's action asks of whoever calls it.
    function _admitted(address caller, bytes memory data, Terms calldata terms, uint40 time) private {
        uint256 word = _words()[0];
        uint32 version = OpenRulebook(book).configVersion();
        if (!_raised(caller, data)) return;
        assert(_roleOf(caller) == Role.KEEPER);
        assert(uint8(word) == 0); // ACTIVE
        assert(terms.epoch == uint64(word >> 8) && terms.configVersion == version);
        assert(time <= terms.deadline && terms.deadline <= uint256(time) + 1 hours);
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
