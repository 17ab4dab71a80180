"""A vault of two tokens with a steered oracle and an obedient venue, deployed as a person would.

The rulebook first, for the address the vault will have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DAY = 86_400
WETH, USDC = 0, 1
WETH_USDC, USDC_WETH = 0, 1
SLIP_BPS = 60
LIMITS = (100, 25, 25, 1000, 5, 500, 500, 10, 15, 75, 3000, 20_000, 300, 3600, 3600, 2 * DAY, 0, True)
"""`Limits`, in the order of IRulebook: the specification's defaults."""


@dataclass(frozen=True, slots=True)
class World:
    """What a test may touch."""

    vault: Any
    rulebook: Any
    oracle: Any
    adapter: Any
    weth: Any
    usdc: Any
    owner: Any
    heir: Any
    guardian: Any
    keeper: Any
    payout: Any
    stranger: Any

    def terms(self, **changes: int | str) -> tuple[int, int, int, str]:
        """Terms on the state of now; a field may be changed by name."""
        from brownie import chain

        fields: dict[str, Any] = {
            "epoch": self.vault.state()[2],
            "config_version": self.rulebook.configVersion(),
            "deadline": chain.time() + 600,
            "decision_id": "0x" + "ab" * 32,
        } | changes
        return fields["epoch"], fields["config_version"], fields["deadline"], fields["decision_id"]


def setup_of(world: dict[str, Any], vault: str) -> tuple[Any, ...]:
    """`Setup`, in the order of IRulebook."""
    from brownie import chain

    def asset(token: Any, decimals: int, rank: int, low: int, high: int) -> tuple[Any, ...]:
        return (token, decimals, rank, False, 0, 10_000, 200, 10 ** (decimals - 4), low, high)

    def route(sold: int, bought: int) -> tuple[Any, ...]:
        return (sold, bought, 0, SLIP_BPS, True, world["adapter"], world["venue"], b"")

    assets = [
        asset(world["weth"], 18, 0, 500 * 10**18, 10_000 * 10**18),
        asset(world["usdc"], 6, 1, 5 * 10**17, 15 * 10**17),
    ]
    routes = [route(WETH, USDC), route(USDC, WETH)]
    mandate = (world["keeper"], chain.time() + 30 * DAY)
    who, guardians = (world["owner"], world["payout"], world["oracle"]), [world["guardian"]]
    return (vault, *who, LIMITS, assets, routes, [], guardians, [mandate])


def parts(project: Any) -> dict[str, Any]:
    """Tokens, oracle, adapter and the people, before there is a vault."""
    from brownie import accounts

    by = {"from": accounts[0]}
    oracle = project.SteeredOracle.deploy(by)
    weth, usdc = project.OddToken.deploy("WETH", 18, by), project.OddToken.deploy("USDC", 6, by)
    oracle.set(weth, 2000 * 10**18, by)
    oracle.set(usdc, 10**18, by)
    adapter, venue = project.PricedAdapter.deploy(oracle, by), project.Till.deploy(by)
    names = ("owner", "heir", "guardian", "keeper", "payout", "stranger")
    people = {name: accounts[1 + index] for index, name in enumerate(names)}
    return {"oracle": oracle, "weth": weth, "usdc": usdc, "adapter": adapter, "venue": venue} | people


def deploy(project: Any) -> World:
    """Rulebook, then vault at the address the rulebook names; $1M, 60 % WETH where 50 % is the target."""
    from brownie import accounts

    made = parts(project)
    by = {"from": accounts[0]}
    clerk = project.Clerk.deploy(by)
    setup = setup_of(made, accounts[0].get_deployment_address(accounts[0].nonce + 1))
    rulebook = project.Rulebook.deploy(setup, clerk, by)
    vault = project.KeeperVault.deploy(rulebook, [5000, 5000], by)
    made["weth"].mint(vault, 300 * 10**18, by)
    made["usdc"].mint(vault, 400_000 * 10**6, by)
    del made["venue"]
    return World(vault=vault, rulebook=rulebook, **made)
