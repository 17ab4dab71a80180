// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Mode, State} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {World} from "./World.sol";

/// What a vault is born with, and what it refuses to be born with.
contract ConstructionTest is World {
    function _refusedTargets(uint16[] memory targets, bytes memory why) private {
        Setup memory setup = _setup();
        vm.expectRevert(why);
        this.deploy(setup, targets);
    }

    function test_a_vault_reverts_with_a_rulebook_that_names_another_vault() public {
        Setup memory setup = _setup();
        setup.vault = stranger;
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.WrongRulebook.selector, stranger));
        this.deploy(setup, _targets());
    }

    function test_a_second_vault_cannot_share_a_rulebook() public {
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.WrongRulebook.selector, address(vault)));
        this.second();
    }

    function second() external {
        _create(vm.getCode("KeeperVault.sol:KeeperVault"), abi.encode(address(rulebook), _targets()));
    }

    function test_a_vault_reverts_when_targets_do_not_make_the_whole() public {
        uint16[] memory targets = _targets();
        targets[WETH] = 3999;
        _refusedTargets(targets, abi.encodeWithSelector(IVaultCore.BadTargets.selector, 9999));
        targets[WETH] = 4001;
        _refusedTargets(targets, abi.encodeWithSelector(IVaultCore.BadTargets.selector, 10_001));
    }

    function test_a_vault_reverts_with_fewer_or_more_targets_than_assets() public {
        uint16[] memory four = new uint16[](4);
        (four[0], four[1], four[2], four[3]) = (4000, 2500, 3000, 500);
        _refusedTargets(four, abi.encodeWithSelector(IVaultCore.BadTargets.selector, 10_000));
        uint16[] memory six = new uint16[](6);
        _refusedTargets(six, abi.encodeWithSelector(IVaultCore.BadTargets.selector, 6));
    }

    function test_a_vault_reverts_with_a_target_outside_the_assets_range() public {
        Setup memory setup = _setup();
        (setup.assets[WBTC].minBps, setup.assets[WBTC].maxBps) = (2501, 9000);
        vm.expectRevert(
            abi.encodeWithSelector(IVaultCore.TargetOutOfRange.selector, WBTC, uint16(2500), uint16(2501), uint16(9000))
        );
        this.deploy(setup, _targets());
        setup = _setup();
        (setup.assets[WBTC].minBps, setup.assets[WBTC].maxBps) = (0, 2499);
        vm.expectRevert(
            abi.encodeWithSelector(IVaultCore.TargetOutOfRange.selector, WBTC, uint16(2500), uint16(0), uint16(2499))
        );
        this.deploy(setup, _targets());
    }

    function test_a_new_vault_is_active_unlocked_and_has_all_its_room() public view {
        State memory state = vault.state();
        yes(state.mode == Mode.ACTIVE, "active");
        no(state.locked, "unlocked");
        eq(state.epoch, 1, "epoch");
        eq(state.rebalancedAt + state.retargetedAt + state.harvestedAt + state.haltedAt, 0, "no clock runs");
        eq(abi.encode(state.targetsBps), abi.encode(_targets()), "targets");
        eq(address(vault.rulebook()), address(rulebook), "rulebook");
        eq(bytes(vault.version()), bytes("KeeperVault 0.3.0"), "version");
        eq(vault.headroom().lossDay, 75e13, "half of 0.15 %");
        eq(vault.headroom().lossMonth, 375e13, "half of 0.75 %");
        eq(vault.headroom().turnoverDay, 15e16, "half of 30 %");
        eq(vault.headroom().turnoverMonth, 1e18, "half of 200 %");
    }

    function test_the_vault_takes_no_native_coin() public {
        vm.deal(stranger, 1 ether);
        vm.prank(stranger);
        (bool taken,) = address(vault).call{value: 1}("");
        no(taken, "refused");
    }
}
