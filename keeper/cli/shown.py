"""What several commands show: a portfolio, a guard report, an outcome; as data for programs, as tables for a person."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from keeper.ids import plain
from keeper.model import Check, GuardVerdict, Outcome, PriceObservation, PriceVerdict, Report, Simulation, Snapshot
from keeper.units import Seconds, Timestamp, Usd18, format_share, format_units, format_usd, nearest

if TYPE_CHECKING:
    from keeper.ops.opening import Opening

WIDTH = 118


def drawn(*tables: Table) -> str:
    """Tables as plain text."""
    sheet = io.StringIO()
    console = Console(file=sheet, width=WIDTH, color_system=None, emoji=False, markup=False, highlight=False)
    for table in tables:
        console.print(table)
    return "\n".join(line.rstrip() for line in sheet.getvalue().splitlines())


def table(title: str, *columns: str, right: Iterable[str] = ()) -> Table:
    """An empty table; the columns named in `right` are numbers."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def vault_data(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot's figures, integers in base units as decimal strings."""
    vault = snapshot.vault
    return {
        "address": vault.address,
        "chain_id": snapshot.chain_id,
        "block": plain(snapshot.block),
        "mode": vault.mode.value,
        "epoch": str(vault.epoch),
        "config_version": str(vault.config_version),
        "nav": plain(vault.nav),
        "drift": plain(vault.drift),
        "next_rebalance_at": str(vault.next_rebalance_at),
        "headroom": plain(vault.headroom),
        "next_retarget_at": str(vault.next_retarget_at),
        "next_harvest_at": str(vault.next_harvest_at),
        "harvested_at": str(vault.harvested_at),
        "halted_at": str(vault.halted_at),
        "unhalt_at": str(vault.unhalt_at),
        "claims": [plain(claim) for claim in snapshot.claims],
        "assets": [
            {
                "symbol": asset.symbol,
                "balance": str(asset.balance),
                "decimals": asset.decimals,
                "price": plain(asset.price),
                "value": str(asset.value),
                "weight": str(asset.weight),
                "target": str(asset.target),
                "counted": asset.counted,
                "frozen": asset.frozen,
                "voices": [plain(voice) for voice in snapshot.observations if voice.asset == asset.index],
                "tickers": [plain(ticker) for ticker in snapshot.tickers if ticker.asset == asset.index],
            }
            for asset in snapshot.assets
        ],
    }


def portfolio(snapshot: Snapshot) -> Table:
    """Each asset's weight against its target."""
    vault = snapshot.vault
    nav = "unpriced" if vault.nav is None else format_usd(vault.nav)
    drift = "unpriced" if vault.drift is None else format_share(vault.drift)
    title = f"block {snapshot.block.number}: {vault.mode}, NAV {nav}, drift {drift}, epoch {vault.epoch}"
    made = table(
        title,
        "asset",
        "balance",
        "price",
        "value",
        "weight",
        "target",
        right=("balance", "price", "value", "weight", "target"),
    )
    for asset in snapshot.assets:
        price = "none" if asset.price is None else priced(asset.price)
        note = " (frozen)" if asset.frozen else "" if asset.counted else " (not counted)"
        made.add_row(
            asset.symbol + note,
            format_units(asset.balance, asset.decimals, min(asset.decimals, 4)),
            price,
            format_usd(asset.value),
            format_share(nearest(asset.weight)),
            format_share(nearest(asset.target)),
        )
    return made


def standing(snapshot: Snapshot) -> list[str]:
    """What the vault allows besides trades, and how its halt stands, a line each."""
    vault, now = snapshot.vault, snapshot.block.timestamp
    lines = []
    if vault.unhalt_at:
        since = f"halted at {vault.halted_at}, {span(now - vault.halted_at)} ago"
        ready = vault.unhalt_at - now
        when = "unhalt possible now" if ready <= 0 else f"unhalt possible from {vault.unhalt_at}, in {span(ready)}"
        lines.append(f"{since}; {when}, by its owner")
    shift = format_share(vault.headroom.shift_day)
    lines.append(f"targets may shift by {shift} now; a retarget is taken {_from(vault.next_retarget_at, now)}")
    for claim in snapshot.claims:
        word = f"a harvest is taken {_from(vault.next_harvest_at, now)}" if claim.enabled else "switched off"
        cap = f"at most {format_usd(Usd18(claim.daily_cap // 2))} at once"
        lines.append(f"claim {claim.index} pays {claim.reward}: {word}, {cap}")
    return lines


def _from(ready: Timestamp, now: Timestamp) -> str:
    return "now" if ready <= now else f"from {ready} on, in {span(ready - now)}"


def priced(price: Usd18) -> str:
    """A price with four places: a stablecoin's matter."""
    return f"${format_units(price, 18, 4)}"


def voices(snapshot: Snapshot) -> Table:
    """What each voice says of each price."""
    return _said(snapshot, "prices, voice by voice", snapshot.observations)


def tickers(snapshot: Snapshot) -> Table:
    """What each exchange says of each price."""
    return _said(snapshot, "tickers, which may hold a trade back and no more", snapshot.tickers)


def _said(snapshot: Snapshot, title: str, voices: Iterable[PriceObservation]) -> Table:
    names = {asset.index: asset.symbol for asset in snapshot.assets}
    made = table(title, "asset", "source", "kind", "price", "age", "verdict", right=("price", "age"))
    for voice in voices:
        price = "none" if voice.price is None else priced(voice.price)
        verdict = voice.verdict.value + (f": {voice.reason}" if voice.verdict is not PriceVerdict.OK else "")
        made.add_row(names[voice.asset], voice.source, voice.kind.value, price, f"{voice.age} s", verdict)
    return made


def checks(found: Iterable[Check]) -> Table:
    """Every check of guard's, worst first to be seen by its word."""
    made = table("guard", "check", "verdict", "found")
    for check in found:
        made.add_row(check.name, check.verdict.value, check.reason)
    return made


def simulations(found: Iterable[Simulation], chosen: Simulation | None) -> Table:
    """Every candidate that was simulated."""
    made = table("simulated", "routes", "result", "NAV after", "loss", "gas", right=("NAV after", "loss", "gas"))
    for one in found:
        routes = ", ".join(str(order.route) for order in one.orders) or "none"
        if one.report is None:
            result = f"{one.revert.name}({', '.join(one.revert.args)})" if one.revert else "would go through"
            made.add_row(routes, result, "", "", str(one.gas_used))
            continue
        mark = "taken" if one == chosen else "works"
        report = one.report
        made.add_row(routes, mark, format_usd(report.nav_after), format_share(report.loss), str(one.gas_used))
    return made


def checks_data(found: Iterable[Check]) -> list[dict[str, Any]]:
    """Every check for programs."""
    return [
        {
            "name": check.name,
            "verdict": check.verdict.value,
            "ok": check.verdict is GuardVerdict.PASS,
            "value": plain(check.value),
            "limit": plain(check.limit),
            "unit": check.unit,
            "reason": check.reason,
        }
        for check in found
    ]


def opening_data(clock: Opening | None, now: int) -> dict[str, Any] | None:
    """The opening clock of a halted vault for programs; times in Unix seconds, `opened` 1e18 = all the way."""
    if clock is None:
        return None
    return {
        "opened_at": plain(clock.opened_at),
        "widest_at": plain(clock.widest_at),
        "widest_bps": plain(clock.widest),
        "opened": plain(clock.share(Timestamp(now))),
        "failed": clock.failed,
    }


def outcome_line(outcome: Outcome) -> str:
    """How a transaction ended, in one line."""
    block = f" in block {outcome.block.number}" if outcome.block else ""
    drift = ""
    if outcome.report is not None:
        drift = f", {_report(outcome.report)}, loss {format_share(outcome.report.loss)}"
    revert = f" {outcome.revert.name}({', '.join(outcome.revert.args)})" if outcome.revert else ""
    end = f"{outcome.reason}{revert} ({outcome.tx_hash or 'not sent'})"
    return f"{outcome.state}{block}, gas {outcome.gas_used}{drift}: {end}"


def _report(report: Report) -> str:
    """What an action came to: a rebalance by its drift, a harvest, which has none, by what its sale bought."""
    if report.drift_before or report.drift_after:
        return f"drift {format_share(report.drift_before)} to {format_share(report.drift_after)}"
    return f"bought {format_usd(Usd18(report.nav_after - report.nav_before))}"


def outcome_data(outcome: Outcome | None) -> Any:
    """How a transaction ended, for programs."""
    return None if outcome is None else plain(outcome)


def span(seconds: int) -> str:
    """A length of time for a person's eye; a minus before what is over."""
    from keeper.decide.gates import span as of

    return of(Seconds(seconds)) if seconds >= 0 else f"-{of(Seconds(-seconds))}"
