"""Checks on the state of the vault, the block and the purse: made before anything is simulated."""

from __future__ import annotations

from keeper.guard.facts import Facts, kill_gas
from keeper.guard.verdicts import made
from keeper.model import ActionKind, Check, GuardVerdict, PriceVerdict, VaultMode
from keeper.model.envelope import KEEPER_DEADLINE
from keeper.units import BPS, format_gwei, format_units, mul_div_up, value_of

MIN_VOICES = 2


def mode(facts: Facts) -> Check:
    """Steering wants an ACTIVE vault, a flatten a HALTED one."""
    found = facts.snapshot.vault.mode
    wanted = VaultMode.HALTED if facts.decision.action is ActionKind.FLATTEN else VaultMode.ACTIVE
    return made("mode", found is wanted, f"the vault is {found}, {facts.decision.action} wants it {wanted}")


def mandate(facts: Facts) -> Check:
    """The mandate outlives the deadline: else the transaction could be mined without it."""
    ends, until = facts.snapshot.vault.mandate_expires, facts.terms.deadline
    text = f"the mandate ends at {ends}, the deadline is {until}"
    return made("mandate", ends > until, text, value=ends, limit=until, unit="unix seconds")


def epoch(facts: Facts) -> Check:
    """The terms bear the epoch that was seen."""
    seen, given = facts.snapshot.vault.epoch, facts.terms.epoch
    return made(
        "epoch",
        seen == given,
        f"decided at epoch {given}, the vault is at {seen}",
        value=given,
        limit=seen,
        unit="epoch",
    )


def config_version(facts: Facts) -> Check:
    """The terms bear the configuration that was seen."""
    seen, given = facts.snapshot.vault.config_version, facts.terms.config_version
    text = f"decided at configuration {given}, the rulebook is at {seen}"
    return made("config-version", seen == given, text, value=given, limit=seen, unit="version")


def deadline(facts: Facts) -> Check:
    """The deadline lies ahead, and not further than the vault allows."""
    ahead = facts.terms.deadline - facts.snapshot.block.timestamp
    text = f"the deadline is {ahead} s ahead, allowed are 1 to {KEEPER_DEADLINE} s"
    fits = 0 < ahead <= KEEPER_DEADLINE
    return made("deadline", fits, text, value=ahead, limit=KEEPER_DEADLINE, unit="seconds")


def block_age(facts: Facts) -> Check:
    """The block is of now: neither a stalled head nor a clock that runs wrong."""
    clock, block = facts.clock, facts.snapshot.block
    age = clock.now - block.timestamp
    fits = -clock.max_ahead <= age <= clock.max_age
    text = f"block {block.number} is {age} s old, allowed are -{clock.max_ahead} to {clock.max_age} s"
    return made("block-age", fits, text, value=age, limit=clock.max_age, unit="seconds")


def voices(facts: Facts) -> Check:
    """Every counted asset has at least two voices that are fresh and agree."""
    counts = {asset.index: 0 for asset in facts.snapshot.assets if asset.counted}
    for seen in facts.snapshot.observations:
        if seen.verdict is PriceVerdict.OK and seen.asset in counts:
            counts[seen.asset] += 1
    fewest = min(counts.values(), default=0)
    names = ", ".join(asset.symbol for asset in facts.snapshot.assets if counts.get(asset.index) == fewest)
    text = f"{names or 'no asset'} has {fewest} good voices, {MIN_VOICES} are wanted"
    return made("voices", fewest >= MIN_VOICES, text, value=fewest, limit=MIN_VOICES, unit="voices")


def stage_cap(facts: Facts) -> Check:
    """No order is larger than this keeper may trade. A larger one was never decided by this code: HALT."""
    nav, cap = facts.snapshot.vault.nav or 0, facts.config.stage_cap_bps
    assets = {asset.index: asset for asset in facts.snapshot.assets}
    ways = {route.index: route for route in facts.snapshot.routes}
    largest = 0
    for order in facts.decision.orders:
        sold = assets[ways[order.route].asset_in]
        largest = max(largest, value_of(order.max_in, sold.price, sold.decimals) if sold.price else 0)
    share = mul_div_up(largest, BPS, nav) if nav else BPS
    text = f"the largest order is {share} bps of NAV, the stage cap {cap}"
    return made("stage-cap", share <= cap, text, GuardVerdict.HALT, value=share, limit=cap, unit="bps")


def harvest_cooldown(facts: Facts) -> Check:
    """The vault's own pause after a harvest is over."""
    ready, now = facts.snapshot.vault.next_harvest_at, facts.snapshot.block.timestamp
    text = f"the vault takes a harvest from {ready} on, the block is of {now}"
    return made("harvest-cooldown", now >= ready, text, value=now, limit=ready, unit="unix seconds")


def own_nonce(facts: Facts) -> Check:
    """Nothing else of this signer is on its way: the journal has no unfinished intent, so it would not be ours."""
    found = facts.gas.pending
    text = f"{found} transactions of the signer wait for a block, none of them from this journal"
    return made("own-nonce", found == 0, text, value=found, limit=0, unit="transactions")


def gas_ceiling(facts: Facts) -> Check:
    """A bid fits under the ceilings of keeper and vault. It waits for cheaper gas, and that is normal."""
    gas = facts.gas
    fits = gas.bid is not None and gas.bid <= gas.ceiling
    text = gas.why or f"gas costs {format_gwei(gas.expected)}, the ceiling is {format_gwei(gas.ceiling)}"
    return made("gas-ceiling", fits, text, value=gas.bid or gas.expected, limit=gas.ceiling, unit="wei a unit of gas")


def gas_money(facts: Facts) -> Check:
    """The balance pays for this transaction at its bid, and for one kill after it."""
    gas = facts.gas
    price = gas.expected if gas.bid is None else gas.bid
    wanted = (gas.limit + kill_gas(facts.snapshot)) * price
    text = (
        f"the signer has {format_units(gas.balance, 18, 6)} of the chain's coin, this and one kill after it may take "
    )
    text += format_units(wanted, 18, 6)
    return made("gas-money", gas.balance >= wanted, text, value=gas.balance, limit=wanted, unit="wei")


def gas_money_of_exit(facts: Facts) -> Check:
    """An exit spends all there is: the balance pays for it at its bid."""
    gas = facts.gas
    wanted = gas.limit * (gas.expected if gas.bid is None else gas.bid)
    text = f"the signer has {format_units(gas.balance, 18, 6)} of the chain's coin, this may take "
    text += format_units(wanted, 18, 6)
    return made("gas-money", gas.balance >= wanted, text, value=gas.balance, limit=wanted, unit="wei")
