"""One checked trade beside the raw swap it makes: the same amount, the same pool, the same state before."""

from __future__ import annotations

from keeper.chain import lens, vault
from keeper.chain.rpc import Rpc
from keeper.config import load_profile
from keeper.devnet import tokens, uniswap
from keeper.model import Order, Terms
from keeper.units import Timestamp, TokenUnits
from tests.benchmarks.figures import Figure
from tests.benchmarks.scene import Scene

WETH, USDC, FEE = 0, 2, 500


def measure(scene: Scene) -> dict[str, Figure]:
    """Gas of a rebalance over the pool direct and over the router, beside SwapRouter02 alone."""
    routes = {
        ("pool", "router")[place]: route.index
        for place, route in enumerate(
            route for route in scene.deployed.manifest.routes if (route.asset_in, route.asset_out) == (WETH, USDC)
        )
    }
    sold = {door: _rebalance(scene, index) for door, index in routes.items()}
    note = "vault.rebalance over the {door}, beside SwapRouter02.exactInputSingle of the same amount on the same pool"
    return {
        f"gas_{door}": Figure(gas, "gas", _raw(scene, amount), note.format(door=door))
        for door, (gas, amount) in sold.items()
    }


def _rebalance(scene: Scene, route: int) -> tuple[int, int]:
    """Gas, and the WETH sold."""
    deployed, keeper = scene.deployed, scene.deployed.book.address("keeper")
    with scene.undone(drifted=True):
        rpc = Rpc(deployed.url, load_profile("anvil"))
        before = lens.observe(rpc, deployed.manifest, keeper).snapshot
        terms = Terms(
            before.vault.epoch,
            before.vault.config_version,
            Timestamp(before.block.timestamp + 600),
            "0x" + "d1" * 32,
        )
        data = vault.rebalance([Order(route, TokenUnits(10**20), TokenUnits(0))], terms)
        receipt = scene.node.transact(deployed.vault, data, sender=keeper)
        after = lens.observe(rpc, deployed.manifest, keeper).snapshot
        return receipt.gas, before.assets[WETH].balance - after.assets[WETH].balance


def _raw(scene: Scene, amount: int) -> int:
    """Gas of the router alone, for a user who holds both tokens and approved before."""
    book = scene.deployed.book
    weth, usdc, router = book.tokens["WETH"], book.tokens["USDC"], book.contracts["swap_router_02"]
    with scene.undone(drifted=True):
        user = book.address("user")
        tokens.approve(scene.node, weth, user, router)
        return uniswap.swap(scene.node, router, weth, usdc, FEE, amount, user).gas
