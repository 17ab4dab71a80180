"""`make bounds`: the most a stolen key can cost, computed from a deployment's TOML. Nothing is asked of any chain.

Shares of NAV, 1e18 = 100 %, rounded up. A published figure F over a window W is half a bucket's capacity and half what
leaks in W, so an episode of t seconds costs at most F/2 + F/2 · t/W; the tighter of day and month counts. With loss L,
turnover T, harvest sales H of such an episode, δ what each of a trade's two feeds is off the market, and δr what a
reward's are (contracts/SPEC.md, "Budgets and published bounds"):

by the oracle  L + H·slip of the reward's route          truly  L + T·2δ + H·(slip of the reward's route + δr + δ)
a flatten      slip of the widest exit + 2δ of what it sells; a guardian's, left alone for an hour: emergency + 2δ
both keys      the sum: a halted vault is steered by nobody
one feed       a lie beyond the spread is dropped, or there is no price; one within it moves a price by at most the
               spread, on one side of a trade: T·spread more than the keeper's, and nothing without the keeper's key
one RPC        what it shows may steer the honest keeper, inside the vault's checks: the keeper's bound, no flatten
the owner's    none but the payout's delay, in which a guardian can cancel; trades down to the floors have no budget

Exit codes: 0 done · 2 the TOML or the command is wrong.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keeper.config.deployment import DeploymentFile, load_deployment
from keeper.errors import UsageError
from keeper.exit_codes import ExitCode
from keeper.units import BPS, SHARE_PER_BPS, Bps, Share18, bps_up, format_units, mul_div_up, share_from_bps
from scripts.front import answer

FEED_ERROR = Bps(50)
"""δ: how far a feed may be off the market; an assumption. Real ETH/USD rounds step by 19 bp in the median, p99 85."""
REWARD_FEED_ERROR = Bps(100)
"""δr: the same of a reward's feeds, which are of smaller markets: LINK's stood 64 bp off in the demo's five days."""
HOUR = 3_600
DAY_HOURS, MONTH_HOURS = 24, 24 * 30
_DAY, _MONTH = DAY_HOURS * HOUR, MONTH_HOURS * HOUR
SCHEMA = "ballast.bounds/1"


@dataclass(frozen=True, slots=True)
class Episode:
    """What a stolen keeper key can cost within `hours`; `oracle` and `true` have the harvests' part in them."""

    hours: int
    oracle: Share18
    true: Share18
    harvest_oracle: Share18
    harvest_true: Share18


@dataclass(frozen=True, slots=True)
class Bounds:
    """Shares of NAV; the flattens' are shares of what is sold. `delta` is the assumption, for each of two feeds.

    `loss`, `turnover` and `harvest` are figures of a day and of a month; a harvest has one of a day alone.
    `delta_reward` is assumed of a reward's feeds. `payout_delay`: seconds before an owner's key names another payout.
    """

    delta: Bps
    delta_reward: Bps
    loss: tuple[Bps, Bps]
    turnover: tuple[Bps, Bps]
    harvest: Bps
    reward_slip: Bps
    spread: Bps
    payout_delay: int
    flatten_once: Share18
    guardian_at_once: Share18
    guardian_after_hour: Share18

    def episode(self, hours: int) -> Episode:
        """The bound of an episode of so many whole hours. UsageError below 0."""
        if hours < 0:
            raise UsageError(f"an episode of {hours} hours", remedy="say 0 or more")
        seconds = hours * HOUR
        loss, turnover = _tighter(self.loss, seconds), _tighter(self.turnover, seconds)
        sold = _within(self.harvest, _DAY, seconds)
        by_oracle = mul_div_up(sold, self.reward_slip, BPS)
        truly = mul_div_up(sold, self.reward_slip + self.delta_reward + self.delta, BPS)
        return Episode(
            hours=hours,
            oracle=Share18(loss + by_oracle),
            true=Share18(loss + mul_div_up(turnover, 2 * self.delta, BPS) + truly),
            harvest_oracle=Share18(by_oracle),
            harvest_true=Share18(truly),
        )

    def both(self, hours: int) -> Share18:
        """Keeper's and guardian's key together: the episode, and a flatten that is left alone for an hour."""
        return Share18(self.episode(hours).true + self.guardian_after_hour)

    def one_feed(self, hours: int) -> Share18:
        """Keeper's key and a feed that lies as far as it is believed: one side of the episode's turnover is wrong."""
        turnover = _tighter(self.turnover, hours * HOUR)
        return Share18(self.episode(hours).true + mul_div_up(turnover, self.spread, BPS))

    def one_rpc(self, hours: int) -> Share18:
        """An RPC that lies to the honest keeper: whatever it makes it sign is held to the keeper's own bound."""
        return self.episode(hours).true

    def lines(self, hours: int | None = None) -> list[str]:
        """As printed: what a person who deploys must have read."""
        day, month = self.episode(DAY_HOURS), self.episode(MONTH_HOURS)
        sold = percent(day.harvest_true), percent(month.harvest_true)
        errors = percent(share_from_bps(self.delta)), percent(share_from_bps(self.delta_reward))
        delay = self.payout_delay // HOUR
        told = [
            f"published bounds, each feed at most {errors[0]} off the market, a reward's {errors[1]}, of NAV:",
            f"  stolen keeper key    {percent(day.true)} in any 24 h, {percent(month.true)} in any 30 d",
            f"    by the oracle      {percent(day.oracle)} in any 24 h, {percent(month.oracle)} in any 30 d",
            f"    harvests in it     {sold[0]} in any 24 h, {sold[1]} in any 30 d",
            f"    and, once, a flatten {percent(self.flatten_once)} more of what it sells",
            f"  stolen guardian key  a flatten, once: {percent(self.guardian_at_once)} of what it sells at once,",
            f"                       {percent(self.guardian_after_hour)} if nobody answers for an hour",
            f"  both keys            {percent(self.both(DAY_HOURS))} in any 24 h, a flatten of all included",
            f"  one lying feed       {percent(self.one_feed(DAY_HOURS))} in any 24 h with the keeper's key",
            f"  one lying RPC        {percent(self.one_rpc(DAY_HOURS))} in any 24 h: no more than the keeper's key",
            f"  the owner's key      all, {delay} h after it queues a new payout, unless a guardian cancels that;",
            "                       until then it may trade down to the floors, without a budget",
            "  not bounded: the market inside your ranges, trades missed while halted",
        ]
        if hours is not None:
            found = self.episode(hours)
            told.insert(
                -1, f"  {hours} h of the keeper's  {percent(found.true)}, by the oracle {percent(found.oracle)}"
            )
        return told

    def as_json(self, hours: int | None = None) -> dict[str, object]:
        """One object; shares are text, 1e18 = 100 % of NAV (of what is sold, for flattens)."""
        spans = {"day": DAY_HOURS, "month": MONTH_HOURS} | ({} if hours is None else {"episode": hours})
        return {
            "schema": SCHEMA,
            "delta_bps": self.delta,
            "delta_reward_bps": self.delta_reward,
            "flatten_once": str(self.flatten_once),
            "guardian": {"at_once": str(self.guardian_at_once), "after_hour": str(self.guardian_after_hour)},
            "owner": {"payout_delay_seconds": self.payout_delay},
            **{name: _told(self.episode(span)) | self._others(span) for name, span in spans.items()},
        }

    def _others(self, hours: int) -> dict[str, str]:
        sums = {"both": self.both(hours), "one_feed": self.one_feed(hours), "one_rpc": self.one_rpc(hours)}
        return {name: str(share) for name, share in sums.items()}


def bounds_of(deployment: DeploymentFile, delta: Bps = FEED_ERROR, delta_reward: Bps = REWARD_FEED_ERROR) -> Bounds:
    """The bounds of a deployment. A flatten sells by the routes into safe assets: the widest of their slips counts.

    A reward that no route sells costs nothing: harvests are part of it only where one does.
    """
    limits = deployment.limits
    safe = {asset.symbol for asset in deployment.assets if asset.safe_rank}
    enabled = [route for route in deployment.routes if route.enabled]
    exits = [route.slip_bps for route in enabled if route.claim is None and route.symbols[-1] in safe]
    sales = [route.slip_bps for route in enabled if route.claim is not None and deployment.claims[route.claim].enabled]
    at_once = share_from_bps(Bps(max(exits, default=0) + 2 * delta))
    return Bounds(
        delta=delta,
        delta_reward=delta_reward,
        loss=(limits.loss_day_bps, limits.loss_month_bps),
        turnover=(limits.turnover_day_bps, limits.turnover_month_bps),
        harvest=limits.harvest_cap_bps if sales else Bps(0),
        reward_slip=Bps(max(sales, default=0)),
        spread=limits.spread_bps,
        payout_delay=limits.delay,
        flatten_once=at_once if limits.keeper_may_flatten else Share18(0),
        guardian_at_once=at_once,
        guardian_after_hour=share_from_bps(Bps(max(limits.emergency_bps, *exits, 0) + 2 * delta)),
    )


def percent(share: Share18) -> str:
    """A share as a percentage with two places, rounded up: `0.45 %`."""
    return f"{format_units(bps_up(share), 2, 2)} %"


def _within(figure: Bps, window: int, seconds: int) -> int:
    """What a bucket that publishes `figure` a window lets through in an episode, 1e18 = 100 %, rounded up."""
    return mul_div_up(figure * SHARE_PER_BPS, window + seconds, 2 * window)


def _tighter(figures: tuple[Bps, Bps], seconds: int) -> int:
    return min(_within(figures[0], _DAY, seconds), _within(figures[1], _MONTH, seconds))


def _told(episode: Episode) -> dict[str, object]:
    return {
        "hours": episode.hours,
        "oracle": str(episode.oracle),
        "true": str(episode.true),
        "harvest_oracle": str(episode.harvest_oracle),
        "harvest_true": str(episode.harvest_true),
    }


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bounds", description="the most a stolen key can cost, from a deployment")
    parser.add_argument("--config", type=Path, required=True, help="the deployment's TOML (docs/deploying.md)")
    parser.add_argument("--hours", type=int, help="an episode of so many hours besides")
    parser.add_argument("--delta-bps", type=int, default=FEED_ERROR, help="a feed's assumed error")
    parser.add_argument("--delta-reward-bps", type=int, default=REWARD_FEED_ERROR, help="likewise of a reward's feeds")
    parser.add_argument("--json", action="store_true", help="one object instead of lines")
    return parser.parse_args(words)


def delta_of(bps: int, option: str = "--delta-bps") -> Bps:
    """An assumed error from a command line. UsageError for what is no share."""
    if not 0 <= bps <= BPS:
        raise UsageError(f"{option} {bps} is no share", remedy="say 0 to 10000 bps")
    return Bps(bps)


def run(options: argparse.Namespace) -> ExitCode:
    """The whole command."""
    deltas = delta_of(options.delta_bps), delta_of(options.delta_reward_bps, "--delta-reward-bps")
    found = bounds_of(load_deployment(options.config), *deltas)
    if options.json:
        print(json.dumps(found.as_json(options.hours)))
    else:
        print("\n".join(found.lines(options.hours)))
    return ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(answer(lambda: run(arguments())))
