"""The owner's hand on the rulebook: proposed, waited for, executed by the Safe of the local chain; vetoed; refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from keeper.devnet import safe
from keeper.manifest import load_manifest
from scripts.compare import compare
from scripts.owner_told import SCHEMA
from tests.furnished import REBALANCE, Stage
from tests.scripts.governor import Governor, fragment

DAY = 86_400
DELAY = 2 * DAY
DEATH = 14 * DAY
HOUR = 3_600
pytestmark = pytest.mark.timeout(300)


def changed(told: dict[str, Any], which: str = "changes") -> dict[str, tuple[str, str]]:
    """Fact → before and after."""
    return {one["fact"]: (one["before"], one["after"]) for one in told[which]}


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("words", "exit_code", "complaint"),
    [
        (
            ["propose", "widen", "loss_day_bps=101"],
            5,
            "AboveCeiling(lossDayBps, 101, 100). Remedy: lossDayBps may be 100",
        ),
        (["propose", "widen", "loss_day_bps=15"], 5, "once it is executed, setLimits would be refused with NoChange()"),
        (["propose", "widen", "loss_dya_bps=15"], 2, "loss_dya_bps is no limit. Remedy: use one of spread_bps"),
        (["propose", "widen", "loss_day_bps=much"], 2, "loss_day_bps is 'much'"),
        (["propose", "widen", "loss_day_bps=70000"], 2, "write a number that fits"),
        (
            ["propose", "widen", "keeper_may_flatten=yes"],
            2,
            "write keeper_may_flatten=true or keeper_may_flatten=false",
        ),
        (["propose", "widen", "delay=3600"], 5, "BelowFloorOf(delay, 3600, 86400)"),
        (["tighten", "loss_day_bps=16"], 5, "NotTighter(lossDayBps). Remedy: lossDayBps would be wider: propose widen"),
        (["tighten", "delay=172801"], 5, "NotTighter(delay)"),
        (["propose", "renew", "role:stranger"], 2, "is no keeper. Remedy: name one of 0x"),
        (
            ["propose", "renew", "role:keeper", "--days", "91"],
            2,
            "a mandate of 91 days. Remedy: say --days from 1 to 90",
        ),
        (["propose", "appoint-keeper", "role:keeper"], 2, "is a keeper already"),
        (["propose", "appoint-keeper", "role:guardian"], 5, "RoleTaken(0x"),
        (["propose", "rotate", "role:keeper", "role:standby"], 2, "is a keeper already"),
        (["propose", "set-payout", "0x1234"], 2, "0x1234 is no address"),
        (["propose", "set-payout", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"], 2, "has a wrong checksum"),
        (["propose", "set-range", "WETH", "4100", "6000"], 5, "TargetOutOfRange(0, 4000, 4100, 6000)"),
        (["propose", "set-range", "WETH", "0.1", "6000"], 2, "'0.1' is no whole number"),
        (["propose", "set-band", "WETH", "1", "-5"], 2, "write dollars"),
        (["propose", "set-oracle", "role:stranger"], 5, "NoCode(0x"),
        (["freeze", "ETH"], 2, "ETH is not listed in treasury"),
        (["unfreeze", "WETH"], 5, "NoChange()"),
        (["disable", "route", "19"], 2, "no route 19. Remedy: there are 19, counted from 0"),
        (["enable", "claim", "0"], 5, "NoChange()"),
        (["execute", "0x12345678"], 2, "nothing waits under 0x12345678"),
        (["cancel", "0x1"], 2, "0x1 is too short"),
        (["--guardian", "--from", "role:guardian", "unfreeze", "WETH"], 2, "unfreeze is not for guardians"),
        (["--guardian", "--from", "role:keeper", "freeze", "WETH"], 2, "is no guardian. Remedy: use the key of 0x"),
        (["--guardian", "freeze", "WETH"], 2, "no guardian is named"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_signed(
    governor: Governor, stage: Stage, words: list[str], exit_code: int, complaint: str
) -> None:
    before = stage.hand.block()["number"]
    found, _, err = governor.says(*words)
    assert (found, complaint in err) == (exit_code, True), err
    assert "Traceback" not in err
    assert stage.hand.block()["number"] == before


def test_a_change_is_neither_executed_early_nor_late_nor_queued_twice(governor: Governor, stage: Stage) -> None:
    ident = governor.proposed("set-payout", "role:user")
    assert governor.says("propose", "set-payout", "role:user")[0] == 5
    found, _, err = governor.says("execute", ident)
    assert (found, "is ripe at 20" in err, "in 48 h 0 min" in err) == (3, True, True), err
    stage.later(DELAY + DEATH + 60)
    found, _, err = governor.says("execute", ident)
    assert (found, "is dead since 20" in err) == (5, True), err
    assert governor.waits()[0]["state"] == "dead"


# ------------------------------------------------------------------------------------------------ the queue


def test_a_rehearsed_proposal_shows_what_it_leads_to_and_sends_nothing(governor: Governor, stage: Stage) -> None:
    before = stage.hand.block()["number"]
    told = governor.does("--dry-run", "propose", "widen", "loss_day_bps=20", "max_gas_price_gwei=300")
    assert changed(told) == {}
    assert changed(told, "effect") == {
        "limits.loss_day_bps": ("15", "20"),
        "limits.max_gas_price": ("200000000000", "300000000000"),
    }
    assert stage.hand.block()["number"] == before


def test_what_waits_is_listed_with_its_arguments_until_it_is_executed(governor: Governor, stage: Stage) -> None:
    assert governor.says("pending")[:2] == (0, "")
    ident = governor.proposed("widen", "loss_day_bps=20")
    exit_code, out, _ = governor.says("pending")
    assert exit_code == 0
    assert out.startswith(f"{ident} ripe at 20")
    assert "setLimits(given (spreadBps 100, " in out
    assert "lossDayBps 20," in out
    (entry,) = governor.waits()
    assert (entry["state"], entry["arguments"]["given"]["lossDayBps"]) == ("waits", 20)
    stage.later(DELAY)
    assert [entry["state"] for entry in governor.waits()] == ["ripe"]
    told = governor.does("execute", ident[:10])
    assert changed(told)["limits.loss_day_bps"] == ("15", "20")
    assert told["call"]["data"][10:].find(entry["data"][2:]) > 0, "the very calldata that waited"
    assert governor.waits() == []


def test_a_guardian_vetoes_and_the_owner_takes_back(governor: Governor, stage: Stage) -> None:
    ident = governor.proposed("set-payout", "role:user")
    told = governor.does("--guardian", "--from", "role:guardian", "cancel", ident)
    assert told["owner"] == stage.book.address("guardian")
    stage.later(DELAY)
    assert governor.says("execute", ident)[0] == 2
    mine = governor.proposed("appoint-guardian", "role:user")
    found, _, err = governor.says("--guardian", "--from", "role:guardian", "cancel", mine)
    assert (found, "VetoRefused" in err) == (5, True)
    governor.does("cancel", mine)
    assert governor.waits() == []


# ------------------------------------------------------------------------------------------------ roles


def test_a_keepers_key_is_rotated_in_one_batch(governor: Governor, stage: Stage) -> None:
    old, new = stage.book.address("keeper"), stage.book.address("user")
    ident = governor.proposed("rotate", "role:keeper", "role:user", "--days", "90")
    stage.later(DELAY)
    told = governor.does("execute", ident, "--revoke", "role:keeper")
    assert len(told["txs"]) == 2
    assert set(told["before"]["keepers"]) == {old, stage.book.address("standby")}
    assert set(told["after"]["keepers"]) == {new, stage.book.address("standby")}
    assert stage.refusal("keeper", "halt(bytes32)", bytes(32)) == "NoRole"
    assert stage.refusal("user", "halt(bytes32)", bytes(32)) == ""


def test_a_mandate_is_renewed_before_it_ends(governor: Governor, stage: Stage) -> None:
    ident = governor.proposed("renew", "role:keeper", "--days", "60")
    stage.later(DELAY)
    governor.does("execute", ident)
    stage.later(40 * DAY)
    refused = stage.refusal("keeper", REBALANCE, [], stage.terms())
    assert refused != "NoRole", "the first mandate was of 30 days"
    assert stage.refusal("standby", REBALANCE, [], stage.terms()) == "MandateExpired"


def test_a_guardian_strikes_all_that_waits_but_its_own_successor(governor: Governor, stage: Stage) -> None:
    governor.proposed("set-payout", "role:user")
    governor.proposed("widen", "loss_day_bps=20")
    governor.proposed("appoint-guardian", "role:user")
    governor.does("--guardian", "--from", "role:guardian", "cancel-all")
    assert [entry["function"] for entry in governor.waits()] == ["appointGuardian"]
    governor.does("cancel-all")
    assert governor.waits() == []


def test_a_refuges_rank_and_an_assets_dust_are_proposed(governor: Governor) -> None:
    told = governor.does("--dry-run", "propose", "set-safety", "DAI", "3", "150")
    assert changed(told, "effect") == {"assets[4].safeRank": ("2", "3"), "assets[4].depegBps": ("200", "150")}
    told = governor.does("--dry-run", "propose", "set-dust", "USDC", "5000000")
    assert changed(told, "effect") == {"assets[3].dust": ("1000", "5000000")}
    assert governor.says("propose", "set-dust", "USDC", "1000000000")[0] == 5


def test_the_payout_address_moves_after_the_delay(governor: Governor, stage: Stage) -> None:
    user = stage.book.address("user")
    old = stage.deployed.manifest.roles.payout
    told = governor.does("propose", "set-payout", "role:user")
    assert changed(told, "effect") == {"roles.payout": (old, user)}
    stage.later(DELAY)
    governor.does("execute", governor.waits()[0]["id"])
    before = stage.held("USDC", user)
    governor.does("withdraw", "USDC", "5")
    assert stage.held("USDC", user) - before == 5 * 10**6


# ------------------------------------------------------------------------------------------------ at once


def test_an_asset_is_frozen_by_a_guardian_and_comes_back_an_hour_later(governor: Governor, stage: Stage) -> None:
    told = governor.does("--guardian", "--from", "role:guardian_2", "freeze", "WBTC")
    assert changed(told)["assets[1].frozen"] == ("false", "true")
    found, _, err = governor.says("unfreeze", "WBTC")
    assert (found, "TooSoon" in err, "run it again at 20" in err) == (5, True, True)
    stage.later(HOUR)
    assert changed(governor.does("unfreeze", "WBTC"))["assets[1].frozen"] == ("true", "false")


def test_routes_and_claims_are_switched_off_and_on(governor: Governor, stage: Stage) -> None:
    assert changed(governor.does("disable", "route", "0"))["routes[0].enabled"] == ("true", "false")
    assert changed(governor.does("disable", "claim", "0"))["claims[0].enabled"] == ("true", "false")
    stage.later(HOUR)
    assert changed(governor.does("enable", "route", "0"))["routes[0].enabled"] == ("false", "true")
    assert changed(governor.does("enable", "claim", "0"))["claims[0].enabled"] == ("false", "true")


def test_limits_are_narrowed_at_once(governor: Governor) -> None:
    told = governor.does("tighten", "loss_day_bps=10", "keeper_may_flatten=false")
    assert changed(told)["limits.loss_day_bps"] == ("15", "10")
    assert changed(told)["limits.keeper_may_flatten"] == ("true", "false")


# ------------------------------------------------------------------------------------------------ the registry


def test_an_asset_is_listed_with_its_routes_and_given_a_target(
    governor: Governor, stage: Stage, tmp_path: Path
) -> None:
    path = fragment(stage, tmp_path)
    told = governor.does("propose", "list", str(path))
    effect = changed(told, "effect")
    assert effect["assets[5].token"][1] == stage.book.tokens["LINK"].address
    assert effect["assets[5].frozen"][1] == "true"
    assert {fact for fact in effect if fact.endswith(".venue")} == {
        "routes[19].venue",
        "routes[20].venue",
        "routes[21].venue",
    }
    stage.later(DELAY)
    governor.does("execute", *(entry["id"] for entry in governor.waits()))
    governor.does("unfreeze", "LINK")
    governor.does("set-targets", "LINK=100", "USDC=1400")
    assert list(stage.state().targetsBps) == [4_000, 2_500, 2_000, 1_400, 0, 100]
    kept = Path(governor.does("record")["kept"])
    assert kept.name == "treasury.v2.json"
    held = {one["symbol"]: int(one["balance"]) for one in governor.does("allocate")["after"]["held"]}
    assert held["LINK"] > 0
    assert compare(load_manifest(governor.manifest), stage.reader) == ()
    assert governor.does("record") == {"schema": SCHEMA, "command": "record", "changes": [], "kept": None}


def test_a_frozen_asset_is_not_recorded_as_if_it_were_not(governor: Governor) -> None:
    before = governor.manifest.read_text()
    governor.does("freeze", "WBTC")
    exit_code, _, err = governor.says("record")
    assert (exit_code, "assets[1].frozen: manifest false, chain true" in err) == (9, True)
    assert governor.manifest.read_text() == before


def test_limits_and_roles_are_recorded_anew(governor: Governor, stage: Stage) -> None:
    governor.does("tighten", "loss_day_bps=10")
    governor.does("revoke-keeper", "role:standby")
    told = changed(governor.does("--dry-run", "record"))
    assert told["limits.loss_day_bps"] == ("15", "10")
    assert told["config_version"] == ("2", "4")
    assert load_manifest(governor.manifest).limits["loss_day_bps"] == 15
    governor.does("record")
    anew = load_manifest(governor.manifest)
    assert (anew.limits["loss_day_bps"], [one.address for one in anew.roles.keepers]) == (
        10,
        [stage.book.address("keeper")],
    )


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "[[assets.sources]]",
            f'[[assets.sources]]\nkind = "aggregator"\nfeed = "0x{"11" * 20}"\nmax_age = 60\n[[assets.sources]]',
            "the oracle has 3 sources of LINK, here are 4",
        ),
        ("target_bps = 0", "target_bps = 100", "sum to 10100 bps"),
        ('symbol = "LINK"', 'symbol = "WETH"', "WETH is listed twice"),
        ('"LINK", 3000, "WETH", 500, "USDC"', '"LINK", 3000, "WETH", 500, "UNI"', "no asset UNI"),
        ('adapter = "router"', 'adapter = "rooter"', "no adapter rooter"),
        ("max_age = 5400", "max_aeg = 5400", "max_aeg"),
        ("[[assets]]", "[roles]\n[[assets]]", "has roles, which is not proposed so"),
    ],
)
def test_what_a_deployment_would_be_refused_for_is_refused_here(
    governor: Governor, stage: Stage, tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    path = fragment(stage, tmp_path)
    path.write_text(path.read_text().replace(old, new, 1))
    found, _, err = governor.says("propose", "list", str(path))
    assert (found, complaint in err) == (2, True), err
    assert governor.waits() == []


def test_routes_alone_are_proposed_and_their_slip_is_bounded(governor: Governor, stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "route.toml"
    pool = stage.deployed.manifest.routes[6].venue
    text = f'[[routes]]\npath = ["USDC", 3000, "WETH"]\nadapter = "pool"\nvenue = "{pool}"\nslip_bps = 140\n'
    path.write_text(text)
    effect = changed(governor.does("propose", "add-route", str(path)), "effect")
    assert (effect["routes[19].venue"][1], effect["routes[19].slipBps"][1]) == (pool, "140")
    path.write_text(text.replace("140", "201"))
    found, _, err = governor.says("propose", "add-route", str(path))
    assert (found, "AboveCeiling(slipBps, 201, 200)" in err) == (5, True)
    path.write_text(text.replace("3000", "500"))
    found, _, err = governor.says("propose", "add-route", str(path))
    assert (found, f"{pool} is not the pool" in err) == (2, True)
    found, _, err = governor.says("propose", "add-claim", str(path))
    assert (found, "keep [[claims]] alone" in err) == (2, True)


# ------------------------------------------------------------------------------------------------ the Safe's batch


def test_without_the_safes_keys_the_batch_proposes_what_was_shown(
    governor: Governor, stage: Stage, tmp_path: Path
) -> None:
    path = tmp_path / "batch.json"
    told = governor.does(
        "--safe-owner", "role:owner_1", "--out", str(path), "propose", "list", str(fragment(stage, tmp_path))
    )
    assert (told["executed"], told["batch"], governor.waits()) == (False, str(path), [])
    calls: Sequence[dict[str, str]] = governor.batch(path)
    assert [call["data"] for call in calls] == [call["data"] for call in told["calls"]]
    for call in calls:
        safe.execute(stage.hand, stage.book.owner_safe, call["to"], call["data"], value=int(call["value"]))
    assert [entry["function"] for entry in governor.waits()] == ["listAsset", *["addRoute"] * 3]
