"""What an action says on chain. The intent itself is made by guard alone."""

from __future__ import annotations

from keeper.chain import vault
from keeper.model import ActionKind, HexBytes, Order, Terms


def calldata(
    action: ActionKind,
    orders: tuple[Order, ...],
    terms: Terms,
    *,
    claim: int | None = None,
    assets: tuple[int, ...] = (),
) -> HexBytes:
    """The vault's calldata: rebalance says orders and terms, harvest its claim too, halt the decision id as its reason,
    flatten the assets it is held to, if any.

    ValueError for an action that this release never sends.
    """
    if action is ActionKind.REBALANCE:
        return vault.rebalance(orders, terms)
    if action is ActionKind.HARVEST and claim is not None:
        return vault.harvest(claim, orders, terms)
    if action is ActionKind.HALT:
        return vault.halt(terms.decision_id)
    if action is ActionKind.FLATTEN:
        return vault.flatten(assets)
    raise ValueError(f"{action} is no transaction of this release")
