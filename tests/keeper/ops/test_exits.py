"""The kill switch at the story's vault: halted by a thief, shares redeemed, legs left out, a clock that opens."""

from __future__ import annotations

import pytest

from keeper.chain.fees import Fees
from keeper.config import load_settings
from keeper.devnet import hands, uniswap
from keeper.execute import trial
from keeper.journal import Cycle, Journal, Writer
from keeper.model import ZERO_HASH, ActionKind, TxState
from keeper.ops import exits
from keeper.ops.cycle import act
from keeper.ops.post import OPERATOR, take
from keeper.units import WAD
from tests.keeper.ops import farm
from tests.keeper.ops.place import Place

KILL = ("kill", "--yes")
REVERTING, BURNING = "0x60006000fd", "0x5b600056"
SAFE = ("USDC", "DAI")


def stable_share(place: Place) -> float:
    """From balances and prices alone, not from what the command said."""
    assets = place.said("status")["data"]["vault"]["assets"]
    values = {a["symbol"]: int(a["balance"]) * int(a["price"]) / 10 ** int(a["decimals"]) for a in assets}
    return float(sum(values[symbol] for symbol in SAFE) / sum(values.values()))


def spoil(place: Place, symbol: str, code: str) -> None:
    """Every pool of an asset runs `code` instead of its own."""
    for pool in place.deployed.book.pools:
        if symbol in (pool.token0, pool.token1):
            place.node.rpc("anvil_setCode", pool.address, code)


def dump(place: Place, symbol: str, whole: int) -> None:
    """Somebody sells so many whole tokens into each dollar pool of an asset."""
    book = place.deployed.book
    chain = hands.of(book, "maker")
    sold, bought = book.tokens[symbol], book.tokens["USDC"]
    for fee in (500, 3_000):
        router, amount = book.contracts["swap_router_02"], whole * 10**sold.decimals
        chain.call(uniswap.prepare(router, sold, bought, fee, amount, chain.sender))


def test_two_transactions_take_all_into_the_safe_asset_shares_redeemed(at_farm: Place) -> None:
    data = at_farm.said(*KILL)["data"]
    assert (sorted(data["sold"]), data["failed"]) == (["WBTC", "WETH", "waUSDC"], [])
    assert at_farm.sent("guardian") == 2
    assert stable_share(at_farm) > 0.995
    assert int(data["stable_share"]) / WAD == pytest.approx(stable_share(at_farm), abs=1e-6)


def test_a_vault_that_a_thief_halted_is_flattened_by_one(at_farm: Place) -> None:
    thief = hands.of(at_farm.deployed.book, "keeper")
    thief.send(at_farm.deployed.vault, "halt(bytes32)", b"\x01" * 32)
    data = at_farm.said(*KILL)["data"]
    assert data["halt"] is None
    assert at_farm.sent("guardian") == 1
    assert stable_share(at_farm) > 0.995


def test_what_is_left_is_named_with_its_worth_and_the_hour_to_try_again(at_farm: Place) -> None:
    before = at_farm.said("status")["data"]["vault"]
    worth = next(int(asset["value"]) for asset in before["assets"] if asset["symbol"] == "WBTC")
    spoil(at_farm, "WBTC", REVERTING)
    answer = at_farm.said(*KILL, exit_code=5)
    (leg,) = answer["data"]["failed"]
    assert (leg["symbol"], int(leg["value"])) == ("WBTC", worth)
    assert sorted(answer["data"]["sold"]) == ["WETH", "waUSDC"]
    clock = answer["data"]["opening"]
    assert int(clock["widest_at"]) == int(clock["opened_at"]) + 3_600
    assert answer["error"]["remedy"].startswith(
        "run keeper kill --yes again, best in 3600 s when the floors are widest"
    )
    farm.wait(at_farm.deployed, steps=2)
    half = at_farm.said("status")["data"]["opening"]
    assert int(half["opened"]) == pytest.approx(WAD // 2, rel=0.01)
    assert half["opened_at"] == clock["opened_at"]
    farm.wait(at_farm.deployed, steps=2)
    assert "exits' floors are as wide as they get, 5.00 % below the price" in at_farm.text("status")


def test_pools_moved_after_the_trial_do_not_starve_the_flatten(at_farm: Place) -> None:
    """Legs that fail take gas for every smaller try: what is left of the vault is sold all the same."""
    thief = hands.of(at_farm.deployed.book, "keeper")
    thief.send(at_farm.deployed.vault, "halt(bytes32)", b"\x01" * 32)
    post = take(load_settings(at_farm.config), None, role="guardian", live=True)
    stream = post.stream(OPERATOR)
    with (
        Journal.open(post.settings.journal) as journal,
        Writer(journal, stream, post.clock.now, role=OPERATOR) as writer,
    ):
        considered = exits.consider(post, post.observe(), ActionKind.FLATTEN, "a drill", writer.previous_id)
        writer.record_cycle(Cycle(considered.deliberation, considered.guard, acts=True))
        dump(at_farm, "WETH", 10_000)
        outcome = act(post, writer, considered)
    assert (outcome.state, outcome.revert) == (TxState.FINAL_OK, None)
    held = {asset.symbol: asset.balance for asset in post.observe().snapshot.assets}
    assert held["WETH"] > 0, "the pools were moved so far that its legs fail"
    assert held["waUSDC"] == 0


@pytest.mark.parametrize("purse", [4 * 10**16, 10**17], ids=["its last coin", "some"])
def test_a_purse_pays_for_more_than_gas_times_price(at_farm: Place, purse: int) -> None:
    """A rollup takes the fee for a transaction's data from the same balance, beside gas limit times bid."""
    thief = hands.of(at_farm.deployed.book, "keeper")
    thief.send(at_farm.deployed.vault, "halt(bytes32)", b"\x01" * 32)
    at_farm.node.rpc("anvil_setBalance", at_farm.deployed.book.address("guardian"), hex(purse))
    post = take(load_settings(at_farm.config), None, role="guardian")
    found = exits.consider(post, post.observe(), ActionKind.FLATTEN, "a drill", ZERO_HASH)
    assert isinstance(found.fees, Fees)
    assert found.passed
    assert found.guard is not None
    assert found.guard.simulation is not None
    limit = found.guard.simulation.gas_limit
    assert 3_000_000 < limit < trial.MOST_GAS, "the purse binds"
    assert limit * found.fees.max_fee <= purse * 9 // 10


def test_a_keepers_flatten_starts_no_clock(at_farm: Place) -> None:
    thief = hands.of(at_farm.deployed.book, "keeper")
    thief.send(at_farm.deployed.vault, "halt(bytes32)", b"\x01" * 32)
    thief.send(at_farm.deployed.vault, "flatten()")
    data = at_farm.said("status")["data"]
    assert data["opening"] == {"opened_at": None, "widest_at": None, "widest_bps": "500", "opened": "0", "failed": ""}


def test_legs_that_burn_the_gas_are_left_out_and_said(at_farm: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(at_farm, "WETH", BURNING)  # WBTC's way leads over WETH
    monkeypatch.setattr(trial, "SIMULATION_GAS", 3_000_000)
    answer = at_farm.said(*KILL, exit_code=5)
    assert answer["data"]["sold"] == ["waUSDC"]
    assert answer["warnings"] == ["WETH, WBTC left out: with it the flatten takes more gas than a transaction may use"]
    assert int(answer["data"]["flatten"]["gas_used"]) < 1_500_000
    assert [(leg["symbol"], leg["route"]) for leg in answer["data"]["failed"]] == [("WETH", None), ("WBTC", None)]
    assert all(leg["reason"].startswith("left out of this flatten") for leg in answer["data"]["failed"])
    reasons = [row["reason"] for row in at_farm.said("journal", "show", "--table", "decision")["data"]["rows"]]
    assert reasons[-1] == "ordered by a person; of waUSDC alone"


def test_the_failed_flatten_of_a_kill_from_elsewhere_is_told(at_farm: Place) -> None:
    other = hands.of(at_farm.deployed.book, "guardian_2")
    fields = {"from": other.sender, "to": at_farm.deployed.vault, "gas": hex(600_000)}
    receipt = other.rpc("eth_sendTransactionSync", fields | {"data": "0xb4f9b6c8" + "01" * 32})
    assert int(receipt["status"], 16) == 1
    failed = at_farm.said("status")["data"]["opening"]["failed"]
    assert failed.startswith("GasStarved(")
    assert f"the flatten of an earlier kill() failed: {failed}" in at_farm.text("status")
    assert at_farm.said(*KILL)["data"]["halt"] is None
    assert at_farm.said("status")["data"]["opening"]["failed"] == ""


def test_status_and_doctor_say_how_long_a_halt_lasts_and_what_is_allowed(at_farm: Place) -> None:
    text = at_farm.text("status")
    assert "targets may shift by 2.50 % now; a retarget is taken now" in text
    assert (
        f"claim 0 pays {at_farm.deployed.book.tokens['LINK'].address}: a harvest is taken now, at most $2,500.00"
        in text
    )
    checks = {one["name"]: one for one in at_farm.said("doctor")["data"]["checks"]}
    assert "the vault takes a harvest in 0 s" in checks["claim.0"]["found"]
    at_farm.said(*KILL)
    farm.wait(at_farm.deployed, steps=2)
    assert "ago; unhalt possible from " in at_farm.text("status")
    vault = at_farm.said("status")["data"]["vault"]
    assert int(vault["unhalt_at"]) == int(vault["halted_at"]) + 3_600
    found = {one["name"]: one for one in at_farm.said("doctor")["data"]["checks"]}["vault"]
    assert found["level"] == "warn"
    assert f"unhalt is possible from {vault['unhalt_at']} on" in found["remedy"]
