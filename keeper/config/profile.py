"""Chain profiles: what the keeper must know of a chain before it asks it anything. One TOML a chain in the package.

A configuration names a profile and may override single keys: `[chain.NAME.override]`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field

from keeper.config.kinds import AddressText, AnyBps
from keeper.config.strict import Strict, validate
from keeper.errors import ConfigInvalid
from keeper.units import GWEI, Wei


class Finality(Strict):
    """When a receipt counts.

    `tag` is the node's word for a block that cannot go, empty where it has none; `depth` counts the receipt's own block
    as 1.
    """

    tag: Literal["finalized", "safe", ""]
    depth: Annotated[int, Field(ge=1, le=1_000)]


class Replacement(Strict):
    """Whether a pending transaction can be replaced, and by how much both fees must rise for it."""

    possible: bool
    min_bump_bps: AnyBps


class ChainProfile(Strict):
    """One chain. Times in milliseconds or seconds as named, gas prices in gwei or wei as named."""

    name: str
    chain_id: Annotated[int, Field(ge=1)]
    local: bool
    """Made on this machine: its manifests are not kept, and its clock may be the chain's own."""
    block_ms: Annotated[int, Field(ge=1)]
    tick_seconds: Annotated[int, Field(ge=1, le=3_600)]
    finality: Finality
    replacement: Replacement
    priority_fee_floor_wei: Annotated[int, Field(ge=0)]
    gas_ceiling_gwei: Annotated[int, Field(ge=1)]
    """The keeper's own ceiling on what it pays for a unit of gas; the vault may have another."""
    l1_fee: Literal["none", "op-stack", "arbitrum"]
    """Where data is also paid for on L1: outside gasUsed × price (op-stack), or inside gas units (arbitrum)."""
    l1_fee_oracle: AddressText | Literal[""] = ""
    """OP stack's GasPriceOracle, which says what a transaction's data costs: asked for harvests alone."""
    sequencer_feed: AddressText | Literal[""]
    """Chainlink's feed of whether the sequencer is up; every push feed of a deployment here must be read with it."""
    block_number: Literal["own", "l1"]
    """What a contract reads as block.number. l1: that of another chain's block, which several blocks here share."""
    base_fee: Literal["eip-1559", "own"]
    """How the next base fee follows from a header: by Ethereum's own numbers, or by a rule that no header tells."""
    reads_at_hash: bool
    """False: reads go by number, with the hash checked before and after."""
    simulate: Literal["v1", "call"]
    """How a transaction is tried before it is signed: eth_simulateV1, or eth_call beside eth_estimateGas."""
    answer_seconds: Annotated[int, Field(ge=1, le=300)] = 10
    """How long a connection, and each wait for bytes of an answer, may take."""
    explorer: str
    private_relay: str
    log_range: Annotated[int, Field(ge=1)]
    """The most blocks one eth_getLogs may span."""

    @property
    def gas_ceiling(self) -> Wei:
        """The ceiling in wei a unit of gas."""
        return Wei(self.gas_ceiling_gwei * GWEI)


def profile_names() -> list[str]:
    """The profiles this package ships, sorted."""
    folder = files("keeper.config") / "profiles"
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def load_profile(name: str, override: Mapping[str, object] | None = None, *, where: str = "profile") -> ChainProfile:
    """The profile `name` with `override` laid over it, key by key and one section deep.

    Raises ConfigInvalid for an unknown profile or a value that does not fit, UnknownKey for a key no profile has.
    """
    if name not in profile_names():
        known = ", ".join(profile_names())
        raise ConfigInvalid(where, f"no chain profile {name}", remedy=f"use one of {known}")
    text = (files("keeper.config") / "profiles" / f"{name}.toml").read_text(encoding="utf-8")
    data: dict[str, object] = tomllib.loads(text)
    for key, value in (override or {}).items():
        below = data.get(key)
        data[key] = {**below, **value} if isinstance(below, dict) and isinstance(value, dict) else value
    return validate(ChainProfile, data, where)
