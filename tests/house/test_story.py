"""The reckoning of the demo's story: its arithmetic, its promises, and the object it prints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from keeper.errors import UsageError
from keeper.model import Report
from keeper.units import SHARE_PER_BPS, WAD, Bps, Share18, Timestamp, TokenUnits, Usd18, Wei
from scripts import demo
from scripts.bounds import Episode
from scripts.story import place, plot, reckoning, robbed, screen, summary, telling
from scripts.story.facts import (
    Exit,
    Harvest,
    Holding,
    Leg,
    Rebalance,
    Refuge,
    Scene,
    Sight,
    as_bps,
    as_fine_bps,
    as_number,
)
from scripts.story.reckoning import Story, Where, Written
from scripts.story.theft import Deed, Theft
from scripts.story.theft import Exit as Flatten

DECIMALS = {"WETH": 18, "WBTC": 8, "USDC": 6}
TARGETS = {"WETH": 4_000, "WBTC": 2_500, "USDC": 3_500}
OPENING = {"WETH": 3_000, "WBTC": 60_000, "USDC": 1}
REBALANCED, HALTED, FLATTENED, STRANGER = ("0x" + digit * 64 for digit in "1234")
EXITS = (
    Exit("Halted", 40, HALTED, Timestamp(1_790), "0x" + "dd" * 32),
    Exit("Flattened", 41, FLATTENED, Timestamp(1_800), None, sold=2, refuge=Refuge("USDC", Usd18(WAD), 1, Bps(200))),
)
STRAYED = Refuge("USDC", Usd18(9_799 * WAD // 10_000), 1, Bps(200))
QUICK = plot.plot_of(demo.arguments(["--quick"]))
WHOLE = plot.plot_of(demo.arguments([]))


def sight(whole: Mapping[str, str], prices: Mapping[str, int], *, at: int = 1_000, halted: bool = False) -> Sight:
    """A vault holding whole tokens at whole-dollar prices."""
    holdings = tuple(
        Holding(
            symbol,
            DECIMALS[symbol],
            Bps(TARGETS[symbol]),
            TokenUnits(int(Decimal(amount).scaleb(DECIMALS[symbol]))),
            Usd18(prices[symbol] * WAD),
            safe=symbol == "USDC",
            stable=symbol == "USDC",
        )
        for symbol, amount in whole.items()
    )
    return Sight(at // 100, Timestamp(at), Wei(10**9), holdings, halted, 1, Share18(0), Share18(0))


FIRST = sight({"WETH": "400", "WBTC": "12.5", "USDC": "1050000"}, OPENING)
LAST = sight({"WETH": "0", "WBTC": "0", "USDC": "2900000"}, OPENING | {"WETH": 2_700}, at=1_800, halted=True)


def rebalance(before: int, after: int, *, seen: tuple[int, int] = (200, 1)) -> Rebalance:
    """A rebalance of drift, in bps, by the vault's report and by balances."""
    shares = [Share18(bps * SHARE_PER_BPS) for bps in (before, after, before, 2)]
    report = Report(Usd18(WAD), Usd18(WAD), *shares)
    seen_before, seen_after = (Share18(bps * SHARE_PER_BPS) for bps in seen)
    return Rebalance(20, REBALANCED, "0x" + "aa" * 32, report, 600_000, seen_before, seen_after)


def story(**changes: object) -> Story:
    """A short story that keeps every promise, but for `changes`."""
    told = Story(
        how=QUICK,
        client="anvil/v1",
        where=Where("0x" + "ee" * 20, Path("treasury.json"), Path("book.json"), "http://127.0.0.1:1"),
        steps=(10, 19, 30),
        first=FIRST,
        before_kill=replace(FIRST, time=Timestamp(1_780)),
        last=LAST,
        rebalances=(rebalance(200, 1),) * 3,
        harvests=(),
        exits=EXITS,
        legs=(Leg(41, FLATTENED, "WETH", 400, 1_200, 1_190),),
        theft=None,
        moving=frozenset({REBALANCED, FLATTENED}),
        transfers=frozenset({REBALANCED, FLATTENED}),
        written=(Written(Path("journal.sqlite"), 12, {"inside-band": 5}, True, "12 rows whole"),),
        left_out=("a stolen key",),
    )
    return replace(told, **changes)  # type: ignore[arg-type]  # the names are the dataclass's own


def deed(kind: str, *, loss: int = 0, true_loss: int = 0) -> Deed:
    """A transaction of the thief's that lost so many bps."""
    return Deed(kind, STRANGER, 30, 2_000, 3, loss * SHARE_PER_BPS, 7, true_loss * SHARE_PER_BPS, -7)


def theft(*deeds: Deed, sold: int = 1_000, bought: int = 990) -> Theft:
    """An episode in which 10 bps by the oracle, 30 at true prices and 2.5 % of a flatten are published."""
    oracle, true = Share18(10 * SHARE_PER_BPS), Share18(30 * SHARE_PER_BPS)
    return Theft(
        thief="0x" + "ab" * 20,
        from_block=20,
        to_block=35,
        deeds=deeds,
        exit=Flatten(sold, bought, sold, bought, Share18(250 * SHARE_PER_BPS)),
        episode=Episode(20, oracle, true, Share18(0), Share18(0)),
        nav_before=5,
        nav_after=4,
        true_prices={3: {"ETH": 3_000 * WAD}},
    )


DEEDS = (deed("rebalance", loss=4, true_loss=5), deed("retarget"), deed("harvest"), deed("halt"), deed("flatten"))


def broken(told: Story) -> list[str]:
    return [one.saying for one in reckoning.promises(told) if not one.kept]


def test_a_story_on_target_keeps_every_promise() -> None:
    assert broken(story()) == []
    assert len(reckoning.promises(story())) == 9


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"rebalances": (rebalance(200, 1),) * 2}, "2 rebalances, at least 3 are promised"),
        ({"rebalances": (*(rebalance(200, 1),) * 3, rebalance(200, 200))}, "lowered drift, but for block 20"),
        ({"rebalances": (rebalance(200, 1, seen=(200, 200)),) * 3}, "lowered drift, but for block 20"),
        ({"last": replace(LAST, halted=False)}, "the vault is not halted"),
        ({"legs": (Leg(41, FLATTENED, "WETH", 400, 1_189, 1_190),)}, "below its floor, but for WETH in block 41"),
        ({"exits": (EXITS[0], replace(EXITS[1], refuge=STRAYED))}, "kept its peg, but for USDC at 0.9799"),
        ({"before_kill": LAST}, "0.00 % of NAV was not stable before it"),
        ({"transfers": frozenset({FLATTENED, STRANGER})}, f"but for {STRANGER}"),
        ({"transfers": frozenset({HALTED})}, f"but for {HALTED}"),
        ({"written": (Written(Path("j"), 3, {}, False, "row 2 was changed"),)}, "journal: row 2 was changed"),
        ({"theft": theft(*DEEDS[1:])}, "the thief landed 0 lossy rebalances, 1 retargets"),
    ],
)
def test_a_broken_promise_is_named(changes: dict[str, object], complaint: str) -> None:
    assert complaint in broken(story(**changes))[0]


def test_the_whole_story_promises_more_rebalances_and_a_harvest() -> None:
    said = broken(story(how=WHOLE))
    assert said == ["3 rebalances, at least 5 are promised", "0 harvests, at least 1 is promised"]
    harvest = Harvest(21, STRANGER, "0x" + "bb" * 32, 10, 9, 600_000)
    assert broken(story(how=WHOLE, rebalances=(rebalance(200, 1),) * 5, harvests=(harvest,))) == []


def test_real_prices_promise_two_calls_and_less_in_safe_assets() -> None:
    replayed = replace(QUICK, prices=Path("closes.csv"), least_rebalances=2)
    last = replace(sight({"WETH": "45", "USDC": "955"}, {"WETH": 1, "USDC": 1}), halted=True)
    assert broken(story(how=replayed, last=last, before_kill=LAST)) == []
    assert broken(story(how=replayed, exits=(*EXITS, EXITS[1]))) == ["the kill took 3 calls, at most 2 are promised"]
    second = replace(EXITS[1], refuge=Refuge("DAI", Usd18(WAD), 2, Bps(200)))
    assert broken(story(how=replayed, exits=(EXITS[0], second, second))) == []


@pytest.mark.parametrize(
    ("robbed_by", "complaint"),
    [
        (theft(*DEEDS), ""),
        (theft(deed("rebalance", loss=2), *DEEDS[1:]), "20 % of the 10.00 bps published"),
        (theft(deed("rebalance", loss=11), *DEEDS[1:]), "110 % of the 10.00 bps published"),
        (theft(deed("rebalance", loss=4, true_loss=31), *DEEDS[1:]), "at true prices 31.00 bps, at most 30.00 bps"),
        (theft(*DEEDS, bought=974), "its flatten lost 260.00 bps"),
        (theft(*DEEDS, bought=1_000), "its flatten lost 0.00 bps"),
        (theft(*DEEDS[:2], *DEEDS[3:]), "1 retargets and 0 harvests"),
    ],
)
def test_what_a_thief_took_is_held_against_what_is_published(robbed_by: Theft, complaint: str) -> None:
    said = broken(story(theft=robbed_by))
    assert (complaint in said[0]) if complaint else said == []


def test_the_attack_is_told_whole() -> None:
    data = json.loads(json.dumps(robbed.attack_data(theft(*DEEDS))))
    assert data["landed"]["rebalance"] == data["landed"]["lossy_rebalance"] == 1
    assert [one["kind"] for one in data["landed"]["txs"]] == ["rebalance", "retarget", "harvest", "halt", "flatten"]
    assert (data["loss"], data["loss_bps"], data["bound_bps"]) == (str(4 * SHARE_PER_BPS), 4.0, 10.0)
    assert (data["true_loss_bps"], data["true_bound_bps"]) == (5.0, 30.0)
    assert data["nav"] == {"before": "5", "after": "4", "traded": "-14"}
    assert data["true_prices"] == {"3": {"ETH": str(3_000 * WAD)}}
    assert (data["flatten"]["loss_bps"], data["flatten"]["bound_bps"]) == (100.0, 250.0)


def test_the_story_is_cut_to_its_length() -> None:
    assert (WHOLE.steps, WHOLE.course.steps, WHOLE.noticed - WHOLE.theft) == (480, 480, 96)
    assert WHOLE.noticed < WHOLE.kill < 480
    fall = [WHOLE.course.prices[step]["ETH"] * WAD // WHOLE.course.prices[step - 4]["ETH"] for step in range(4, 481)]
    assert fall[WHOLE.kill - 4] == min(fall)
    day = plot.plot_of(demo.arguments(["--hours", "24"]))
    assert (day.steps <= 96, day.theft, day.left_out) == (True, 0, ("a stolen key",))
    assert plot.plot_of(demo.arguments(["--kill-at", "400"])).kill == 400


@pytest.mark.parametrize(
    "words", [("--quick", "--long"), ("--kill-at", "3"), ("--kill-at", "soon"), ("--kill-at", "481")]
)
def test_a_story_that_cannot_be_told_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        plot.plot_of(demo.arguments(words))


@pytest.mark.parametrize(("usdc", "kept"), [("995000", True), ("994999", False)])
def test_the_stable_share_is_counted_from_balances(usdc: str, kept: bool) -> None:
    rest = str(1_000_000 - int(usdc))
    last = replace(sight({"WETH": rest, "USDC": usdc}, {"WETH": 1, "USDC": 1}), halted=True)
    assert (broken(story(last=last)) == []) is kept


def test_drift_is_half_the_sum_of_what_weights_are_off() -> None:
    assert FIRST.drift == 0
    moved = sight({"WETH": "400", "WBTC": "12.5", "USDC": "1050000"}, OPENING | {"WETH": 6_000})
    assert moved.nav == 4_200_000 * WAD
    # weights 57.14, 17.86 and 25 % against 40, 25 and 35 %
    assert moved.drift // SHARE_PER_BPS == 1_714


def test_hold_is_the_balances_of_the_beginning_at_the_prices_of_the_end() -> None:
    assert story().hold == 2_880_000 * WAD  # 400 × 2,700 + 12.5 × 60,000 + 1,050,000


def test_the_object_has_the_shape_that_was_promised() -> None:
    data = json.loads(json.dumps(reckoning.as_data(story())))
    assert set(data) == {
        *("client", "steps", "prices", "nav", "rebalances", "harvests", "holds", "attack", "kill", "journal"),
        *("left_out", "blocks", "vault", "manifest", "book", "rpc"),
    }
    assert data["nav"] == {"start": str(3_000_000 * WAD), "end": str(2_900_000 * WAD), "hold": str(2_880_000 * WAD)}
    assert data["prices"] == {
        "source": "seeded path of seed 7",
        "from": "1970-01-01T00:16:40Z",
        "to": "1970-01-01T01:01:40Z",
    }
    assert data["rebalances"][0] == {
        "block": 20,
        "tx": REBALANCED,
        "step": 2,
        "at": "1970-01-01T00:46:40Z",
        "drift_before": 0.02,
        "drift_after": 0.0001,
        "turnover": 0.02,
        "loss_bps": 2.0,
        "gas": 600_000,
    }
    assert data["kill"] == {
        "stable_share": 1.0,
        "non_stable_before": 0.65,
        "failed_legs": 0,
        "calls": 2,
        "seconds": 20,
        "refuges": [{"asset": "USDC", "price": str(WAD)}],
        "legs": [{"asset": "WETH", "sold": "400", "bought": "1200", "floor": "1190"}],
    }
    assert data["journal"] == {"path": "journal.sqlite", "rows": 12, "verified": True, "others": []}
    assert data["blocks"] == {"first": 10, "kill": 10, "last": 18, "steps": [10, 19, 30]}
    assert (data["harvests"], data["attack"], data["holds"]) == ([], None, {"inside-band": 5})


def test_the_summary_names_what_was_kept_and_what_was_not() -> None:
    text = summary.as_text(story(rebalances=(), transfers=frozenset(), left_out=()), {"chain": 0.5, "deploy": 2.0})
    assert "BROKEN  0 rebalances" in text
    assert text.count("kept  ") == 8
    assert "holding  $2,880,000.00: the vault has $20,000.00 more" in text
    assert "2.5 s: chain 0.5 s, deploy 2.0 s" in text


def test_numbers_are_cut_not_rounded_up() -> None:
    assert as_number(Share18(995 * 10**15 - 1)) == 0.994999
    assert as_bps(Share18(SHARE_PER_BPS * 3 // 2)) == 1.5
    assert as_fine_bps(-1) == -0.0001


def test_the_owner_sells_what_nobody_wants_by_way_of_the_refuge() -> None:
    wanted = {"WETH": 6_000, "WBTC": 0, "USDC": 4_000}
    found = telling.detour(sight({"WETH": "0", "WBTC": "0.5", "USDC": "970000"}, OPENING), wanted)
    assert found == [{"WETH": 5_700, "WBTC": 0, "USDC": 4_300}, wanted]
    assert telling.detour(sight({"WETH": "300", "WBTC": "0", "USDC": "1000000"}, OPENING), wanted) == [wanted]


def test_a_bar_shows_weight_and_target() -> None:
    assert screen.bar(Share18(WAD * 30 // 100), Share18(WAD * 40 // 100)) == "███████████████·····|·········"
    assert screen.bar(Share18(WAD), Share18(0)) == "|" + "█" * 28 + "·"


def test_a_scene_fits_on_one_line_and_in_a_table() -> None:
    scene = Scene(3, 20, FIRST.time, FIRST, "inside-band, as before", ("something",), 1, 600_000)
    line = screen.line_of(scene)
    assert (
        line
        == "    3/20 01 Jan 00:16  WETH $3,000.00  WBTC $60,000.00  40/25/35 %  drift 0.00 %  inside-band, as before"
    )
    assert screen.table_of(scene).renderables


@pytest.mark.parametrize("name", ["", "default", "../demo", "demo/x", "demo_1"])
def test_a_place_takes_only_a_plain_name(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a demo"):
        place.place(name)
