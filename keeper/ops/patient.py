"""The doctor's look at one observation: roles, mandate, gas money, prices, the clock, the rulebook's version."""

from __future__ import annotations

from collections.abc import Iterator

from keeper.chain.lens import Observation
from keeper.decide.harvest import ways
from keeper.errors import HoldError, KeeperError, SignerNotEntitled
from keeper.guard import kill_gas
from keeper.model import PriceVerdict, VaultMode
from keeper.ops.clock import LEAST_AGE, max_age
from keeper.ops.cycle import EXPECTED_GAS
from keeper.ops.findings import Finding, failed, good, warned
from keeper.ops.opening import opening
from keeper.ops.post import Post, entitled, onlooker
from keeper.ops.quotes import of_tickers
from keeper.units import format_share, format_units, format_usd

MANDATE_WARNING = 3 * 86_400
"""Seconds of mandate left below which the owner should renew it."""
RUNWAY_WARNING = 20
"""Rebalances the gas money should last for beyond one kill."""


def of_observation(post: Post, seen: Observation) -> Iterator[Finding]:
    """Every finding at this block."""
    yield _mode(post, seen)
    yield from _claims(seen)
    yield _keeper(post, seen)
    yield _guardian(post)
    yield _mandate(seen)
    yield _gas(seen)
    yield from _prices(seen)
    yield from of_tickers(post, seen)
    yield _clock(post, seen)
    yield _version(post, seen)


def _mode(post: Post, seen: Observation) -> Finding:
    vault = seen.snapshot.vault
    nav = "unpriced" if vault.nav is None else format_usd(vault.nav)
    if vault.mode is VaultMode.HALTED:
        age, clock = seen.snapshot.block.timestamp - vault.halted_at, opening(post, seen.snapshot)
        text = f"halted since {vault.halted_at}, {age} s ago, NAV {nav}"
        text += f"; {clock.said(seen.snapshot.block.timestamp)}" if clock else ""
        return warned(
            "vault", text, f"its owner alone can start it again, unhalt is possible from {vault.unhalt_at} on"
        )
    shift = format_share(vault.headroom.shift_day)
    return good("vault", f"active, NAV {nav}, epoch {vault.epoch}, targets may shift by {shift} now")


def _claims(seen: Observation) -> Iterator[Finding]:
    """Every reward claim: whether it can be harvested, and sold."""
    snapshot = seen.snapshot
    for claim in snapshot.claims:
        name, routes = f"claim.{claim.index}", ways(snapshot, claim.index)
        if not claim.enabled:
            yield good(name, f"switched off; it pays {claim.reward}")
        elif not routes:
            remedy = "have the owner register or enable a route from the reward into a safe asset"
            yield warned(name, f"no enabled route sells what it pays, {claim.reward}", remedy)
        else:
            ready = max(snapshot.vault.next_harvest_at - snapshot.block.timestamp, 0)
            listed = ", ".join(str(route) for route in routes)
            yield good(name, f"pays {claim.reward}, sold over route {listed}; the vault takes a harvest in {ready} s")


def _keeper(post: Post, seen: Observation) -> Finding:
    try:
        entitled(post, seen, "keeper")
    except SignerNotEntitled as error:
        return failed("role.keeper", error)
    return good("role.keeper", f"{post.account} is a keeper of the vault")


def _guardian(post: Post) -> Finding:
    """By the manifest: the lens looks at one account, the keeper's."""
    name = onlooker(post.settings, post.manifest, "guardian")
    if name in post.manifest.roles.guardians or name == post.manifest.roles.owner:
        return good("role.guardian", f"{name} is a guardian by the manifest")
    error = SignerNotEntitled("guardian", name or "nobody", "the manifest does not name it")
    return failed("role.guardian", error)


def _mandate(seen: Observation) -> Finding:
    left = seen.snapshot.vault.mandate_expires - seen.snapshot.block.timestamp
    remedy = "have the owner appoint the keeper again"
    if left <= 0:
        return failed("mandate", HoldError("the keeper has no mandate that lives", remedy=remedy))
    if left < MANDATE_WARNING:
        return warned("mandate", f"{left} s left", remedy)
    return good("mandate", f"{left // 86_400} days left")


def _gas(seen: Observation) -> Finding:
    price = seen.next_base_fee or 1
    rest = seen.balance - kill_gas(seen.snapshot) * price
    coin = format_units(seen.balance, 18, 6)
    remedy = f"send coin for gas to the keeper's address, it has {coin}"
    if rest <= 0:
        text = f"{coin} of the chain's coin does not pay for one kill at {price} wei a unit of gas"
        return failed("gas", HoldError(text, remedy=remedy))
    runs = rest // (EXPECTED_GAS * price)
    text = f"{coin} of the chain's coin pays for a kill and {runs} rebalances at {price} wei a unit of gas"
    return warned("gas", text, remedy) if runs < RUNWAY_WARNING else good("gas", text)


def _prices(seen: Observation) -> Iterator[Finding]:
    for asset in seen.snapshot.assets:
        heard = [voice for voice in seen.snapshot.observations if voice.asset == asset.index]
        said = ", ".join(f"{voice.source} {voice.age} s" for voice in heard)
        bad = [voice for voice in heard if voice.verdict is not PriceVerdict.OK]
        lost = ", ".join(f"{voice.source} {voice.verdict}: {voice.reason}" for voice in bad)
        name = f"price.{asset.symbol}"
        remedy = "wait for the feed, or have the owner replace the source"
        if asset.price is None and asset.counted:
            yield failed(name, HoldError(f"no price: {lost or 'no voice'}", remedy=remedy))
        elif bad:
            yield warned(name, lost, remedy)
        else:
            yield good(name, f"{format_usd(asset.price) if asset.price else 'not counted'}: {said}")


def _clock(post: Post, seen: Observation) -> Finding:
    age = post.clock.now() - seen.snapshot.block.timestamp
    most = max_age(post.vault.profile.block_ms)
    text = f"block {seen.snapshot.block.number} is {age} s old by this host's clock"
    if -LEAST_AGE <= age <= most:
        return good("clock", text)
    error: KeeperError = HoldError(text, remedy="set the clock, or mend the node: its head stands still")
    return failed("clock", error)


def _version(post: Post, seen: Observation) -> Finding:
    written, found = post.manifest.config_version, seen.snapshot.vault.config_version
    text = f"the rulebook is at version {found}, the manifest at {written}"
    if written == found:
        return good("rulebook", text)
    return warned("rulebook", text, "run make compare, which names every difference")
