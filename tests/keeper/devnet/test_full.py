"""What the full set adds, that it always stands in the same places, and that the quick set in it has not moved."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from keeper.devnet import accounts, api3, chainlink, checkout, local, tokens, uniswap
from keeper.devnet import book as books
from keeper.devnet.book import Book
from keeper.devnet.faults import OtherChain
from keeper.devnet.full import FULL_PRICES, LEFT_OUT, PARTS_ON
from keeper.devnet.kit import Chain
from keeper.errors import UsageError

MAINNET = {
    "DAI": "0x6B175474E89094C44Da98b954EedeAC495271d0F",
    "LINK": "0x514910771AF9Ca656af840dff83E8264EcF986CA",
    "DAI/USDC 100": "0x5777d92f208679DB4b9778590Fa3CAB3aC9e2168",
    "LINK/WETH 3000": "0xa6Cc3C2531FdaA6Ae1A3CA84c2855806728693e8",
    "v2_router_02": "0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D",
    "pair USDC/WETH": "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc",
    "feed LINK": "0x2c1d072e956AFFC0D435Cb7AC38EF18d24d9127c",
    "feed DAI": "0xAed0c38402a5d19df6E4c03F4E2DceD6e29c1ee9",
    "aave_provider": "0x2f39d218133AFaB8F2B819B1066c7E434Ad94E9e",
    "aave_pool": "0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2",
    "aave_configurator": "0x64b761D848206f447Fe2dd461b0c635Ec39EbB27",
    "aave_rewards": "0x8164Cc65827dcFe994AB23944CBC90e0aa80bFcb",
    "aWETH": "0x4d5F47FA6A74757f35C14fD3a6Ef8E3C9BC514E8",
    "aUSDC": "0x98C23E9d8f34FEFb1B7BD6a91B7FF122F4e16F5c",
    "aWBTC": "0x5Ee5bf7ae06D1Be5997A1A72006FE6C607eC6DE8",
    "aDAI": "0x018008bfb33d285247A21d44E50697654f754e63",
    "cow_settlement": "0x9008D19f58AAbD9eD0D60971565AA8510560ab41",
    "cow_authenticator": "0x2c4c28DDBdAc9C5E7055b4C863b72eA0149D8aFE",
}
HALF_HOUR = 1800


def places(book: Book) -> dict[str, str]:
    """Every address of the book by a name of its own."""
    found = {symbol: token.address for symbol, token in book.tokens.items()} | dict(book.contracts)
    found |= {pool.label: pool.address for pool in book.pools}
    found |= {f"pair {pair.token0}/{pair.token1}": pair.address for pair in book.pairs}
    found |= {f"feed {asset}": voices[0].proxy for asset, voices in book.feeds.items()}
    found |= {f"second {asset}": voices[1].proxy for asset, voices in book.feeds.items()}
    found |= {f"signed {asset}": feed.proxy for asset, feed in book.signed.items()}
    found |= {f"api3 {asset}": beacon.proxy for asset, beacon in book.beacons.items()}
    found |= {f"a{symbol}": reserve.a_token for symbol, reserve in book.reserves.items()}
    found |= {f"debt {symbol}": reserve.debt_token for symbol, reserve in book.reserves.items()}
    return found | {symbol: wrapped.address for symbol, wrapped in book.wrapped.items()}


def test_what_the_full_set_adds_stands_where_mainnet_has_it_and_has_code(full: Book, hand: Chain) -> None:
    found = places(full)
    assert {name: found[name] for name in MAINNET} == MAINNET
    assert len(set(found.values())) == len(found)
    assert [name for name, at in found.items() if len(hand.rpc("eth_getCode", at, "latest")) < 100] == []


def test_the_quick_set_stands_in_the_full_one_where_it_stands_alone(furnished: Book, furnished_fully: Book) -> None:
    quick, full = places(furnished), places(furnished_fully)
    assert {name: full[name] for name in quick} == quick
    assert (furnished.full, furnished_fully.full) == (False, True)
    assert furnished_fully.owner_safe == furnished.owner_safe
    assert furnished_fully.left_out == LEFT_OUT[furnished_fully.client]


def test_two_full_runs_give_the_same_block_hash(furnished_fully: Book) -> None:
    name = f"{furnished_fully.name}-twin"
    try:
        twin = local.up(name, full=True, client=furnished_fully.client)
    finally:
        local.down(name)
        shutil.rmtree(local.folder_of(name))
    assert twin.furnished_hash == furnished_fully.furnished_hash
    assert places(twin) == places(furnished_fully)


def test_a_running_quick_chain_is_not_taken_for_a_full_one_nor_replaced(furnished: Book, furnished_fully: Book) -> None:
    with pytest.raises(OtherChain, match="runs with the quick set, not with the full one") as caught:
        local.up(furnished.name, full=True)
    assert caught.value.exit_code == 2
    with pytest.raises(OtherChain, match="runs on anvil, not on ganache"):
        local.up(furnished.name, client="ganache")
    assert local.status(furnished.name).running
    assert local.up(furnished_fully.name, client=furnished_fully.client) == furnished_fully


def test_every_feed_of_every_kind_says_the_opening_price(full: Book, hand: Chain) -> None:
    assert set(full.feeds) == set(full.signed) == set(full.beacons) == set(FULL_PRICES)
    for asset, price in FULL_PRICES.items():
        for feed in (*full.feeds[asset], full.signed[asset], full.beacons[asset]):
            said = chainlink.latest(hand, feed)
            assert said.answer == price // 10 ** (18 - feed.decimals)
            assert hand.now() - said.updated_at < 120
            assert hand.read(feed.proxy, "decimals()", "uint8") == feed.decimals


def test_added_pools_open_inside_their_fee_bands_with_a_half_hour_average(full: Book, hand: Chain) -> None:
    assert len(full.pools) == 5
    for pool in full.pools:
        sqrt_price, tick = uniswap.slot0(hand, pool.address)
        low, high = uniswap.fee_band(pool, full.tokens, FULL_PRICES)
        assert low < sqrt_price < high
        then, now = hand.read(pool.address, "observe(uint32[])", "int56[],uint160[]", [HALF_HOUR, 0])[0]
        assert abs((now - then) // HALF_HOUR - tick) <= 1


@pytest.mark.parametrize(("symbol", "decimals"), [("DAI", 18), ("LINK", 18)])
def test_the_added_tokens_are_held_by_the_people(full: Book, hand: Chain, symbol: str, decimals: int) -> None:
    token = full.tokens[symbol]
    assert hand.read(token.address, "symbol()", "string") == symbol
    assert hand.read(token.address, "decimals()", "uint8") == token.decimals == decimals
    worth = tokens.balance(hand, token, full.address("user")) * FULL_PRICES[token.asset] // 10**36
    assert 4_999_999 <= worth <= 5_000_000


def test_selling_into_the_added_pools_pays_what_their_depth_says(full: Book, hand: Chain) -> None:
    user, router = full.address("user"), full.contracts["swap_router_02"]
    for sell, buy, fee, most_bps in (("DAI", "USDC", 100, 7), ("LINK", "WETH", 3000, 60)):
        sold, bought = full.tokens[sell], full.tokens[buy]
        amount = 100_000 * 10**36 // FULL_PRICES[sold.asset]
        tokens.approve(hand, sold, user, router)
        before = tokens.balance(hand, bought, user)
        uniswap.swap(hand, router, sold, bought, fee, amount, user)
        got = (tokens.balance(hand, bought, user) - before) * FULL_PRICES[bought.asset] // 10**bought.decimals
        cost_bps = (100_000 * 10**18 - got) * 10_000 // (100_000 * 10**18)
        assert fee // 100 <= cost_bps <= most_bps


def test_a_full_book_comes_back_as_it_was_written(tmp_path: Path, furnished_fully: Book) -> None:
    path = tmp_path / "book.json"
    books.save(furnished_fully, path)
    assert books.load(path) == furnished_fully
    document = json.loads(path.read_text())
    document["wrapped"]["waUSDC"].pop("underlying")
    path.write_text(json.dumps(document))
    with pytest.raises(UsageError, match="does not fit"):
        books.load(path)


def test_a_signer_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="no signer"):
        accounts.signer("network_9")


def test_an_api3_value_reads_like_any_push_feed(full: Book, hand: Chain) -> None:
    beacon = full.beacons["ETH"]
    api3.update(hand, full.contracts, beacon, 3_100 * 10**18)
    assert chainlink.latest(hand, beacon).answer == 3_100 * 10**18
    assert chainlink.latest(hand, replace(beacon, proxy=full.signed["ETH"].proxy)).answer == 3_000 * 10**8


def addresses_of(book: Book) -> dict[str, list[str]]:
    """By part, in the words of `PARTS_ON`, where it stands."""
    at = book.contracts
    return {
        "tokens": [token.address for token in book.tokens.values()],
        "Uniswap V3": [at["v3_factory"], at["swap_router_02"], *(pool.address for pool in book.pools)],
        "push feeds": [voice.proxy for voices in book.feeds.values() for voice in voices],
        "Safe": [at["safe_l2"], book.owner_safe.address],
        "Multicall3": [at["multicall3"]],
        "Uniswap V2": [at["v2_router_02"], *(pair.address for pair in book.pairs)],
        "signed reports": [at["keystone_forwarder"], *(feed.proxy for feed in book.signed.values())],
        "API3": [at["api3_server"], *(beacon.proxy for beacon in book.beacons.values())],
        "sequencer feed": [at["sequencer_feed"]],
        "Aave": [at["aave_pool"], *(reserve.a_token for reserve in book.reserves.values())],
        "ERC-4626 wrappers": [wrapped.address for wrapped in book.wrapped.values()],
        "StakingRewards": [at["staking_rewards"]],
        "CoW": [at["cow_settlement"]],
    }


def test_a_client_carries_the_parts_that_it_is_said_to(full: Book, hand: Chain) -> None:
    found = addresses_of(full)
    assert set(found) == set(PARTS_ON[full.client])
    for part, addresses in found.items():
        assert addresses, part
        assert [at for at in addresses if len(hand.rpc("eth_getCode", at, "latest")) < 100] == [], part


def test_the_page_says_what_each_client_carries_and_leaves_out() -> None:
    page = (checkout.root() / "docs" / "devnet.md").read_text()
    order = page.split("### Clients")[1].splitlines()
    rows = {
        cells[1].strip(): [cell.strip() for cell in cells[2:4]]
        for cells in (row.split("|") for row in order if "|" in row)
    }
    assert rows[""] == list(PARTS_ON) == list(LEFT_OUT)
    assert rows["carries"] == [", ".join(parts) for parts in PARTS_ON.values()]
    assert rows["left out"] == ["; ".join(left_out) or "nothing" for left_out in LEFT_OUT.values()]
