"""The uptime feed of an L2's sequencer: Chainlink's own contract behind its usual proxy, 0 while up and 1 while down.

On a real L2 a contract of L1 speaks to it through the bridge, which adds a constant to the sender's address. Here that
aliased sender is impersonated, and `say` is what the bridge would deliver.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from eth_utils.address import to_checksum_address

from keeper.devnet import artifacts
from keeper.devnet.kit import ZERO, Chain, Receipt

_ALIAS = 0x1111000000000000000000000000000000001111
_GAS_MONEY = 10**20


def furnish(chain: Chain, vendor: Path, compiled: Path, l1_sender: str) -> dict[str, str]:
    """Deploy the feed, up, for messages from `l1_sender`, and the proxy that consumers read; addresses by name."""
    feed = chain.new(artifacts.load(compiled / "chainlink" / "ZKSyncSequencerUptimeFeed.json"), l1_sender, False)
    proxy = artifacts.load(vendor / "chainlink" / "abi" / "v0.6" / "EACAggregatorProxy.json")
    door = chain.new(proxy, feed, ZERO)
    chain.send(feed, "addAccess(address)", door)
    return {"sequencer_feed": door, "sequencer_aggregator": feed}


def say(chain: Chain, contracts: Mapping[str, str], *, up: bool) -> Receipt:
    """Deliver the sequencer's state as of now; a change begins a new round whose start consumers hold against grace."""
    feed = contracts["sequencer_aggregator"]
    l1_sender = chain.read(feed, "l1Sender()", "address")
    alias = to_checksum_address(((int(l1_sender, 16) + _ALIAS) % 2**160).to_bytes(20, "big"))
    chain.impersonate(alias, _GAS_MONEY)
    return chain.send(feed, "updateStatus(bool,uint64)", not up, chain.now(), sender=alias)
