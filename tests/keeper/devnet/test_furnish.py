"""What stands on a furnished chain, and that it always stands in the same places."""

from __future__ import annotations

import shutil

import pytest

from keeper.devnet import accounts, chainlink, furnish, local, safe, tokens, uniswap
from keeper.devnet.book import Book
from keeper.devnet.calls import encode_call
from keeper.devnet.faults import CallReverted
from keeper.devnet.kit import Chain

MAINNET = {
    "WETH": "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
    "USDC": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
    "WBTC": "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599",
    "USDC/WETH 500": "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640",
    "USDC/WETH 3000": "0x8ad599c3A0ff1De082011EFDDc58f1908eb6e6D8",
    "WBTC/WETH 3000": "0xCBCdF9626bC03E24f779434178A73a0B4bad62eD",
    "v3_factory": "0x1F98431c8aD98523631AE4a59f267346ea31F984",
    "position_manager": "0xC36442b4a4522E871399CD717aBDD847Ab11FE88",
    "swap_router_02": "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45",
    "quoter_v2": "0x61fFE014bA17989E743c5F6cB21bF9697530B21e",
    "multicall3": "0xcA11bde05977b3631167028862bE2a173976CA11",
    "safe": "0x41675C099F32341bf84BFc5382aF534df5C7461a",
    "safe_l2": "0x29fcB43b46531BcA003ddC8FCB67FFE91900C762",
    "safe_proxy_factory": "0x4e1DCf7AD4e460CfD30791CCC4F9c8a4f820ec67",
    "safe_fallback": "0xfd0732Dc9E303f09fCEf3a7388Ad10A83459Ec99",
    "safe_multi_send": "0x9641d764fc13c8B624c04430C7356C1C7C8102e2",
}
HALF_HOUR = 1800


def test_everything_stands_where_mainnet_has_it_and_has_code(devnet: Book, chain: Chain) -> None:
    found = {symbol: token.address for symbol, token in devnet.tokens.items()}
    found |= {pool.label: pool.address for pool in devnet.pools} | dict(devnet.contracts)
    assert {name: found[name] for name in MAINNET} == MAINNET
    assert {asset: devnet.feeds[asset][0].proxy for asset in devnet.feeds} == chainlink.MAINNET_PROXIES
    everywhere = [*found.values(), devnet.owner_safe.address]
    everywhere += [at for voices in devnet.feeds.values() for voice in voices for at in (voice.proxy, voice.aggregator)]
    assert [at for at in everywhere if len(chain.rpc("eth_getCode", at, "latest")) < 100] == []


def test_two_runs_give_the_same_block_hash(furnished: Book) -> None:
    name = f"{furnished.name}-twin"
    try:
        twin = local.up(name)
    finally:
        local.down(name)
        shutil.rmtree(local.folder_of(name))
    assert (twin.furnished_hash, twin.genesis) == (furnished.furnished_hash, furnished.genesis)
    assert twin.url != furnished.url


def test_both_voices_of_every_asset_answer_the_opening_price_through_their_proxies(devnet: Book, chain: Chain) -> None:
    assert set(devnet.feeds) == {"ETH", "BTC", "USDC"}
    for asset, voices in devnet.feeds.items():
        assert len({voice.aggregator for voice in voices}) == len(voices) == 2
        assert not set(voices[0].oracles) & set(voices[1].oracles)
        for voice in voices:
            said = chainlink.latest(chain, voice)
            assert said.answer == furnish.PRICES[asset] // 10**10
            assert chain.now() - said.updated_at < 60
            assert chain.read(voice.proxy, "decimals()", "uint8") == 8
            assert chain.read(voice.proxy, "aggregator()", "address").lower() == voice.aggregator.lower()
            assert chain.read(voice.proxy, "description()", "string") == f"{asset} / USD"


def test_an_oracle_of_the_other_voice_may_not_submit(devnet: Book, chain: Chain) -> None:
    first, second = devnet.feeds["ETH"]
    with pytest.raises(CallReverted, match="not enabled oracle"):
        chain.send(first.aggregator, "submit(uint256,int256)", 3, 1, sender=second.oracles[0])


def test_the_median_of_three_oracles_is_the_answer(devnet: Book, chain: Chain) -> None:
    voice = devnet.feeds["ETH"][1]
    chainlink.submit(chain, voice, (2_900 * 10**8, 3_100 * 10**8, 2_950 * 10**8))
    assert chainlink.latest(chain, voice).answer == 2_950 * 10**8


def test_every_pool_opens_inside_its_fee_band_and_shows_a_half_hour_average(devnet: Book, chain: Chain) -> None:
    for pool in devnet.pools:
        sqrt_price, tick = uniswap.slot0(chain, pool.address)
        low, high = uniswap.fee_band(pool, devnet.tokens, furnish.PRICES)
        assert low < sqrt_price < high
        then, now = chain.read(pool.address, "observe(uint32[])", "int56[],uint160[]", [HALF_HOUR, 0])[0]
        assert abs((now - then) // HALF_HOUR - tick) <= 1
        assert chain.read(pool.address, "slot0()", uniswap.SLOT0)[4] == uniswap.CARDINALITY


def test_tokens_are_the_real_kinds_and_the_people_are_stocked(devnet: Book, chain: Chain) -> None:
    for symbol, decimals in {"WETH": 18, "USDC": 6, "WBTC": 8}.items():
        token = devnet.tokens[symbol]
        assert chain.read(token.address, "symbol()", "string") == symbol
        assert chain.read(token.address, "decimals()", "uint8") == token.decimals == decimals
        assert tokens.balance(chain, token, devnet.address("user")) > 0
    assert chain.read(devnet.tokens["USDC"].address, "version()", "string") == "2"


def test_the_owner_safe_acts_with_two_of_three_and_not_with_one(devnet: Book, chain: Chain) -> None:
    held = devnet.owner_safe
    assert chain.read(held.address, "getThreshold()", "uint256") == held.threshold == 2
    weth = devnet.tokens["WETH"]
    user, stranger = devnet.address("user"), devnet.address("stranger")
    chain.send(weth.address, "transfer(address,uint256)", held.address, 10**18, sender=user)
    data = encode_call("transfer(address,uint256)", stranger, 10**18)
    safe.execute(chain, held, weth.address, data)
    assert tokens.balance(chain, weth, stranger) == 10**18
    alone = type(held)(held.address, held.owners, threshold=1)
    with pytest.raises(CallReverted, match="GS020"):
        safe.execute(chain, alone, weth.address, data)


def test_a_derived_key_is_the_key_of_the_account_in_the_book(devnet: Book, chain: Chain) -> None:
    listed = [account.lower() for account in chain.rpc("eth_accounts")]
    for role, person in devnet.people.items():
        assert listed[person.index] == person.address.lower() == accounts.account(role).address.lower()
        assert len(accounts.key(role)) == 32
