"""Roles as one table: every function that changes something x every caller x active, halted, locked, each cell exact.

Every cell is an eth_call from that caller's address, so nothing has to be undone. The table is `callers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contracts import callers
from tests.contracts import world as worlds
from tests.contracts.callers import ACTIVE, CALLERS, DONE, HALTED, LOCKED, MODES, OF_RULEBOOK, OF_VAULT, Row
from tests.contracts.world import DAY, SLIP_BPS, USDC, USDC_WETH, WETH, WETH_USDC, World

E18 = 10**18
WHY = "0x" + "11" * 32
GRAIN = 2
"""The third asset: listed by the queue, frozen, with a way out and a way in that is switched off."""
GRAIN_USDC, USDC_GRAIN, SPARE = 2, 3, 4
LOCK_BITS = 29 * 8
"""Where `_lock` stands in the vault's first word; that it does is checked by `state().locked`."""


@dataclass(frozen=True, slots=True)
class Stand:
    """A vault in which every function has something to do, and everybody who may call."""

    world: World
    addresses: Mapping[str, str]
    made: Mapping[str, Any]
    ripe: str
    waiting: str
    guarding: str


def _enact(world: World, *changes: str) -> None:
    from brownie import chain

    by = {"from": world.owner}
    for data in changes:
        world.rulebook.queue(data, by)
    chain.sleep(2 * DAY + 60)
    chain.mine()
    for data in changes:
        world.rulebook.execute(data, by)


def _parts(project: Any, world: World) -> dict[str, Any]:
    from brownie import accounts

    by = {"from": accounts[0]}
    link, grain, rice = (project.OddToken.deploy(name, 18, by) for name in ("LINK", "GRAIN", "RICE"))
    other = project.SteeredOracle.deploy(by)
    for oracle in (world.oracle, other):
        for token, price in ((world.weth, 2000), (world.usdc, 1), (link, 20), (grain, 4), (rice, 5)):
            oracle.set(token, price * E18, by)
    rewards = project.MockRewards.deploy(link, by)
    till = project.Till.deploy(by)
    claim = (rewards.address, link.address, 2000 * E18, True, rewards.claim.encode_input())
    return {"oracle": other, "claim": claim, "till": till, "grain": grain, "rice": rice}


def _asset(token: Any) -> tuple[Any, ...]:
    return (token.address, 18, 0, True, 0, 10_000, 0, 10**14, E18 // 10, 100 * E18)


def _route(world: World, made: Mapping[str, Any], sold: int, bought: int) -> tuple[Any, ...]:
    return (sold, bought, 0, SLIP_BPS, True, world.adapter.address, made["till"].address, b"")


@pytest.fixture(scope="module")
def stand(net: str, project: Any) -> Stand:
    """Two days and an hour after its deployment: one mandate has run out, one change is ripe, one appointment waits."""
    from brownie import accounts, chain

    chain.reset()
    world = worlds.deploy(project)
    made = _parts(project, world)
    book, lapsed = world.rulebook, accounts[8]
    _enact(
        world,
        book.appointKeeper.encode_input((lapsed.address, chain[-1].timestamp + 2 * DAY + 3600)),
        book.addClaim.encode_input(made["claim"]),
        book.addClaim.encode_input((*made["claim"][:2], 1000 * E18, *made["claim"][3:])),
        book.listAsset.encode_input(_asset(made["grain"])),
        book.addRoute.encode_input(_route(world, made, GRAIN, USDC)),
        book.addRoute.encode_input(_route(world, made, USDC, GRAIN)),
        book.addRoute.encode_input(_route(world, made, WETH, USDC)),
    )
    by = {"from": world.owner}
    book.setRouteEnabled(USDC_GRAIN, False, by)
    book.setClaimEnabled(1, False, by)
    book.transferOwnership(world.heir, by)
    ripe = book.setPayout.encode_input(accounts[9].address)
    waiting, guarding = book.setDust.encode_input(WETH, 10**12), book.appointGuardian.encode_input(accounts[9].address)
    ids = [book.queue(data, by).events["Queued"]["id"] for data in (ripe, waiting, guarding)]
    chain.sleep(2 * DAY + 60)
    chain.mine()
    assert chain[-1].timestamp > book.roleOf(lapsed)[1]
    people = (world.owner, world.heir, world.guardian, world.keeper, lapsed, world.adapter, world.stranger)
    addresses = [who.address for who in (*people, world.vault, world.rulebook)]
    return Stand(world, dict(zip(CALLERS, addresses, strict=True)), made, ripe, str(ids[1]), str(ids[2]))


def _calls_of_vault(stand: Stand) -> dict[str, str]:
    vault, world = stand.world.vault, stand.world
    orders, terms, targets = [(WETH_USDC, 10 * E18, 0)], world.terms(), [4900, 5100, 0]
    return {
        "rebalance": vault.rebalance.encode_input(orders, terms),
        "retarget": vault.retarget.encode_input(targets, terms),
        "harvest": vault.harvest.encode_input(0, [], terms),
        "allocate": vault.allocate.encode_input(orders, terms[2]),
        "setTargets": vault.setTargets.encode_input(targets),
        "withdraw": vault.withdraw.encode_input(world.weth, 1),
        "rescueNative": vault.rescueNative.encode_input(),
        "unhalt": vault.unhalt.encode_input(),
        "halt": vault.halt.encode_input(WHY),
        "kill": vault.kill.encode_input(WHY),
        "flatten()": vault.flatten.encode_input(),
        "flatten(uint8[])": vault.flatten["uint8[]"].encode_input([WETH]),
        "trip": vault.trip.encode_input(WETH),
        "pay": vault.pay.encode_input(world.adapter, 1),
        "leg": vault.leg.encode_input(WETH_USDC, world.weth, E18, False, False),
        "sweep": vault.sweep.encode_input(world.guardian),
    }


def _calls_of_rulebook(stand: Stand) -> dict[str, str]:
    from brownie import chain

    book, world, made = stand.world.rulebook, stand.world, stand.made
    somebody = stand.world.stranger.address
    limits = list(book.limits())
    limits[9] -= 5  # lossMonthBps
    return {
        "transferOwnership": book.transferOwnership.encode_input(somebody),
        "acceptOwnership": book.acceptOwnership.encode_input(),
        "renounceOwnership": book.renounceOwnership.encode_input(),
        "revokeKeeper": book.revokeKeeper.encode_input(world.keeper),
        "revokeGuardian": book.revokeGuardian.encode_input(world.guardian),
        "queue": book.queue.encode_input(book.setPayout.encode_input(somebody)),
        "execute": book.execute.encode_input(stand.ripe),
        "cancel": book.cancel.encode_input(stand.waiting),
        "cancel, a guardian's appointment": book.cancel.encode_input(stand.guarding),
        "cancelAll": book.cancelAll.encode_input(),
        "tighten": book.tighten.encode_input(limits),
        "freeze": book.freeze.encode_input(WETH),
        "unfreeze": book.unfreeze.encode_input(GRAIN),
        "setRouteEnabled, off": book.setRouteEnabled.encode_input(USDC_WETH, False),
        "setRouteEnabled, on": book.setRouteEnabled.encode_input(USDC_GRAIN, True),
        "setClaimEnabled, off": book.setClaimEnabled.encode_input(0, False),
        "setClaimEnabled, on": book.setClaimEnabled.encode_input(1, True),
        "setLimits": book.setLimits.encode_input(limits),
        "setOracle": book.setOracle.encode_input(made["oracle"]),
        "setPayout": book.setPayout.encode_input(somebody),
        "appointKeeper": book.appointKeeper.encode_input((somebody, chain.time() + 10 * DAY)),
        "appointGuardian": book.appointGuardian.encode_input(somebody),
        "listAsset": book.listAsset.encode_input(_asset(made["rice"])),
        "setAssetRange": book.setAssetRange.encode_input(WETH, 0, 9000),
        "setPriceBand": book.setPriceBand.encode_input(WETH, 400 * E18, 9000 * E18),
        "setAssetSafety": book.setAssetSafety.encode_input(USDC, 1, 150),
        "setDust": book.setDust.encode_input(WETH, 10**12),
        "addRoute": book.addRoute.encode_input(_route(world, made, WETH, GRAIN)),
        "addClaim": book.addClaim.encode_input(made["claim"]),
    }


def _errors(project: Any) -> dict[str, str]:
    """Each error's name by its selector."""
    from eth_utils.abi import function_abi_to_4byte_selector

    found = {}
    for contract in ("KeeperVault", "Rulebook", "Clerk", "IVaultCore", "IRulebook", "IPriceOracle", "IAdapter"):
        for entry in project._build.get(contract)["abi"]:
            if entry["type"] == "error":
                found["0x" + function_abi_to_4byte_selector(entry).hex()] = entry["name"]
    return found


def _heard(errors: Mapping[str, str], caller: str, to: str, data: str) -> str:
    """DONE, or the name of the error: by eth_call, at the latest block."""
    from brownie import web3

    request = {"from": caller, "to": to, "data": data, "gas": hex(15_000_000)}
    answer = web3.provider.make_request("eth_call", [request, "latest"])
    if "error" not in answer:
        return DONE
    said: Any = answer["error"].get("data", "")
    words = said if isinstance(said, str) else str(said.get("result", ""))
    return errors.get(words[:10], f"{answer['error']['message']} {words[:10]}")


def _request(net: str, anvil: str, ganache: str, *arguments: str) -> None:
    from brownie import web3

    method: Any = anvil if net == "anvil" else ganache
    answer = web3.provider.make_request(method, list(arguments))
    assert "error" not in answer, answer


def _enter(net: str, stand: Stand, mode: str) -> None:
    from brownie import chain, web3

    world = stand.world
    _request(net, "anvil_setBalance", "evm_setAccountBalance", world.vault.address, hex(E18))
    if mode == HALTED:
        world.vault.halt(WHY, {"from": world.guardian})
        chain.sleep(3700)
    if mode == LOCKED:
        word = int.from_bytes(web3.eth.get_storage_at(world.vault.address, 0))
        busy = word & ~(0xFF << LOCK_BITS) | 2 << LOCK_BITS
        place = ("0x" + "0" * 64, f"0x{busy:064x}")
        _request(net, "anvil_setStorageAt", "evm_setAccountStorageAt", world.vault.address, *place)
    chain.mine()
    state = world.vault.state()
    assert (state[0], state[1]) == (int(mode == HALTED), mode == LOCKED)


@pytest.mark.parametrize("mode", MODES)
def test_each_cell_of_the_table_is_what_the_contracts_do(
    net: str, stand: Stand, isolated: None, project: Any, mode: str
) -> None:
    _enter(net, stand, mode)
    errors = _errors(project)
    wrong = []
    tried = 0
    tables = (
        (OF_VAULT, _calls_of_vault(stand), stand.world.vault.address),
        (OF_RULEBOOK, _calls_of_rulebook(stand), stand.world.rulebook.address),
    )
    for rows, calls, to in tables:
        assert [row.signature for row in rows] == list(calls)
        for row in rows:
            for caller in CALLERS:
                tried += 1
                heard = _heard(errors, stand.addresses[caller], to, calls[row.signature])
                if heard != row.expected(caller, mode):
                    wrong.append(f"{row.signature} by {caller}: {heard}, not {row.expected(caller, mode)}")
    assert not wrong, "\n".join(wrong)
    assert tried == (len(OF_VAULT) + len(OF_RULEBOOK)) * len(CALLERS)


def _changing(project: Any, contract: str) -> list[str]:
    """The names of all that changes something, one for each overload."""
    entries = [entry for entry in project._build.get(contract)["abi"] if entry["type"] == "function"]
    assert not [entry["name"] for entry in entries if entry["stateMutability"] == "payable"]
    return sorted(entry["name"] for entry in entries if entry["stateMutability"] == "nonpayable")


@pytest.mark.parametrize(("contract", "rows"), [("KeeperVault", OF_VAULT), ("Rulebook", OF_RULEBOOK)])
def test_every_function_that_changes_something_has_a_row(project: Any, contract: str, rows: tuple[Row, ...]) -> None:
    """By the artifact, `renounceOwnership` besides: it is pure, and always reverts."""
    told = sorted({row.signature.partition(",")[0] for row in rows} - {"renounceOwnership"})
    assert [name.partition("(")[0] for name in told] == _changing(project, contract)


def test_the_page_of_roles_is_the_table() -> None:
    assert callers.PAGE.read_text(encoding="utf-8") == callers.rendered(), "write it: python -m tests.contracts.callers"


def test_nobody_without_a_role_is_ever_let_through() -> None:
    """Of the table itself: a slip of the pen in a row would else be a wish the contracts are held to."""
    for row in (*OF_VAULT, *OF_RULEBOOK):
        for outsider in (callers.LAPSED, callers.ADAPTER, callers.STRANGER):
            assert DONE not in {row.expected(outsider, mode) for mode in MODES}, row.signature
    assert {mode: sum(row.expected(callers.KEEPER, mode) == DONE for row in OF_VAULT) for mode in MODES} == {
        ACTIVE: 4,
        HALTED: 3,
        LOCKED: 0,
    }
