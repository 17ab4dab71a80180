"""Checks on what the simulation found, at the prices the vault itself goes by."""

from __future__ import annotations

from keeper.guard.facts import Facts
from keeper.guard.verdicts import made
from keeper.model import REWARD, Check, GuardVerdict, Simulation
from keeper.model.envelope import loss_left, turnover_left
from keeper.units import BPS, Share18, Usd18, format_share, format_units, format_usd, mul_div_up


def succeeds(facts: Facts, found: Simulation) -> Check:
    """The simulation went through; its revert is named where it did not."""
    if found.revert is None:
        return made("simulation", True, f"it takes {found.gas_used} gas", value=found.gas_used, unit="gas")
    arguments = ", ".join(found.revert.args)
    return made("simulation", False, f"{facts.decision.action} reverts with {found.revert.name}({arguments})")


def same_orders(facts: Facts, found: Simulation) -> Check:
    """What was simulated is the decision: clamped, at a higher floor, over a route of the same assets. Else HALT."""
    ways = {route.index: (route.asset_in, route.asset_out) for route in facts.snapshot.routes}
    decided, simulated = facts.decision.orders, found.orders
    same = len(decided) == len(simulated) and all(
        ways[a.route] == ways.get(b.route) and 0 < b.max_in <= a.max_in and a.min_out * b.max_in <= b.min_out * a.max_in
        for a, b in zip(decided, simulated, strict=True)
    )
    text = f"{len(decided)} orders were decided, {len(simulated)} simulated, and they " + (
        "agree" if same else "differ"
    )
    return made("same-orders", same, text, GuardVerdict.HALT)


def same_sales(facts: Facts, found: Simulation) -> Check:
    """What was simulated sells what the decided claim pays, by enabled routes, and no more than decided. Else HALT."""
    ways = {route.index: route for route in facts.snapshot.routes}
    decided, simulated = facts.decision.orders, found.orders
    same = len(decided) == len(simulated) and all(
        b.route in ways
        and ways[b.route].asset_in == REWARD
        and ways[b.route].claim == facts.decision.claim
        and ways[b.route].enabled
        and 0 < b.max_in <= a.max_in
        for a, b in zip(decided, simulated, strict=True)
    )
    text = f"{len(decided)} sales of claim {facts.decision.claim} were decided, {len(simulated)} simulated, and they "
    return made("same-sales", same, text + ("agree" if same else "differ"), GuardVerdict.HALT)


def worth_claiming(facts: Facts, found: Simulation) -> Check:
    """What the sale buys by the simulation's report still exceeds what the decision says it costs."""
    if found.report is None:
        return made("harvest-worth", False, "the simulation brought no report")
    brings, costs = Usd18(max(found.report.nav_after - found.report.nav_before, 0)), facts.decision.cost
    text = f"it brings {format_usd(brings)} and costs {format_usd(costs)}"
    return made("harvest-worth", brings > costs, text, value=brings, limit=costs, unit="usd18")


def drift_falls(_facts: Facts, found: Simulation) -> Check:
    """The portfolio ends nearer to its targets."""
    if found.report is None:
        return made("drift-falls", False, "the simulation brought no report")
    before, after = found.report.drift_before, found.report.drift_after
    text = f"drift goes from {format_share(before)} to {format_share(after)}"
    return made("drift-falls", after < before, text, value=after, limit=before, unit="share18")


def loss_budget(facts: Facts, found: Simulation) -> Check:
    """The loss at the vault's prices fits into what is left of its budgets."""
    if found.report is None:
        return made("loss-budget", False, "the simulation brought no report")
    left = loss_left(facts.snapshot.vault.headroom)
    text = f"the loss is {_fine(found.report.loss)} of NAV, left are {_fine(left)}"
    return made("loss-budget", found.report.loss <= left, text, value=found.report.loss, limit=left, unit="share18")


def turnover_budget(facts: Facts, found: Simulation) -> Check:
    """The turnover fits into what is left of its budgets."""
    if found.report is None:
        return made("turnover-budget", False, "the simulation brought no report")
    turnover, left = found.report.turnover, turnover_left(facts.snapshot.vault.headroom)
    text = f"the turnover is {format_share(turnover)} of NAV, left are {format_share(left)}"
    return made("turnover-budget", turnover <= left, text, value=turnover, limit=left, unit="share18")


def fair_price(facts: Facts, found: Simulation) -> Check:
    """What the vault gives and gets, both at the oracle's prices: the difference stays inside the routes' slip."""
    prices = {asset.index: (asset.price, asset.decimals) for asset in facts.snapshot.assets}
    slips = {route.index: route.slip_bps for route in facts.snapshot.routes}
    given = got = 0
    for delta in found.deltas:
        price, decimals = prices[delta.asset]
        if price is None:
            return made("fair-price", False, f"asset {delta.asset} moves and has no price")
        value = abs(delta.amount) * price // 10**decimals
        given, got = (given + value, got) if delta.amount < 0 else (given, got + value)
    allowed = max((slips.get(order.route, 0) for order in found.orders), default=0)
    short = mul_div_up(max(given - got, 0), BPS, given) if given else 0
    text = f"the trades bring {short} bps less than the oracle's prices, the routes allow {allowed}"
    return made("fair-price", bool(given) and short <= allowed, text, value=short, limit=allowed, unit="bps")


def _fine(share: Share18) -> str:
    """A share of a few basis points, to a hundredth of one."""
    return f"{format_units(share, 16, 4)} %"
