"""The vault as a Python caller meets it, on Anvil and Ganache: deployment, roles, errors by name, events, the exit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts import world as worlds
from tests.contracts.world import SLIP_BPS, USDC_WETH, WETH_USDC, World

E18 = 10**18


@pytest.fixture(scope="module")
def deployed(net: str, project: Any) -> World:
    from brownie import chain

    chain.reset()
    return worlds.deploy(project)


@pytest.fixture
def world(deployed: World, isolated: None) -> World:
    return deployed


def test_a_vault_refuses_a_rulebook_that_names_another_address(world: World, project: Any) -> None:
    from brownie import accounts, reverts

    with reverts(revert_pattern=rf"(?i)WrongRulebook: {world.vault.address}"):
        project.KeeperVault.deploy(world.rulebook, [5000, 5000], {"from": accounts[0]})


def test_a_rulebook_refuses_a_vault_that_exists(world: World, project: Any) -> None:
    from brownie import accounts, reverts

    made = worlds.parts(project)
    with reverts(revert_pattern=rf"(?i)VaultExists: {world.vault.address}"):
        setup = worlds.setup_of(made, world.vault.address)
        project.Rulebook.deploy(setup, world.rulebook.clerk(), {"from": accounts[0]})


def test_vault_and_rulebook_name_each_other(world: World) -> None:
    assert world.vault.rulebook() == world.rulebook.address
    assert world.rulebook.vault() == world.vault.address
    assert world.vault.version() == "KeeperVault 0.3.0"
    assert list(world.vault.state()[-1]) == [5000, 5000]


@pytest.mark.parametrize("who", ["owner", "guardian", "stranger"])
def test_rebalance_reverts_for_who_is_not_a_keeper(world: World, who: str) -> None:
    from brownie import reverts

    caller = getattr(world, who)
    with reverts(revert_pattern=rf"(?i)NotKeeper: {caller.address}"):
        world.vault.rebalance([(WETH_USDC, 10 * E18, 0)], world.terms(), {"from": caller})


def test_rebalance_reverts_with_errors_that_carry_their_numbers(world: World) -> None:
    from brownie import reverts

    by = {"from": world.keeper}
    with reverts(revert_pattern=r"EpochMoved: 7, 1"):
        world.vault.rebalance([(WETH_USDC, 10 * E18, 0)], world.terms(epoch=7), by)
    with reverts(revert_pattern=r"ConfigMoved: 2, 1"):
        world.vault.rebalance([(WETH_USDC, 10 * E18, 0)], world.terms(config_version=2), by)
    with reverts(revert_pattern=rf"NothingToDo: {USDC_WETH}, 0, {500 * E18}"):
        world.vault.rebalance([(USDC_WETH, 10**6, 0)], world.terms(), by)
    world.adapter.setSkim(SLIP_BPS + 1, by)
    with reverts(revert_pattern=r"BelowFloor: 0, 19878000000, 19880000000"):
        world.vault.rebalance([(WETH_USDC, 10 * E18, 0)], world.terms(), by)


def test_rebalance_moves_value_towards_the_targets_and_says_so(world: World) -> None:
    world.adapter.setSkim(10, {"from": world.keeper})
    tx = world.vault.rebalance([(WETH_USDC, 10 * E18, 0)], world.terms(), {"from": world.keeper})
    traded, rebalanced = tx.events["Traded"], tx.events["Rebalanced"]
    assert (traded["sold"], traded["bought"]) == (10 * E18, 19_980 * 10**6)
    assert (rebalanced["epoch"], rebalanced["keeper"]) == (2, world.keeper.address)
    nav_before, nav_after, drift_before, drift_after, turnover, loss = rebalanced["report"]
    assert (nav_before, nav_after) == (1_000_000 * E18, 999_980 * E18)
    assert drift_before == E18 // 10
    assert drift_after < 9 * E18 // 100
    assert (turnover, loss) == (2 * E18 // 100, 2 * 10**13)
    assert world.weth.balanceOf(world.vault) == 290 * E18


def test_a_second_rebalance_waits_for_the_cooldown(world: World) -> None:
    from brownie import chain, reverts

    by = {"from": world.keeper}
    world.vault.rebalance([(WETH_USDC, 10 * E18, 0)], world.terms(), by)
    with reverts(revert_pattern=r"TooSoon: \d+"):
        world.vault.rebalance([(WETH_USDC, 10 * E18, 0)], world.terms(), by)
    chain.sleep(301)
    chain.mine()
    assert world.vault.rebalance([(WETH_USDC, 10 * E18, 0)], world.terms(), by).status == 1


def test_halt_and_flatten_leave_nothing_but_the_safe_asset(world: World) -> None:
    from brownie import reverts

    halted = world.vault.halt("0x" + "11" * 32, {"from": world.guardian})
    assert halted.events["Halted"]["actor"] == world.guardian.address
    with reverts(revert_pattern=r"NotActive: "):
        world.vault.rebalance([(WETH_USDC, 10 * E18, 0)], world.terms(), {"from": world.keeper})
    tx = world.vault.flatten({"from": world.keeper})
    assert tx.events["Flattened"]["sold"] == 1
    assert world.weth.balanceOf(world.vault) == 0
    assert world.usdc.balanceOf(world.vault) == 1_000_000 * 10**6


def test_withdraw_goes_to_payout_while_halted_with_a_mute_oracle_and_a_token_that_answers_nothing(world: World) -> None:
    from brownie import reverts

    world.vault.halt("0x" + "11" * 32, {"from": world.keeper})
    world.oracle.setBurnsGas(True, {"from": world.stranger})
    world.weth.setAnswer(2, {"from": world.stranger})
    with reverts(revert_pattern=rf"(?i)NotOwner: {world.guardian.address}"):
        world.vault.withdraw(world.weth, E18, {"from": world.guardian})
    tx = world.vault.withdraw(world.weth, 2**256 - 1, {"from": world.owner})
    assert tx.events["Withdrawn"]["amount"] == 300 * E18
    assert world.weth.balanceOf(world.payout) == 300 * E18


def test_ownership_passes_in_two_steps_and_never_to_nobody(world: World) -> None:
    from brownie import reverts

    with reverts(revert_pattern=r"OwnerCannotRenounce: "):
        world.rulebook.renounceOwnership({"from": world.owner})
    world.rulebook.transferOwnership(world.heir, {"from": world.owner})
    assert world.rulebook.owner() == world.owner.address
    with reverts(revert_pattern=rf"(?i)OwnableUnauthorizedAccount: {world.stranger.address}"):
        world.rulebook.acceptOwnership({"from": world.stranger})
    tx = world.rulebook.acceptOwnership({"from": world.heir})
    assert tx.events["ConfigVersion"]["version"] == 2
    assert world.rulebook.owner() == world.heir.address
