"""The tokens: WETH9, USDC on Circle's own code behind its proxy, stand-ins for WBTC and DAI on it, and LINK."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from keeper.devnet import artifacts
from keeper.devnet.book import Token
from keeper.devnet.kit import MAX, Chain

_USDC_IMPLEMENTATION = "0x43506849D7C04F9138D1A2050bbF3A0c054402dd"


@dataclass(frozen=True, slots=True)
class _Fiat:
    symbol: str
    name: str
    address: str
    decimals: int
    asset: str


WETH = Token("WETH", "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", 18, "ETH")
_FIATS = (
    _Fiat("USDC", "USD Coin", "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", 6, "USDC"),
    _Fiat("WBTC", "Wrapped BTC", "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599", 8, "BTC"),
)
_DAI = _Fiat("DAI", "Dai Stablecoin", "0x6B175474E89094C44Da98b954EedeAC495271d0F", 18, "DAI")
LINK = Token("LINK", "0x514910771AF9Ca656af840dff83E8264EcF986CA", 18, "LINK")


def furnish(chain: Chain, vendor: Path, *, admin: str, lost: str) -> dict[str, Token]:
    """Put the tokens at their mainnet addresses; the chain's sender becomes the minter of USDC and WBTC.

    `admin` holds the proxies (a proxy's admin may not call through it). What the migration to version 2.1 sweeps out of
    the token's own balance, nothing here, would go to `lost`.
    """
    folder = vendor / "usdc" / "artifacts" / "hardhat" / "contracts"
    chain.put(WETH.address, artifacts.load(vendor / "weth" / "build" / "contracts" / "WETH9.json"))
    checker = chain.new(artifacts.load(folder / "util" / "SignatureChecker.sol" / "SignatureChecker.json"))
    fiat = artifacts.load(folder / "v2" / "FiatTokenV2_2.sol" / "FiatTokenV2_2.json")
    chain.put(_USDC_IMPLEMENTATION, fiat, libraries={"SignatureChecker": checker})
    for token in _FIATS:
        _put_fiat(chain, vendor, token, admin=admin, lost=lost)
    return {WETH.symbol: WETH} | {t.symbol: _token(t) for t in _FIATS}


def furnish_added(chain: Chain, vendor: Path, *, admin: str, lost: str) -> dict[str, Token]:
    """What the full set adds, once Circle's code stands: DAI like the other stand-ins, and LINK's own code.

    The chain's sender receives all of LINK and becomes the minter of DAI.
    """
    _put_fiat(chain, vendor, _DAI, admin=admin, lost=lost)
    chain.put(LINK.address, artifacts.load(vendor / "link" / "abi" / "v0.4" / "LinkToken.json"))
    return {_DAI.symbol: _token(_DAI), LINK.symbol: LINK}


def _token(fiat: _Fiat) -> Token:
    return Token(fiat.symbol, fiat.address, fiat.decimals, fiat.asset)


def _put_fiat(chain: Chain, vendor: Path, token: _Fiat, *, admin: str, lost: str) -> None:
    folder = vendor / "usdc" / "artifacts" / "hardhat" / "contracts"
    proxy = artifacts.load(folder / "v1" / "FiatTokenProxy.sol" / "FiatTokenProxy.json")
    me = chain.sender
    at = chain.put(token.address, proxy, _USDC_IMPLEMENTATION)
    chain.send(at, "changeAdmin(address)", admin)
    chain.send(
        at,
        "initialize(string,string,string,uint8,address,address,address,address)",
        *(token.name, token.symbol, "USD", token.decimals, me, me, me, me),
    )
    chain.send(at, "initializeV2(string)", token.name)
    chain.send(at, "initializeV2_1(address)", lost)
    chain.send(at, "initializeV2_2(address[],string)", [], token.symbol)
    chain.send(at, "configureMinter(address,uint256)", me, 2**255)


def grant(chain: Chain, token: Token, to: str, amount: int) -> None:
    """Give `amount` base units: WETH wrapped from the receiver's own ETH, LINK from the sender's, others minted."""
    if token.symbol == WETH.symbol:
        chain.send(token.address, "deposit()", sender=to, value=amount)
    elif token.symbol == LINK.symbol:
        chain.send(token.address, "transfer(address,uint256)", to, amount)
    else:
        chain.send(token.address, "mint(address,uint256)", to, amount)


def approve(chain: Chain, token: Token, holder: str, spender: str) -> None:
    """An allowance without limit from `holder`."""
    chain.send(token.address, "approve(address,uint256)", spender, MAX, sender=holder)


def balance(chain: Chain, token: Token, holder: str) -> int:
    """Base units that `holder` has."""
    return int(chain.read(token.address, "balanceOf(address)", "uint256", holder))
