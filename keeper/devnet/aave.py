"""Aave 3.6: a market of four reserves that is used, LINK incentives on aUSDC, and ERC-4626 wrappers over two aTokens.

Pool, PoolConfigurator, RewardsController and aTokens stand at mainnet's addresses: they are creations of contracts that
do, at the nonces mainnet used. Debt tokens do not, because this version makes one a reserve where mainnet's made two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from keeper.devnet import artifacts
from keeper.devnet.book import Reserve, Token, Voice, Wrapped
from keeper.devnet.kit import MAX, ZERO, Call, Chain

MAINNET = {
    "aave_provider": "0x2f39d218133AFaB8F2B819B1066c7E434Ad94E9e",
    "aave_pool": "0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2",
    "aave_rewards": "0x8164Cc65827dcFe994AB23944CBC90e0aa80bFcb",
}
MAINNET_A_TOKENS = {
    "WETH": "0x4d5F47FA6A74757f35C14fD3a6Ef8E3C9BC514E8",
    "USDC": "0x98C23E9d8f34FEFb1B7BD6a91B7FF122F4e16F5c",
    "WBTC": "0x5Ee5bf7ae06D1Be5997A1A72006FE6C607eC6DE8",
    "DAI": "0x018008bfb33d285247A21d44E50697654f754e63",
}
EMISSION = 5 * 10**15
"""Base units of LINK a second that all holders of aUSDC share."""
EMISSION_SECONDS = 365 * 86_400
_LIBRARIES = ("Supply", "Borrow", "Liquidation", "Pool", "Configurator", "FlashLoan")
"""In the order in which they can be linked."""
_INCENTIVES = keccak(text="INCENTIVES_CONTROLLER")
_VARIABLE = 2
_RESERVE_FACTOR_BPS = 1_000
_PRICE_UNIT = 10**8


@dataclass(frozen=True, slots=True)
class Listing:
    """One reserve: the nonce of mainnet's aToken, whole dollars supplied and borrowed, settings as named below."""

    symbol: str
    a_token_nonce: int
    supplied_usd: int
    borrowed_usd: int
    collateral: tuple[int, int, int]
    rates: tuple[int, int, int, int]


_STABLE_COLLATERAL, _VOLATILE_COLLATERAL = (7500, 7800, 10_450), (8000, 8300, 10_500)
"""Loan to value, liquidation threshold, liquidation bonus, in bps."""
_STABLE_RATES, _VOLATILE_RATES = (9000, 0, 550, 6000), (8000, 0, 300, 8000)
"""Best utilisation, rate at none, slope up to the best, slope beyond, in bps."""
LISTINGS = (
    Listing("WETH", 1, 50_000_000, 20_000_000, _VOLATILE_COLLATERAL, _VOLATILE_RATES),
    Listing("USDC", 10, 50_000_000, 40_000_000, _STABLE_COLLATERAL, _STABLE_RATES),
    Listing("WBTC", 7, 20_000_000, 0, _VOLATILE_COLLATERAL, _VOLATILE_RATES),
    Listing("DAI", 13, 20_000_000, 14_000_000, _STABLE_COLLATERAL, _STABLE_RATES),
)
"""Utilisation 40 % of WETH, 80 % of USDC, 0 of WBTC, 70 % of DAI."""
_WRAPPED = ("USDC", "WETH")


@dataclass(frozen=True, slots=True)
class Market:
    """The market's shared addresses by name, what it lends by symbol, and its ERC-4626 wrappers by symbol."""

    contracts: Mapping[str, str]
    reserves: Mapping[str, Reserve]
    wrapped: Mapping[str, Wrapped]


def furnish(
    chain: Chain, compiled: Path, tokens: Mapping[str, Token], feeds: Mapping[str, tuple[Voice, ...]], treasury: str
) -> Market:
    """Deploy the market and list its reserves, empty: `use` fills them. The chain's sender administers everything."""
    built = _Built(chain, compiled / "aave")
    provider = chain.put(
        MAINNET["aave_provider"], built.artifact("PoolAddressesProvider"), "Local market", chain.sender
    )
    chain.send(provider, "setACLAdmin(address)", chain.sender)
    acl = built.new("ACLManager", provider)
    chain.send(provider, "setACLManager(address)", acl)
    for role in ("PoolAdmin", "AssetListingAdmin", "RiskAdmin", "EmergencyAdmin"):
        chain.send(acl, f"add{role}(address)", chain.sender)
    oracle = _oracle(built, provider, tokens, feeds)
    pool, configurator = _pool(built, provider)
    rewards, emissions = _rewards(built, provider)
    _hold_against_mainnet({"aave_pool": pool, "aave_rewards": rewards})
    data = built.new("AaveProtocolDataProvider", provider)
    chain.send(provider, "setPoolDataProvider(address)", data)
    receipts = (
        built.new("ATokenInstance", pool, rewards, treasury),
        built.new("VariableDebtTokenInstance", pool, rewards),
    )
    reserves = {listing.symbol: _list(chain, pool, configurator, receipts, listing, tokens) for listing in LISTINGS}
    _incentivise(built, rewards, emissions, reserves["USDC"].a_token, tokens["LINK"], feeds["LINK"][0].proxy)
    factory, wrapped = _wrap(built, pool, rewards, tokens)
    contracts = {
        "aave_provider": provider,
        "aave_pool": pool,
        "aave_configurator": configurator,
        "aave_acl": acl,
        "aave_oracle": oracle,
        "aave_rewards": rewards,
        "aave_emissions": emissions,
        "aave_data_provider": data,
        "stata_factory": factory,
    }
    return Market(contracts, reserves, wrapped)


def use(chain: Chain, pool: str, tokens: Mapping[str, Token], prices: Mapping[str, int], maker: str) -> None:
    """Let `maker`, who has approved the pool, supply and borrow what `LISTINGS` says at these USD prices."""
    for listing in LISTINGS:
        supply(chain, pool, tokens[listing.symbol], _worth(listing.supplied_usd, tokens[listing.symbol], prices), maker)
    for listing in LISTINGS:
        if listing.borrowed_usd:
            token = tokens[listing.symbol]
            borrow(chain, pool, token, _worth(listing.borrowed_usd, token, prices), maker)


def supply(chain: Chain, pool: str, token: Token, amount: int, supplier: str) -> None:
    """Supply `amount` base units for `supplier`, who has approved the pool."""
    chain.call(prepare_supply(pool, token, amount, supplier))


def borrow(chain: Chain, pool: str, token: Token, amount: int, borrower: str) -> None:
    """Borrow `amount` base units at the variable rate: how a test makes a reserve scarce."""
    chain.call(prepare_borrow(pool, token, amount, borrower))


def prepare_supply(pool: str, token: Token, amount: int, supplier: str) -> Call:
    """The transaction of `supply`."""
    return Call(supplier, pool, "supply(address,uint256,address,uint16)", (token.address, amount, supplier, 0))


def prepare_borrow(pool: str, token: Token, amount: int, borrower: str) -> Call:
    """The transaction of `borrow`."""
    signature = "borrow(address,uint256,uint256,uint16,address)"
    return Call(borrower, pool, signature, (token.address, amount, _VARIABLE, 0, borrower))


def prepare_repay(pool: str, token: Token, borrower: str) -> Call:
    """The transaction that pays the whole debt back, interest included, as far as `borrower` has approved."""
    signature = "repay(address,uint256,uint256,address)"
    return Call(borrower, pool, signature, (token.address, MAX, _VARIABLE, borrower))


class _Built:
    """The compiled artifacts of one folder, and the deploying of them."""

    def __init__(self, chain: Chain, folder: Path) -> None:
        self.chain = chain
        self._folder = folder

    def artifact(self, name: str) -> artifacts.Artifact:
        return artifacts.load(self._folder / f"{name}.json")

    def new(self, name: str, *arguments: object, libraries: Mapping[str, str] | None = None) -> str:
        return self.chain.new(self.artifact(name), *arguments, libraries=libraries)


def _worth(usd: int, token: Token, prices: Mapping[str, int]) -> int:
    scale: int = 10**token.decimals
    return usd * 10**18 * scale // prices[token.asset]


def _oracle(built: _Built, provider: str, tokens: Mapping[str, Token], feeds: Mapping[str, tuple[Voice, ...]]) -> str:
    listed = [tokens[listing.symbol] for listing in LISTINGS]
    addresses, sources = [token.address for token in listed], [feeds[token.asset][0].proxy for token in listed]
    oracle = built.new("AaveOracle", provider, addresses, sources, ZERO, ZERO, _PRICE_UNIT)
    built.chain.send(provider, "setPriceOracle(address)", oracle)
    return oracle


def _pool(built: _Built, provider: str) -> tuple[str, str]:
    """Pool and configurator: creations of the provider at its nonces 1 and 2."""
    chain = built.chain
    linked: dict[str, str] = {}
    for name in _LIBRARIES:
        linked[f"{name}Logic"] = built.new(f"{name}Logic", libraries=linked)
    strategy = built.new("DefaultReserveInterestRateStrategyV2", provider)
    pool = built.new("PoolInstance", provider, strategy, libraries=linked)
    configurator = built.new("PoolConfiguratorInstance", libraries=linked)
    chain.set_nonce(provider, 1)
    chain.send(provider, "setPoolImpl(address)", pool)
    chain.send(provider, "setPoolConfiguratorImpl(address)", configurator)
    at = [chain.read(provider, getter, "address") for getter in ("getPool()", "getPoolConfigurator()")]
    return to_checksum_address(at[0]), to_checksum_address(at[1])


def _rewards(built: _Built, provider: str) -> tuple[str, str]:
    """RewardsController, the provider's creation at its nonce 3, and the manager of emissions."""
    chain = built.chain
    emissions = built.new("EmissionManager", chain.sender)
    implementation = built.new("RewardsController", emissions)
    chain.send(provider, "setAddressAsProxy(bytes32,address)", _INCENTIVES, implementation)
    rewards = to_checksum_address(chain.read(provider, "getAddress(bytes32)", "address", _INCENTIVES))
    chain.send(emissions, "setRewardsController(address)", rewards)
    return rewards, emissions


def _list(
    chain: Chain,
    pool: str,
    configurator: str,
    receipts: tuple[str, str],
    listing: Listing,
    tokens: Mapping[str, Token],
) -> Reserve:
    """Add one reserve whose aToken is the configurator's creation at mainnet's nonce."""
    symbol, token = listing.symbol, tokens[listing.symbol]
    names = (f"Aave Ethereum {symbol}", f"aEth{symbol}")
    debt_names = (f"Aave Ethereum Variable Debt {symbol}", f"variableDebtEth{symbol}")
    rates = encode(["(uint16,uint32,uint32,uint32)"], [listing.rates])
    chain.set_nonce(configurator, listing.a_token_nonce)
    chain.send(
        configurator,
        "initReserves((address,address,address,string,string,string,string,bytes,bytes)[])",
        [(*receipts, token.address, *names, *debt_names, b"", rates)],
    )
    signature = "configureReserveAsCollateral(address,uint256,uint256,uint256)"
    chain.send(configurator, signature, token.address, *listing.collateral)
    chain.send(configurator, "setReserveBorrowing(address,bool)", token.address, True)
    chain.send(configurator, "setReserveFactor(address,uint256)", token.address, _RESERVE_FACTOR_BPS)
    a_token, debt_token = (
        to_checksum_address(chain.read(pool, f"{getter}(address)", "address", token.address))
        for getter in ("getReserveAToken", "getReserveVariableDebtToken")
    )
    if a_token != MAINNET_A_TOKENS[symbol]:
        raise ValueError(f"a{symbol} came to {a_token}, on mainnet it is {MAINNET_A_TOKENS[symbol]}")
    return Reserve(symbol, a_token, debt_token)


def _incentivise(built: _Built, rewards: str, emissions: str, a_token: str, link: Token, price_feed: str) -> None:
    """Pay LINK to holders of one aToken for a year, pulled from the chain's sender."""
    chain = built.chain
    strategy = built.new("PullRewardsTransferStrategy", rewards, emissions, chain.sender)
    chain.send(link.address, "approve(address,uint256)", strategy, MAX)
    chain.send(emissions, "setEmissionAdmin(address,address)", link.address, chain.sender)
    until = chain.now() + EMISSION_SECONDS
    chain.send(
        emissions,
        "configureAssets((uint88,uint256,uint32,address,address,address,address)[])",
        [(EMISSION, 0, until, a_token, link.address, strategy, price_feed)],
    )


def _wrap(built: _Built, pool: str, rewards: str, tokens: Mapping[str, Token]) -> tuple[str, dict[str, Wrapped]]:
    chain = built.chain
    proxies = built.new("TransparentProxyFactory")
    implementation = built.new("StataTokenV2", pool, rewards)
    factory = built.new("StataTokenFactory", pool, chain.sender, proxies, implementation)
    chain.send(factory, "createStataTokens(address[])", [tokens[symbol].address for symbol in _WRAPPED])
    wrapped: dict[str, Wrapped] = {}
    for symbol in _WRAPPED:
        at = to_checksum_address(chain.read(factory, "getStataToken(address)", "address", tokens[symbol].address))
        chain.send(at, "refreshRewardTokens()")
        name = f"wa{symbol}"
        wrapped[name] = Wrapped(name, at, tokens[symbol].decimals, symbol)
    return factory, wrapped


def _hold_against_mainnet(found: Mapping[str, str]) -> None:
    for name, address in found.items():
        if address != MAINNET[name]:
            raise ValueError(f"{name} came to {address}, on mainnet it is {MAINNET[name]}")
