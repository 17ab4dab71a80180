"""Chainlink's feeds of today: a network of oracles signs one report, anyone carries it, the chain checks who signed.

KeystoneForwarder holds who may sign, DataFeedsCache what was said last, and consumers read an EACAggregatorProxy. A
report needs one signature more than the faults it tolerates; one that is older than what is known is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from keeper.devnet import accounts, artifacts
from keeper.devnet.book import SignedFeed
from keeper.devnet.chainlink import DEVIATION_BPS, HEARTBEAT
from keeper.devnet.kit import ZERO, Call, Chain, Receipt

DECIMALS = 8
FAULTS = 1
"""How many of the signers may be faulty; a report carries one signature more."""
_NETWORK = 1
_VERSION = 1
_DECIMALS_BYTE = 7
_DECIMALS_BASE = 0x20
"""A data id says its feed's decimals in byte 7: 0x20 is none, 0x28 is eight."""
_WORKFLOW_OWNER = to_checksum_address("0x" + "ab" * 20)
_WORKFLOW_NAME = b"localfeeds"
_CONTEXT = bytes(96)
_RECOVERY = 27
"""What Ethereum adds to a signature's last byte and the forwarder adds itself."""


def furnish(
    chain: Chain, vendor: Path, compiled: Path, assets: Sequence[str]
) -> tuple[dict[str, SignedFeed], dict[str, str]]:
    """Deploy forwarder, cache and a proxy an asset: the feeds, and the shared addresses by name. None has an answer."""
    built = compiled / "chainlink"
    forwarder = chain.new(artifacts.load(built / "KeystoneForwarder.json"))
    cache = chain.new(artifacts.load(built / "DataFeedsCache.json"))
    chain.send(
        forwarder,
        "setConfig(uint32,uint32,uint8,address[])",
        *(_NETWORK, _VERSION, FAULTS, [accounts.signer(name).address for name in accounts.NETWORK]),
    )
    chain.send(cache, "setFeedAdmin(address,bool)", chain.sender, True)
    proxy = artifacts.load(vendor / "chainlink" / "abi" / "v0.6" / "EACAggregatorProxy.json")
    feeds: dict[str, SignedFeed] = {}
    for asset in assets:
        data_id = data_id_of(asset)
        chain.send(
            cache,
            "setDecimalFeedConfigs(bytes16[],string[],(address,address,bytes10)[])",
            *([data_id], [f"{asset} / USD"], [(forwarder, _WORKFLOW_OWNER, _WORKFLOW_NAME)]),
        )
        door = chain.new(proxy, cache, ZERO)
        chain.send(cache, "updateDataIdMappingsForProxies(address[],bytes16[])", [door], [data_id])
        feeds[asset] = SignedFeed(asset, door, "0x" + data_id.hex(), DECIMALS, HEARTBEAT, DEVIATION_BPS)
    return feeds, {"keystone_forwarder": forwarder, "data_feeds_cache": cache}


def data_id_of(asset: str) -> bytes:
    """The 16 bytes that name a feed of this chain; the eighth says that it has eight decimals."""
    data_id = bytearray(keccak(text=asset)[:16])
    data_id[_DECIMALS_BYTE] = _DECIMALS_BASE + DECIMALS
    return bytes(data_id)


def report(
    chain: Chain,
    contracts: Mapping[str, str],
    feeds: Mapping[str, SignedFeed],
    answers: Mapping[str, int],
    *,
    signers: Sequence[str] = accounts.NETWORK[: FAULTS + 1],
    observed_at: int | None = None,
) -> Receipt:
    """Sign one report of `answers` (feed's decimals, by asset), and have the chain's sender carry it in.

    `observed_at` is in Unix seconds, the coming block's time where absent (blocks are one second apart). Raises
    CallReverted where the forwarder refuses the signatures; a report that is too old is carried in and changes nothing.
    """
    now = chain.now()
    at = now + 1 if observed_at is None else observed_at
    return chain.call(
        prepare(contracts, feeds, answers, carrier=chain.sender, observed_at=at, mark=now, signers=signers)
    )


def prepare(
    contracts: Mapping[str, str],
    feeds: Mapping[str, SignedFeed],
    answers: Mapping[str, int],
    *,
    carrier: str,
    observed_at: int,
    mark: int,
    signers: Sequence[str] = accounts.NETWORK[: FAULTS + 1],
) -> Call:
    """The transaction by which `carrier` brings a signed report in; `mark` tells equal reports apart."""
    at = observed_at
    rows = [(bytes.fromhex(feeds[asset].data_id[2:]).ljust(32, b"\0"), at, answer) for asset, answer in answers.items()]
    body = encode(["(bytes32,uint32,uint224)[]"], [rows])
    metadata = (
        b"\x01",
        keccak(body + mark.to_bytes(8, "big")),
        *(number.to_bytes(4, "big") for number in (at, _NETWORK, _VERSION)),
        keccak(text="local feeds"),
        _WORKFLOW_NAME,
        bytes.fromhex(_WORKFLOW_OWNER[2:]),
        b"\x00\x01",
    )
    raw = b"".join(metadata) + body
    digest = keccak(keccak(raw) + _CONTEXT)
    signatures = [_signature(name, digest) for name in signers]
    return Call(
        carrier,
        contracts["keystone_forwarder"],
        "report(address,bytes,bytes,bytes[])",
        (contracts["data_feeds_cache"], raw, _CONTEXT, signatures),
    )


def _signature(name: str, digest: bytes) -> bytes:
    signed = accounts.sign(name, digest)
    return signed.r.to_bytes(32, "big") + signed.s.to_bytes(32, "big") + bytes([signed.v - _RECOVERY])
