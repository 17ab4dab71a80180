"""The stolen key in the reckoning: its promises, its part of the JSON object, its lines of the summary."""

from __future__ import annotations

from typing import Any

from keeper.units import Share18, Usd18, format_usd
from scripts.story.facts import as_fine_bps
from scripts.story.theft import STEERING, Deed, Exit, Theft

LEAST_PART = 4
"""A thief who takes less than this part of what is published has not tried."""


def attack_promises(theft: Theft) -> list[tuple[bool, str]]:
    """Each promise about the thief: whether it was kept, and the figures."""
    landed = theft.landed
    loss, bound = theft.loss, int(theft.episode.oracle)
    true_loss, true_bound = theft.true_loss, int(theft.episode.true)
    part = loss * 100 // bound if bound else 0
    counts = f"{theft.lossy} lossy rebalances, {landed['retarget']} retargets and {landed['harvest']} harvests"
    exit_ = theft.exit
    lost = f"it lost the owner {_bps(loss)} by the oracle in {theft.episode.hours} h, {part} % of the {_bps(bound)}"
    left = f"its flatten lost {_bps(exit_.true_loss)} of the {format_usd(Usd18(exit_.sold))} it sold"
    return [
        (
            theft.lossy > 0 and landed["retarget"] > 0 and landed["harvest"] > 0,
            f"the thief landed {counts}, one of each is promised",
        ),
        (loss * LEAST_PART >= bound >= loss, f"{lost} published; 25 to 100 % are promised"),
        (true_loss <= true_bound, f"at true prices {_bps(true_loss)}, at most {_bps(true_bound)} are published"),
        (
            0 < exit_.true_loss <= exit_.bound and exit_.loss <= exit_.bound,
            f"{left}, at most {_bps(exit_.bound)} are published",
        ),
    ]


def attack_data(theft: Theft) -> dict[str, Any]:
    """`attack` of the demo's object; docs/demo.md says what each field is."""
    landed, episode = theft.landed, theft.episode
    return {
        "thief": theft.thief,
        "from_block": theft.from_block,
        "to_block": theft.to_block,
        "hours": episode.hours,
        "landed": {kind: landed[kind] for kind in (*STEERING, "halt", "flatten")}
        | {"lossy_rebalance": theft.lossy, "txs": [_deed(deed) for deed in theft.deeds]},
        "loss": str(theft.loss),
        "loss_bps": as_fine_bps(theft.loss),
        "bound": str(episode.oracle),
        "bound_bps": as_fine_bps(episode.oracle),
        "true_loss": str(theft.true_loss),
        "true_loss_bps": as_fine_bps(theft.true_loss),
        "true_bound": str(episode.true),
        "true_bound_bps": as_fine_bps(episode.true),
        "nav": {"before": str(theft.nav_before), "after": str(theft.nav_after), "traded": str(theft.traded)},
        "true_prices": {
            str(step): {asset: str(price) for asset, price in prices.items()}
            for step, prices in theft.true_prices.items()
        },
        "flatten": _exit(theft.exit),
    }


def attack_lines(theft: Theft) -> list[str]:
    """The summary for a person."""
    landed = theft.landed
    counts = ", ".join(f"{landed[kind]} {kind}" for kind in (*STEERING, "halt", "flatten") if landed[kind])
    return [
        "",
        f"  stolen key, {theft.episode.hours} h: {counts}",
        f"    {'':<18}{'lost':>12}{'published':>12}",
        f"    {'by the oracle':<18}{_bps(theft.loss):>12}{_bps(theft.episode.oracle):>12}",
        f"    {'at true prices':<18}{_bps(theft.true_loss):>12}{_bps(theft.episode.true):>12}",
        f"    {'flatten, once':<18}{_bps(theft.exit.true_loss):>12}{_bps(theft.exit.bound):>12}  of what it sold",
    ]


def _deed(deed: Deed) -> dict[str, Any]:
    return {
        "tx": deed.tx,
        "block": deed.block,
        "kind": deed.kind,
        "step": deed.step,
        "loss": str(deed.loss),
        "true_loss_usd": str(deed.true_loss_usd),
    }


def _exit(found: Exit) -> dict[str, Any]:
    return {
        "sold_usd": str(found.sold),
        "bought_usd": str(found.bought),
        "true_sold_usd": str(found.true_sold),
        "true_bought_usd": str(found.true_bought),
        "loss_bps": as_fine_bps(found.loss),
        "true_loss_bps": as_fine_bps(found.true_loss),
        "bound": str(found.bound),
        "bound_bps": as_fine_bps(found.bound),
    }


def _bps(share: int | Share18) -> str:
    return f"{as_fine_bps(share):.2f} bps"
