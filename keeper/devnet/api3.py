"""API3's server: a first-party oracle signs a value with its time, anyone carries it in, a reader proxy shows it.

The reader proxy is made through API3's own factory and answers `latestRoundData` with 18 decimals, so it reads like any
other push feed; its round ids are always 0. A signature of anybody else, or a time not after the last, reverts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from keeper.devnet import accounts, artifacts
from keeper.devnet.book import Beacon
from keeper.devnet.chainlink import DEVIATION_BPS, HEARTBEAT
from keeper.devnet.kit import Call, Chain, Receipt

DECIMALS = 18
_ROLE = "Local chain's server admin"
_APPLICATION = 1
_SIGNED_PREFIX = b"\x19Ethereum Signed Message:\n32"


def furnish(chain: Chain, compiled: Path, assets: Sequence[str]) -> tuple[dict[str, Beacon], dict[str, str]]:
    """Deploy registry, server, extension and factory, and a reader proxy an asset; no beacon has a value yet."""
    server_at, proxies_at = compiled / "api3", compiled / "api3-proxies"
    me = chain.sender
    registry = chain.new(artifacts.load(server_at / "AccessControlRegistry.json"))
    server = chain.new(artifacts.load(server_at / "Api3ServerV1.json"), registry, _ROLE, me)
    extension = chain.new(artifacts.load(server_at / "Api3ServerV1OevExtension.json"), registry, _ROLE, me, server)
    factory = chain.new(artifacts.load(proxies_at / "Api3ReaderProxyV1Factory.json"), me, extension)
    beacons: dict[str, Beacon] = {}
    for asset in assets:
        template = keccak(text=f"{asset}/USD")
        name = f"{asset}/USD".encode().ljust(32, b"\0")
        chain.send(server, "setDapiName(bytes32,bytes32)", name, _beacon_id(template))
        arguments = (name, _APPLICATION, b"")
        signature = "deployApi3ReaderProxyV1(bytes32,uint256,bytes)"
        proxy = to_checksum_address(chain.read(factory, signature, "address", *arguments))
        chain.send(factory, signature, *arguments)
        beacons[asset] = Beacon(asset, proxy, "0x" + template.hex(), DECIMALS, HEARTBEAT, DEVIATION_BPS)
    return beacons, {"api3_server": server, "api3_reader_factory": factory}


def update(
    chain: Chain,
    contracts: Mapping[str, str],
    beacon: Beacon,
    value: int,
    *,
    signer: str = "airnode",
    signed_at: int | None = None,
) -> Receipt:
    """Have `signer` sign a value (18 decimals) as the airnode's, and the chain's sender carry it in.

    `signed_at` is in Unix seconds, the coming block's time where absent. Raises CallReverted where the signature is not
    the airnode's, or where the time is not after the last one's or more than an hour ahead.
    """
    at = chain.now() + 1 if signed_at is None else signed_at
    return chain.call(prepare(contracts, beacon, value, carrier=chain.sender, signed_at=at, signer=signer))


def prepare(
    contracts: Mapping[str, str],
    beacon: Beacon,
    value: int,
    *,
    carrier: str,
    signed_at: int,
    signer: str = "airnode",
) -> Call:
    """The transaction by which `carrier` brings in a value (18 decimals) that `signer` signs as the airnode's."""
    at = signed_at
    template, data = bytes.fromhex(beacon.template[2:]), encode(["int256"], [value])
    said = keccak(template + at.to_bytes(32, "big") + data)
    signature = bytes(accounts.sign(signer, keccak(_SIGNED_PREFIX + said)).signature)
    return Call(
        carrier,
        contracts["api3_server"],
        "updateBeaconWithSignedData(address,bytes32,uint256,bytes,bytes)",
        (accounts.signer("airnode").address, template, at, data, signature),
    )


def _beacon_id(template: bytes) -> bytes:
    return keccak(bytes.fromhex(accounts.signer("airnode").address[2:]) + template)
