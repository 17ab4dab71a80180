"""The changes that wait out the delay: each is calldata of the rulebook's own, queued first and executed as it is."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from keeper.config.deployment import MANDATE_MAX_DAYS
from keeper.config.kinds import price
from keeper.errors import UsageError
from scripts import fragment
from scripts.acts import Act, Ground, one
from scripts.front import say
from scripts.rules import encoded, limits_with
from scripts.safe import Call
from scripts.waiting import clock, find, hold_ripe, understood, waiting
from scripts.wiring import DAY


@dataclass(frozen=True, slots=True)
class Change:
    """How a change is made from the command line: `words` are its arguments' names, the last one repeated if it ends in
    `…`; `lasting` where it takes --days."""

    build: Callable[[Ground, argparse.Namespace], list[str]]
    words: tuple[str, ...] = ()
    lasting: bool = False


def propose(ground: Ground, options: argparse.Namespace) -> Act:
    """Queue a change, which the owner executes after the delay and owner or guardian may cancel until then."""
    made = tuple(CHANGES[options.change].build(ground, options))
    alike = {understood(data)[0] for data in made}
    for entry in waiting(ground.reader, ground.manifest):
        if entry.function in alike and entry.state(ground.reader.time) != "dead":
            say(f"note: another {entry.function} waits: {entry.line(ground.reader.time)}")
    calls = tuple(Call(ground.rulebook, 0, encoded("queue", bytes.fromhex(data[2:]))) for data in made)
    return Act(f"propose {options.change}", calls, later=made)


def execute(ground: Ground, options: argparse.Namespace) -> Act:
    """Make changes that are ripe, in the order given; with --revoke, take a keeper's mandate away in the same batch.

    Raises HoldError where one is not ripe, RefusedError where it is dead.
    """
    found = waiting(ground.reader, ground.manifest)
    entries = [find(found, ident) for ident in options.ids]
    for entry in entries:
        hold_ripe(entry, ground.reader.time)
    data = [encoded("execute", bytes.fromhex(entry.data[2:])) for entry in entries]
    what = ", ".join(entry.words() for entry in entries)
    if options.revoke is not None:
        keeper = ground.address(options.revoke)
        data.append(encoded("revokeKeeper", keeper))
        what += f", then revoke keeper {keeper}"
    return Act(f"execute {what}", tuple(Call(ground.rulebook, 0, call) for call in data))


def cancel(ground: Ground, options: argparse.Namespace) -> Act:
    """Strike what waits; it would have to be proposed, and wait, again."""
    entry = find(waiting(ground.reader, ground.manifest), options.id)
    return one(f"cancel {entry.words()}", ground.rulebook, encoded("cancel", bytes.fromhex(entry.id[2:])))


def cancel_all(ground: Ground, _options: argparse.Namespace) -> Act:
    """Strike all that waits; a guardian's leaves appointments of guardians."""
    return one("cancel all that waits", ground.rulebook, encoded("cancelAll"))


# ------------------------------------------------------------------------------------------------ roles


def _appoint_keeper(ground: Ground, options: argparse.Namespace) -> list[str]:
    """a new keeper, for --days from the day it can be executed"""
    keeper = ground.address(options.keeper)
    if keeper in _keepers(ground):
        raise UsageError(f"{keeper} is a keeper already", remedy=f"propose renew {keeper}")
    return [_mandate(ground, keeper, options.days)]


def _renew(ground: Ground, options: argparse.Namespace) -> list[str]:
    """a keeper's next mandate, for --days from the day it can be executed; an ended one comes back"""
    keeper = _known_keeper(ground, options.keeper)
    return [_mandate(ground, keeper, options.days)]


def _rotate(ground: Ground, options: argparse.Namespace) -> list[str]:
    """another key in a keeper's place: appoints the new one; execute it with --revoke OLD"""
    old, new = _known_keeper(ground, options.old), ground.address(options.new)
    if new in _keepers(ground):
        raise UsageError(f"{new} is a keeper already", remedy=f"revoke-keeper {old} alone, or name another new key")
    say(f"once it is ripe: execute ID --revoke {old}. A stolen key is revoked now: revoke-keeper {old}")
    return [_mandate(ground, new, options.days)]


def _appoint_guardian(ground: Ground, options: argparse.Namespace) -> list[str]:
    """one guardian more; a guardian cannot cancel it"""
    return [encoded("appointGuardian", ground.address(options.account))]


def _set_payout(ground: Ground, options: argparse.Namespace) -> list[str]:
    """where withdrawals go"""
    return [encoded("setPayout", ground.address(options.payout))]


def _keepers(ground: Ground) -> dict[str, int]:
    mandates = ground.reader.ask("Rulebook", ground.rulebook, "keepers")
    return {one.keeper: one.expires for one in mandates}


def _known_keeper(ground: Ground, who: str) -> str:
    keeper, known = ground.address(who), _keepers(ground)
    if keeper not in known:
        raise UsageError(
            f"{keeper} is no keeper", remedy=f"name one of {', '.join(known) or 'none'}, or appoint-keeper"
        )
    return keeper


def _mandate(ground: Ground, keeper: str, days: int) -> str:
    """From when it is ripe if it is queued now; queued hours later, it begins later and ends as said."""
    if not 1 <= days <= MANDATE_MAX_DAYS:
        raise UsageError(f"a mandate of {days} days", remedy=f"say --days from 1 to {MANDATE_MAX_DAYS}")
    ripe = ground.reader.time + int(ground.reader.ask("Rulebook", ground.rulebook, "limits").delay)
    say(f"the mandate ends at {clock(ripe + days * DAY)}")
    return encoded("appointKeeper", (keeper, ripe + days * DAY))


# ------------------------------------------------------------------------------------------------ numbers


def _widen(ground: Ground, options: argparse.Namespace) -> list[str]:
    """limits, wider or narrower; those that are not named stay as they are today"""
    return [encoded("setLimits", limits_with(ground, options.limits))]


def _set_range(ground: Ground, options: argparse.Namespace) -> list[str]:
    """the range of an asset's target, bps; today's target must lie in it"""
    index, _ = ground.asset(options.symbol)
    return [encoded("setAssetRange", index, _whole(options.min), _whole(options.max))]


def _set_band(ground: Ground, options: argparse.Namespace) -> list[str]:
    """the band in which an asset's price is believed, dollars; today's price must lie in it"""
    index, _ = ground.asset(options.symbol)
    try:
        low, high = price(options.low), price(options.high)
    except ValueError as error:
        raise UsageError(str(error), remedy="write dollars, as in 0.95 or 5000") from None
    return [encoded("setPriceBand", index, low, high)]


def _set_safety(ground: Ground, options: argparse.Namespace) -> list[str]:
    """an asset's rank among the refuges (0: none, 1: the first) and its band around a dollar, bps"""
    index, _ = ground.asset(options.symbol)
    return [encoded("setAssetSafety", index, _whole(options.rank), _whole(options.depeg_bps))]


def _set_dust(ground: Ground, options: argparse.Namespace) -> list[str]:
    """the balance, in base units, up to which an asset without a target is not counted"""
    index, _ = ground.asset(options.symbol)
    return [encoded("setDust", index, _whole(options.dust))]


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{text!r} is no whole number", remedy="write bps, as in 4000 for 40 %, or base units")
    return int(text)


# ------------------------------------------------------------------------------------------------ registry


def _set_oracle(ground: Ground, options: argparse.Namespace) -> list[str]:
    """another oracle, within 2 % of this one on every asset"""
    return [encoded("setOracle", ground.address(options.oracle))]


def _list(ground: Ground, options: argparse.Namespace) -> list[str]:
    """the assets, claims and routes of a TOML, in this order; an asset is listed frozen, to be unfrozen last"""
    return fragment.calls(ground, options.file, ("assets", "claims", "routes"))


def _add_route(ground: Ground, options: argparse.Namespace) -> list[str]:
    """the routes of a TOML"""
    return fragment.calls(ground, options.file, ("routes",))


def _add_claim(ground: Ground, options: argparse.Namespace) -> list[str]:
    """the claims of a TOML"""
    return fragment.calls(ground, options.file, ("claims",))


CHANGES: Mapping[str, Change] = {
    "appoint-keeper": Change(_appoint_keeper, ("keeper",), lasting=True),
    "renew": Change(_renew, ("keeper",), lasting=True),
    "rotate": Change(_rotate, ("old", "new"), lasting=True),
    "appoint-guardian": Change(_appoint_guardian, ("account",)),
    "set-payout": Change(_set_payout, ("payout",)),
    "widen": Change(_widen, ("limits…",)),
    "set-range": Change(_set_range, ("symbol", "min", "max")),
    "set-band": Change(_set_band, ("symbol", "low", "high")),
    "set-safety": Change(_set_safety, ("symbol", "rank", "depeg_bps")),
    "set-dust": Change(_set_dust, ("symbol", "dust")),
    "set-oracle": Change(_set_oracle, ("oracle",)),
    "list": Change(_list, ("file",)),
    "add-route": Change(_add_route, ("file",)),
    "add-claim": Change(_add_claim, ("file",)),
}

QUEUE: Mapping[str, Callable[[Ground, argparse.Namespace], Act]] = {
    "propose": propose,
    "execute": execute,
    "cancel": cancel,
    "cancel-all": cancel_all,
}
