"""The real vault and rulebook on a node of their own, told to do what the model does, and what they say of it.

Their prices come from a steered oracle and their fills from two adapters that price by it; everything else is the
contracts that ship.
"""

from __future__ import annotations

import http.client
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from keeper.chain.abi import Event, Interface, decode_revert, load
from keeper.devnet import accounts, artifacts, node
from keeper.devnet.calls import encode_call
from keeper.devnet.kit import Chain
from keeper.model import Revert
from keeper.model.envelope import ALL, AssetRule, Claimed, Market, Rules, opening
from scripts.toolchain import TOOLS
from tests.keeper.model import scene
from tests.keeper.model.acts import Act, World
from tests.keeper.model.scene import (
    ADAPTERS,
    CLAIMS,
    DECIMALS,
    IDLE,
    SYMBOLS,
    TARGETS,
    TILL,
    Mandates,
    Shop,
)

OUT = TOOLS / "forge" / "out"
MANDATE, SHORT_MANDATE = 89 * 86_400, 30_000
ACTORS = ("keeper", "standby", "guardian", "owner_1", "stranger")
KINDS = 3
"""Sets of limits: one vault of each."""
MASKS = (ALL, ALL ^ (2**16 - 1) << 168, *(ALL,) * 5)
"""Of the vault's first seven words all is compared but the number of the last route paid, which means nothing later."""
_GAS = 30_000_000
_CLAIM = "0x" + keccak(text="claim()")[:4].hex()
_LEND = 6
"""The mock's trick that leaves an allowance."""


class Line:
    """A connection to the node that is kept; many questions may go in one message."""

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._line = http.client.HTTPConnection(host, int(port), timeout=60)

    def ask(self, *questions: tuple[str, Sequence[Any]]) -> list[dict[str, Any]]:
        """The whole answers, errors too, in the questions' order."""
        body = [
            {"jsonrpc": "2.0", "id": n, "method": method, "params": list(words)}
            for n, (method, words) in enumerate(questions)
        ]
        self._line.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
        answers: list[dict[str, Any]] = json.loads(self._line.getresponse().read())
        return sorted(answers, key=lambda answer: int(answer["id"]))

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def result(self, method: str, *words: Any) -> Any:
        """One answer's result."""
        (answer,) = self.ask((method, words))
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The vault after an act: balances, both views, and the seven words that it keeps besides."""

    balances: tuple[int, ...]
    state: Mapping[str, Any]
    headroom: Mapping[str, Any]
    words: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a transaction: its events, or its revert."""

    events: tuple[Event, ...]
    revert: Revert | None
    time: int


@dataclass(slots=True)
class Twin:
    """One vault with everything around it."""

    line: Line
    addresses: dict[str, str]
    world: World
    vault: Interface = field(default_factory=lambda: load("KeeperVault"))
    rulebook: Interface = field(default_factory=lambda: load("Rulebook"))

    def tell(self, before: World, act: Act) -> None:
        """Bring prices, venues and rewards to where the act wants them."""
        if act.kind == "rescueNative":
            self.line.result("anvil_setBalance", self.addresses["vault"], hex(act.arguments[0]))
        for to, data in (*self._prices(before.market, act.market), *self._settings(before, act)):
            sent = self.line.result("eth_sendTransactionSync", self._fields("deployer", to, data, 2 * 10**9))
            assert int(sent["status"], 16) == 1, f"a setting of the scene reverts: {data[:10]}"

    def _prices(self, before: Market, after: Market) -> Iterator[tuple[str, str]]:
        if before.rates != after.rates:
            yield self.addresses["SHARE"], encode_call("setRate(uint256)", after.rates[scene.SHARE])
        tokens = [*SYMBOLS, *(claim[1] for claim in CLAIMS)]
        was = (*before.prices, *before.rewards)
        pushed = (*before.pushes, *((),) * len(CLAIMS))
        for n, price in enumerate((*after.prices, *after.rewards)):
            pushes = after.pushes[n] if n < len(SYMBOLS) else ()
            if (price, pushes) == (was[n], pushed[n]) or (n >= len(SYMBOLS) and tokens[n] in SYMBOLS):
                continue
            token, oracle = self.addresses[tokens[n]], self.addresses["oracle"]
            if price is None and pushes:
                prices = [*pushes, 2 * max(pushes), 3 * max(pushes)]  # a late push and a TWAP, both too high
                kinds, verdicts = [0] * (len(prices) - 1) + [1], [0] * (len(prices) - 2) + [1, 0]
                yield (
                    oracle,
                    encode_call("setVoices(address,uint128[],uint8[],uint8[])", token, prices, kinds, verdicts),
                )
            else:
                cluster = (price.mid, price.low, price.high) if price else (0, 0, 0)
                yield oracle, encode_call("setVoices(address,uint128[],uint8[],uint8[])", token, [], [], [])
                yield oracle, encode_call("setCluster(address,(uint128,uint128,uint128))", token, cluster)

    def _settings(self, before: World, act: Act) -> Iterator[tuple[str, str]]:
        for adapter, shop in act.shops.shops.items():
            was = before.shops.shops[adapter]
            if shop.skim != was.skim:
                yield adapter, encode_call("setSkim(uint256)", shop.skim)
            if (shop.depth, shop.whole_only) != (was.depth, was.whole_only):
                depth = 2**256 - 1 if shop.depth is None else shop.depth
                yield adapter, encode_call("setDepth(uint256,bool)", depth, shop.whole_only)
            if (shop.deed, shop.much) != (was.deed, was.much):
                yield adapter, encode_call("setDeed(uint8,uint256)", int(shop.deed), shop.much)
            if shop.other != was.other:
                yield adapter, encode_call("setOther(address)", self.addresses[SYMBOLS[shop.other]])
            for asset, (fair, old) in enumerate(zip(shop.fair, was.fair, strict=True)):
                if fair != old:
                    yield adapter, encode_call("setFair(address,uint256)", self.addresses[SYMBOLS[asset]], fair)
        if act.kind == "harvest" and act.arguments[0] < len(CLAIMS):
            target = self.addresses[CLAIMS[act.arguments[0]][0]]
            yield target, encode_call("setDue(uint256)", act.claimed.came)
            frozen = self.addresses["FROZEN"]
            yield target, encode_call("setTrick(uint8,address)", _trick(act.claimed), frozen)

    def do(self, act: Act) -> Said:
        """Send the act at its time; its events, or what it reverts with."""
        to, data = self._call(act)
        fields = self._fields(act.who, to, data, act.gas_price)
        self.line.result("evm_setNextBlockTimestamp", hex(act.now))
        receipt = self.line.result("eth_sendTransactionSync", fields)
        if int(receipt["status"], 16) == 1:
            logs = [log for log in receipt["logs"] if to_checksum_address(log["address"]) == self.addresses["vault"]]
            events = tuple(event for log in logs if (event := self.vault.event(log)) is not None)
            assert len(events) == len(logs), "the vault emits what its ABI does not know"
            return Said(events, None, act.now)
        (answer,) = self.line.ask(("eth_call", (fields, "latest")))
        return Said((), decode_revert(answer["error"].get("data", "0x")), act.now)

    def see(self) -> Seen:
        """The vault at the latest block."""
        vault = self.addresses["vault"]
        held = encode_call("balanceOf(address)", vault)
        calls = [*((self.addresses[symbol], held) for symbol in SYMBOLS)]
        calls += [(vault, self.vault.functions[name].call()) for name in ("state", "headroom")]
        asked: list[tuple[str, Sequence[Any]]] = [
            ("eth_call", ({"to": to, "data": data}, "latest")) for to, data in calls
        ]
        asked += [("eth_getStorageAt", (vault, hex(slot), "latest")) for slot in range(len(MASKS))]
        found = [answer["result"] for answer in self.line.ask(*asked)]
        count = len(SYMBOLS)
        return Seen(
            balances=tuple(int(word, 16) for word in found[:count]),
            state=self.vault.functions["state"].result(found[count]),
            headroom=self.vault.functions["headroom"].result(found[count + 1]),
            words=tuple(int(word, 16) & mask for word, mask in zip(found[count + 2 :], MASKS, strict=True)),
        )

    def _call(self, act: Act) -> tuple[str, str]:
        vault, args = self.vault.functions, act.arguments
        if act.kind == "revokeKeeper":
            return self.addresses["rulebook"], self.rulebook.functions[act.kind].call(self.addresses["standby"])
        if act.kind == "deposit":
            data = encode_call("mint(address,uint256)", self.addresses["vault"], args[1])
            return self.addresses[SYMBOLS[args[0]]], data
        if act.kind == "vanish":
            return self.addresses[SYMBOLS[args[0]]], encode_call(
                "burn(address,uint256)", self.addresses["vault"], args[1]
            )
        if act.kind == "rescueNative":
            return self.addresses["vault"], vault[act.kind].call()
        if act.kind in ("halt", "kill"):
            return self.addresses["vault"], vault[act.kind].call(bytes(32))
        if act.kind == "flatten":
            some = args[0]
            data = vault["flatten()"].call() if some is None else vault["flatten(uint8[])"].call(list(some))
            return self.addresses["vault"], data
        if act.kind == "withdraw":
            return self.addresses["vault"], vault[act.kind].call(self.addresses[SYMBOLS[args[0]]], args[1])
        return self.addresses["vault"], vault[act.kind].call(*(_plain(word) for word in args if word is not None))

    def _fields(self, who: str, to: str, data: str, gas_price: int) -> dict[str, str]:
        sender = self.addresses[who]
        return {"from": sender, "to": to, "data": data, "gas": hex(_GAS), "gasPrice": hex(gas_price)}


def _plain(word: Any) -> Any:
    """An argument as the ABI wants it."""
    if hasattr(word, "decision_id"):
        return (word.epoch, word.config_version, word.deadline, bytes.fromhex(word.decision_id[2:]))
    if hasattr(word, "max_in"):
        return (word.route, word.max_in, word.min_out)
    return [_plain(part) for part in word] if isinstance(word, tuple) else word


def _trick(claimed: Claimed) -> int:
    """What the mock target must do for it: nothing odd, revert, take, give, or leave itself an allowance."""
    if claimed.refusal is not None:
        return 2
    if claimed.allowances:
        return _LEND
    return {(): 0, -1: 4}.get(claimed.beside and claimed.beside[0][1], 5)


# -------------------------------------------------------------------------------------------------------- deploying


@contextmanager
def standing() -> Iterator[list[Twin]]:
    """One vault of each set of limits, on a node that ends with the block."""
    with tempfile.TemporaryDirectory() as folder:
        running = node.start(Path(folder))
        line = Line(running.url)
        try:
            twins = [_deploy(line, running.url, kind) for kind in range(KINDS)]
            now = Chain(running.url, accounts.account("deployer").address).now()
            for twin in twins:
                twin.world = replace(twin.world, now=now)
            yield twins
        finally:
            line.close()
            node.stop(running)


def _artifact(name: str) -> artifacts.Artifact:
    return artifacts.load(next(OUT.glob(f"*.sol/{name}.json")))


def _deploy(line: Line, url: str, kind: int) -> Twin:
    roles = {role: accounts.account(role).address for role in (*ACTORS, "deployer")}
    hand = Chain(url, accounts.account(("deployer", "maker", "trader")[kind]).address)
    hand.begin()
    at = dict(roles)
    at["oracle"] = hand.new(_artifact("SteeredOracle"))
    token = _artifact("OddToken")
    for symbol, decimals in (*zip(SYMBOLS, DECIMALS, strict=True), (scene.LINK, 18), (scene.GEM, 2)):
        at[symbol] = hand.new(token, symbol, decimals)
    at["SHARE"] = hand.new(_artifact("RatedToken"), "SHARE", DECIMALS[scene.SHARE], at["USDC"])
    hand.send(at["SHARE"], "setRate(uint256)", scene.RATE)
    for name in ADAPTERS:
        at[name] = hand.new(_artifact("PricedAdapter"), at["oracle"])
        hand.send(at[name], "setOther(address)", at["FROZEN"])
    at[TILL] = hand.new(_artifact("Till"))
    at[scene.TARGET] = hand.new(_artifact("MockRewards"), at[scene.LINK])
    at[IDLE] = hand.new(_artifact("MockRewards"), at["GRAIN"])
    rules = scene.rules(kind, at)
    now = hand.now()
    ends = {"keeper": now + MANDATE, "standby": now + SHORT_MANDATE}
    clerk = hand.new(_artifact("Clerk"))
    count = int(hand.rpc("eth_getTransactionCount", hand.sender, "latest"), 16)
    at["vault"] = _created(hand.sender, count + 1)
    at["rulebook"] = hand.new(_artifact("Rulebook"), _setup(rules, at, ends), clerk)
    assert hand.new(_artifact("KeeperVault"), at["rulebook"], list(TARGETS)) == at["vault"]
    made = hand.now()
    for symbol, held in zip(SYMBOLS, scene.held(kind), strict=True):
        hand.send(at[symbol], "mint(address,uint256)", at["vault"], held)
    market = scene.opening_market()
    for name, price in zip((*SYMBOLS, scene.LINK, scene.GEM), (*scene.PRICES, 20 * 10**18, 3 * 10**18), strict=True):
        hand.send(at["oracle"], "set(address,uint128)", at[name], price)
    shops = scene.Shops(rules, market, {at[name]: Shop() for name in ADAPTERS})
    state = opening(rules, TARGETS, scene.held(kind), made)
    return Twin(line, at, World(state, rules, market, shops, Mandates(at, ends), hand.now()))


def _band(one: AssetRule) -> tuple[int, ...]:
    return one.depeg_bps, one.dust, one.low, one.high


def _created(sender: str, nonce: int) -> str:
    """The address of a creation by a nonce below 128."""
    return to_checksum_address(keccak(b"\xd6\x94" + bytes.fromhex(sender[2:]) + bytes([nonce]))[12:].hex())


def _setup(rules: Rules, at: dict[str, str], ends: dict[str, int]) -> tuple[Any, ...]:
    limits = tuple(getattr(rules.limits, name) for name in rules.limits.__slots__)
    assets = [
        (one.token, one.decimals, one.safe_rank, one.frozen, one.min_bps, one.max_bps, *_band(one))
        for one in rules.assets
    ]
    routes = [
        (way.asset_in, way.asset_out, way.claim, way.slip_bps, way.enabled, way.adapter, way.venue, b"")
        for way in rules.routes
    ]
    claims = [(one.target, one.reward, one.daily_cap, one.enabled, bytes.fromhex(_CLAIM[2:])) for one in rules.claims]
    keepers = [(at[who], ends[who]) for who in ("keeper", "standby")]
    guardians = [at["guardian"]]
    return (at["vault"], at["owner_1"], at["owner_1"], at["oracle"], limits, assets, routes, claims, guardians, keepers)
