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
from scripts.story import place, reckoning, screen
from scripts.story.facts import Exit, Holding, Rebalance, Scene, Sight, as_bps, as_number
from scripts.story.reckoning import Story, Written

DECIMALS = {"WETH": 18, "WBTC": 8, "USDC": 6}
TARGETS = {"WETH": 4_000, "WBTC": 2_500, "USDC": 3_500}
OPENING = {"WETH": 3_000, "WBTC": 60_000, "USDC": 1}
REBALANCED, HALTED, FLATTENED, STRANGER = ("0x" + digit * 64 for digit in "1234")
EXITS = (
    Exit("Halted", 40, HALTED, Timestamp(1_790), "0x" + "dd" * 32),
    Exit("Flattened", 41, FLATTENED, Timestamp(1_800), None, sold=2),
)


def sight(whole: Mapping[str, str], prices: Mapping[str, int], *, at: int = 1_000, halted: bool = False) -> Sight:
    """A vault holding whole tokens at whole-dollar prices."""
    holdings = tuple(
        Holding(
            symbol,
            DECIMALS[symbol],
            Bps(TARGETS[symbol]),
            TokenUnits(int(Decimal(amount).scaleb(DECIMALS[symbol]))),
            Usd18(prices[symbol] * WAD),
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
    """A story that keeps every promise, but for `changes`."""
    told = Story(
        client="anvil/v1",
        seed=7,
        steps=20,
        first=FIRST,
        before_kill=replace(FIRST, time=Timestamp(1_780)),
        last=LAST,
        rebalances=(rebalance(200, 1),) * 3,
        exits=EXITS,
        transfers=frozenset({REBALANCED, FLATTENED}),
        written=Written(Path("journal.sqlite"), 12, {"inside-band": 5}, True, "12 rows whole"),
        left_out=("attack",),
    )
    return replace(told, **changes)  # type: ignore[arg-type]  # the names are the dataclass's own


def broken(told: Story) -> list[str]:
    return [one.saying for one in reckoning.promises(told) if not one.kept]


def test_a_story_on_target_keeps_every_promise() -> None:
    assert broken(story()) == []
    assert len(reckoning.promises(story())) == 6


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"rebalances": (rebalance(200, 1),) * 2}, "2 rebalances, at least 3 are promised"),
        ({"rebalances": (*(rebalance(200, 1),) * 3, rebalance(200, 200))}, "lowered drift, but for block 20"),
        ({"rebalances": (rebalance(200, 1, seen=(200, 200)),) * 3}, "lowered drift, but for block 20"),
        ({"last": replace(LAST, halted=False)}, "the vault is not halted"),
        ({"transfers": frozenset({FLATTENED, STRANGER})}, f"but for {STRANGER}"),
        ({"transfers": frozenset({HALTED})}, f"but for {HALTED}"),
        ({"written": Written(Path("j"), 3, {}, False, "row 2 was changed")}, "journal: row 2 was changed"),
    ],
)
def test_a_broken_promise_is_named(changes: dict[str, object], complaint: str) -> None:
    assert [complaint in said for said in broken(story(**changes))] == [True]


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
        "left_out",
    }
    assert data["nav"] == {"start": str(3_000_000 * WAD), "end": str(2_900_000 * WAD), "hold": str(2_880_000 * WAD)}
    assert data["prices"] == {
        "source": "feed path of seed 7",
        "from": "1970-01-01T00:16:40Z",
        "to": "1970-01-01T00:30:00Z",
    }
    assert data["rebalances"][0] == {
        "block": 20,
        "tx": REBALANCED,
        "drift_before": 0.02,
        "drift_after": 0.0001,
        "turnover": 0.02,
        "loss_bps": 2.0,
        "gas": 600_000,
    }
    assert data["kill"] == {"stable_share": 1.0, "failed_legs": 0, "calls": 2, "seconds": 20}
    assert data["journal"] == {"path": "journal.sqlite", "rows": 12, "verified": True}
    assert (data["harvests"], data["attack"], data["holds"]) == ([], None, {"inside-band": 5})


def test_the_summary_names_what_was_kept_and_what_was_not() -> None:
    text = reckoning.as_text(story(rebalances=(), transfers=frozenset()), {"chain": 0.5, "deploy": 2.0})
    assert "BROKEN  0 rebalances" in text
    assert text.count("kept  ") == 5
    assert "holding  $2,880,000.00: the vault has $20,000.00 more" in text
    assert "2.5 s: chain 0.5 s, deploy 2.0 s" in text


def test_numbers_are_cut_not_rounded_up() -> None:
    assert as_number(Share18(995 * 10**15 - 1)) == 0.994999
    assert as_bps(Share18(SHARE_PER_BPS * 3 // 2)) == 1.5


def test_a_bar_shows_weight_and_target() -> None:
    assert screen.bar(Share18(WAD * 30 // 100), Share18(WAD * 40 // 100)) == "███████████████·····|·········"
    assert screen.bar(Share18(WAD), Share18(0)) == "|" + "█" * 28 + "·"


def test_a_scene_fits_on_one_line_and_in_a_table() -> None:
    scene = Scene(3, 20, FIRST, "inside-band, as before", (rebalance(200, 1),))
    line = screen.line_of(scene)
    assert line == "    3/20 00:16  WETH $3,000.00  WBTC $60,000.00  40/25/35 %  drift 0.00 %  inside-band, as before"
    assert screen.table_of(scene).renderables


@pytest.mark.parametrize("name", ["", "default", "../demo", "demo/x", "demo_1"])
def test_a_place_takes_only_a_plain_name(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a demo"):
        place.place(name)
