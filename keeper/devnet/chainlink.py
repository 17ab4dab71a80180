"""Push feeds: two voices an asset, each an EACAggregatorProxy over a Flux aggregator and three oracles of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from keeper.devnet import artifacts
from keeper.devnet.book import Beacon, SignedFeed, Voice
from keeper.devnet.kit import ZERO, Chain, Read, Receipt

DECIMALS = 8
HEARTBEAT = 3600
"""Seconds after which a voice answers though nothing moved."""
DEVIATION_BPS = 50
MAINNET_PROXIES = {
    "ETH": "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419",
    "BTC": "0xF4030086522a5bEEa4988F8cA5B36dbC97BeE88c",
    "USDC": "0x8fFfFfd4AfB6115b954Bd326cbe7B4BA576818f6",
}
"""Where each asset's first voice stands; the second has an address of this chain's own."""
ADDED_PROXIES = {
    "LINK": "0x2c1d072e956AFFC0D435Cb7AC38EF18d24d9127c",
    "DAI": "0xAed0c38402a5d19df6E4c03F4E2DceD6e29c1ee9",
}
"""The same for the assets that the full set adds."""
ROUND = "uint80,int256,uint256,uint256,uint80"
"""What latestRoundData returns: round id, answer, started at, updated at, answered in round."""
_MIN_SUBMISSIONS = 2
_ROUND_TIMEOUT = 60
"""Seconds after which a round that its oracles left half answered no longer holds up the next."""
_LARGEST = 10**20


@dataclass(frozen=True, slots=True)
class Answer:
    """What a proxy says: round id, answer with the feed's decimals, and when it was updated (Unix seconds)."""

    round_id: int
    answer: int
    updated_at: int


def furnish(
    chain: Chain,
    vendor: Path,
    voices: Sequence[Sequence[str]],
    admin: str,
    proxies: Mapping[str, str] = MAINNET_PROXIES,
) -> dict[str, tuple[Voice, ...]]:
    """Deploy feeds for every asset of `proxies`, one for each group of oracle accounts; none has an answer yet.

    Rounds pay nothing, so no LINK is needed. The first voice stands at mainnet's address.
    """
    folder = vendor / "chainlink" / "abi" / "v0.6"
    flux = artifacts.load(folder / "AccessControlledAggregator.json")
    proxy = artifacts.load(folder / "EACAggregatorProxy.json")
    feeds: dict[str, tuple[Voice, ...]] = {}
    for asset, address in proxies.items():
        found: list[Voice] = []
        for place, oracles in enumerate(voices):
            description = f"{asset} / USD"
            aggregator = chain.new(flux, ZERO, 0, _ROUND_TIMEOUT, ZERO, 1, _LARGEST, DECIMALS, description)
            chain.send(
                aggregator,
                "changeOracles(address[],address[],address[],uint32,uint32,uint32)",
                *([], list(oracles), [admin] * len(oracles), _MIN_SUBMISSIONS, len(oracles), 0),
            )
            arguments = (aggregator, ZERO)
            door = chain.put(address, proxy, *arguments) if place == 0 else chain.new(proxy, *arguments)
            chain.send(aggregator, "addAccess(address)", door)
            found.append(Voice(asset, door, aggregator, tuple(oracles), DECIMALS, HEARTBEAT, DEVIATION_BPS))
        feeds[asset] = tuple(found)
    return feeds


def answer_read(feed: Voice | SignedFeed | Beacon) -> Read:
    """The view call behind `latest`, for reading many at once; feeds of every kind answer it."""
    return Read(feed.proxy, "latestRoundData()", ROUND)


def latest(chain: Chain, feed: Voice | SignedFeed | Beacon) -> Answer:
    """The proxy's latest answer. Raises CallReverted where none was ever given."""
    round_id, answer, _, updated_at, _ = chain.read(feed.proxy, "latestRoundData()", ROUND)
    return Answer(int(round_id), int(answer), int(updated_at))


def submit(chain: Chain, voice: Voice, observations: Sequence[int]) -> list[Receipt]:
    """Each oracle submits its observation (feed's decimals) to the round it may answer; the answer is their median.

    An oracle that answered a round which others left open does not answer it twice, so an interrupted round heals.
    """
    receipts: list[Receipt] = []
    for oracle, value in zip(voice.oracles, observations, strict=True):
        state = chain.read(voice.aggregator, "oracleRoundState(address,uint32)", _ROUND_STATE, oracle, 0)
        may_submit, round_id = state[0], state[1]
        if may_submit:
            receipts.append(chain.send(voice.aggregator, "submit(uint256,int256)", round_id, value, sender=oracle))
    return receipts


_ROUND_STATE = "bool,uint32,int256,uint64,uint64,uint128,uint8,uint128"


def answer_all(chain: Chain, feeds: Mapping[str, Sequence[Voice]], prices: Mapping[str, int]) -> None:
    """Every voice answers the same price, given in USD with 18 decimals."""
    for asset, voices in feeds.items():
        for voice in voices:
            submit(chain, voice, [prices[asset] // 10 ** (18 - voice.decimals)] * len(voice.oracles))
