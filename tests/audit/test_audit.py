"""The audit agrees with an honest story, and with none in which a single figure, log or row is another."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.audit import figures, statements, table, words
from tests.audit.__main__ import audited
from tests.audit.conftest import ROOT, Kept
from tests.audit.faults import AuditFault, Differs
from tests.audit.record import Log, Record

SEED = ("prices", "source")
"""Says which seed made the prices, which no chain knows."""

pytestmark = pytest.mark.timeout(600)


def command(said: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "tests.audit", "--json-file", "-"]
    return subprocess.run(line, cwd=ROOT, input=said, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_agrees_with_every_figure(kept: Kept) -> None:
    done = command(kept.said)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr
    assert "figures agree to the last unit" in done.stdout
    assert "no key was stolen" in done.stdout


def test_the_command_names_the_first_figure_that_differs(kept: Kept) -> None:
    steps = kept.told["data"]["steps"]
    done = command(kept.said.replace(f'"steps": {steps},', f'"steps": {steps + 1},', 1))
    assert done.returncode == 9
    assert f"steps: claimed {steps + 1}, recomputed {steps}" in done.stderr


def test_the_command_refuses_what_is_no_demo() -> None:
    done = command('{"schema": "ballast.cli/1", "data": []}')
    assert done.returncode == 2
    assert "no demo's JSON" in done.stderr


# ---------------------------------------------------------------------------------------------------- tampering


def paths(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where every figure of an object is."""
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from paths(part, (*at, key))
    elif isinstance(value, list) and value:
        for place, part in enumerate(value):
            yield from paths(part, (*at, place))
    else:
        yield at


def other(value: Any) -> Any:
    """The nearest figure that is another: one unit more, in the last place."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, Decimal):
        return value + Decimal("0.000001")
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return str(int(value) + 1) if value.isdigit() else value[:-1] + ("0" if value[-1] != "0" else "1")
    return 1 if value is None else [1]


def changed(told: Mapping[str, Any], path: tuple[str | int, ...], change: Callable[[Any, str | int], None]) -> Any:
    """A copy of the object with one place changed."""
    made: Any = copy.deepcopy(dict(told))
    place = made
    for step in path[:-1]:
        place = place[step]
    change(place, path[-1])
    return made


def caught(kept: Kept, told: Mapping[str, Any]) -> bool:
    try:
        return table.first_difference(audited(told, kept.case(told["data"]))) is not None
    except AuditFault:
        return True


def test_no_figure_can_be_one_unit_off(kept: Kept) -> None:
    def one_more(place: Any, key: str | int) -> None:
        place[key] = other(place[key])

    found = [("data", *path) for path in paths(kept.told["data"]) if path != SEED]
    missed = [path for path in found if not caught(kept, changed(kept.told, path, one_more))]
    assert not missed
    assert len(found) > 80


def test_where_the_prices_came_from_has_a_form(kept: Kept) -> None:
    def vague(place: Any, key: str | int) -> None:
        place[key] = "the market"

    assert caught(kept, changed(kept.told, ("data", *SEED), vague))


def test_no_figure_can_be_left_out(kept: Kept) -> None:
    def gone(place: Any, key: str | int) -> None:
        del place[key]

    data = kept.told["data"]
    found: list[tuple[str | int, ...]] = [("data", key) for key in data] + [
        ("data", "kill", key) for key in data["kill"]
    ]
    found += [("data", "rebalances", 0, key) for key in data["rebalances"][0]] + [("data", "blocks", "steps", 3)]
    missed = [path for path in found if not caught(kept, changed(kept.told, path, gone))]
    assert not missed


@pytest.mark.parametrize("path", [("data",), ("data", "kill"), ("data", "nav"), ("data", "rebalances", 0)])
def test_a_figure_the_audit_does_not_know_is_red(kept: Kept, path: tuple[str | int, ...]) -> None:
    def more(place: Any, key: str | int) -> None:
        place[key]["profit"] = "1"

    assert caught(kept, changed(kept.told, path, more))


def test_a_broken_promise_is_no_agreement(kept: Kept) -> None:
    assert caught(kept, {**kept.told, "ok": False})
    assert caught(kept, {**kept.told, "error": {"code": "promise-broken"}})


# ---------------------------------------------------------------------------------------------------- forged logs


def topic(address: str) -> str:
    return "0x" + address[2:].lower().rjust(64, "0")


def forged(kept: Kept, name: str, change: Callable[[Log], Log], place: int = 0) -> Record:
    """The record with one of the vault's logs of that name changed."""
    vault = kept.case().vault
    at = [
        index
        for index, log in enumerate(kept.record.logs)
        if log.address == vault and log.topics[0] == words.VAULT[name].topic
    ][place]
    logs = list(kept.record.logs)
    logs[at] = change(logs[at])
    return replace(kept.record, logs=tuple(logs))


def word_more(at: int, by: int = 1) -> Callable[[Log], Log]:
    """Add to the word of that number in a log's data."""

    def change(log: Log) -> Log:
        start = 2 + 64 * at
        word = int(log.data[start : start + 64], 16) + by
        return replace(log, data=log.data[:start] + f"{word:064x}" + log.data[start + 64 :])

    return change


def found_by(kept: Kept, record: Record) -> str:
    """What the statements say first against a record; the figures are the honest story's."""
    case = kept.case(record=record)
    for statement in statements.all_of(case, figures.recomputed(kept.case())):
        try:
            statement()
        except Differs as fault:
            return str(fault)
    return "nothing was found"


def test_every_statement_holds_of_an_honest_story(kept: Kept) -> None:
    case = kept.case()
    said = [statement() for statement in statements.all_of(case, figures.recomputed(case))]
    assert len(said) == 15


def test_a_payment_to_a_stranger_is_found(kept: Kept) -> None:
    case = kept.case()
    stranger = case.book["people"]["stranger"]["address"]
    at = next(index for index, log in enumerate(kept.record.logs) if _leaves(log, case.vault))
    logs = list(kept.record.logs)
    logs[at] = replace(logs[at], topics=(*logs[at].topics[:2], topic(stranger)))
    assert "no door of the vault" in found_by(kept, replace(kept.record, logs=tuple(logs)))


def _leaves(log: Log, vault: str) -> bool:
    return log.topics[:2] == (words.TRANSFER.topic, topic(vault))


def test_an_approval_is_found(kept: Kept) -> None:
    case = kept.case()
    at = next(log for log in kept.record.logs if _leaves(log, case.vault))
    approval = replace(at, topics=(words.APPROVAL.topic, topic(case.vault), topic(case.rulebook)))
    assert "approved somebody" in found_by(kept, replace(kept.record, logs=(*kept.record.logs, approval)))


def test_a_balance_that_its_transfers_do_not_explain_is_found(kept: Kept) -> None:
    case = kept.case()
    logs = [log for log in kept.record.logs if log.topics[2:3] != (topic(case.vault),) or log.block > 10**9]
    assert "Transfers sum to" in found_by(kept, replace(kept.record, logs=tuple(logs)))


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("Traded", word_more(0), "its events say"),
        ("Traded", word_more(2, -1), "oracle"),
        ("Traded", word_more(2, 10**12), "brought"),
        ("LegSold", word_more(2, -3), "floor"),
        ("Rebalanced", word_more(5), "the report of Rebalanced"),
        ("Rebalanced", word_more(0), "the report of Rebalanced"),
        ("Rebalanced", word_more(3), "the report of Rebalanced"),
        ("Rebalanced", word_more(6), "loss left after block"),
        ("Rebalanced", word_more(7), "turnover left after block"),
    ],
)
def test_a_forged_event_is_found(kept: Kept, name: str, change: Callable[[Log], Log], said: str) -> None:
    assert said in found_by(kept, forged(kept, name, change))


def test_an_epoch_told_twice_is_found(kept: Kept) -> None:
    def again(log: Log) -> Log:
        return replace(log, topics=(log.topics[0], "0x" + f"{2:064x}", *log.topics[2:]))

    assert "epochs run" in found_by(kept, forged(kept, "Rebalanced", again, place=1))


def test_a_feed_whose_logs_say_something_else_is_found(kept: Kept) -> None:
    at = max(index for index, log in enumerate(kept.record.logs) if log.topics and log.topics[0] == words.ANSWER.topic)
    logs = list(kept.record.logs)
    logs[at] = replace(logs[at], topics=(logs[at].topics[0], "0x" + f"{1:064x}", *logs[at].topics[2:]))
    assert "its logs say otherwise" in found_by(kept, replace(kept.record, logs=tuple(logs)))
