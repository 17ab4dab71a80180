"""`make deposit`: into a vault: wrap the chain's own coin, transfer listed tokens, enter listed shares. Nothing else.

From a key (`--from`), or from a Safe (`--safe`): then its owners get a batch for their Transaction Builder, tried on a
fork, and nothing is executed. The chain is held against the manifest first, and every transfer rehearsed; `--dry-run`
stops there. stdout is the vault's balances before and after, with `--safe` the Safe's too, and the batch's path.

Exit codes: 0 done · 2 the command is wrong · 5 a transaction reverted · 6 not that chain, or none · 7 key · 9 the chain
is not as the manifest says.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from pathlib import Path

from eth_utils.address import is_address, to_checksum_address

from keeper.devnet.calls import encode_call
from keeper.errors import DiffersError, UsageError
from keeper.exit_codes import ExitCode
from keeper.manifest import AssetRecord, Manifest, check_chain, load_manifest
from keeper.units import TokenUnits, format_units
from scripts import foreign, keys, networks, safe, stage
from scripts.compare import compare
from scripts.front import answer, say
from scripts.reading import Reader
from scripts.sending import Hand, KeyHand

COIN_DECIMALS = 18
WRAPPED = "WETH"
"""The listed asset that the chain's own coin becomes."""
_EXACT = Context(prec=100, traps=[InvalidOperation, Inexact])
"""More digits than 256 bits have: what would be rounded is refused."""


@dataclass(frozen=True, slots=True)
class Gift:
    """So many base units of one listed asset; `wrap` of them are made from the chain's own coin first.

    Where the asset is a share to be entered, `underlying` is what it takes, and the units are that one's.
    """

    asset: AssetRecord
    amount: TokenUnits
    wrap: TokenUnits = TokenUnits(0)
    underlying: AssetRecord | None = None

    @property
    def given(self) -> AssetRecord:
        """The asset that the giver must have."""
        return self.underlying or self.asset


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="deposit", description="deposit listed tokens into a vault")
    parser.add_argument("--network", required=True, help="devnet, devnet:NAME, or one of brownie-networks.yaml")
    parser.add_argument("--manifest", type=Path, required=True, help="deployments/<chainid>/<name>.json")
    giver = parser.add_mutually_exclusive_group(required=True)
    giver.add_argument("--from", dest="key", help="key: NAME of make account, PATH, or role:NAME")
    giver.add_argument("--safe", metavar="ADDRESS", help="write a batch for this Safe's owners instead of sending")
    parser.add_argument("--out", type=Path, help="where the batch goes; beside the manifest where absent")
    parser.add_argument("--password", help="where its password is: file:PATH, env:NAME; asked for where absent")
    parser.add_argument("--wrap", metavar="ETH", help="so much of the chain's own coin, wrapped and deposited")
    parser.add_argument("--token", action="append", default=[], help="a listed symbol; repeat it")
    parser.add_argument("--amount", action="append", default=[], help="of the token named at the same place")
    parser.add_argument(
        "--enter",
        nargs=2,
        action="append",
        default=[],
        metavar=("SHARE", "AMOUNT"),
        help="so much of a listed share's underlying, deposited into the share for the vault; repeat it",
    )
    parser.add_argument("--dry-run", action="store_true", help="rehearse, and send nothing")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    return parser.parse_args(words)


def gifts(
    manifest: Manifest,
    wrap: str | None,
    tokens: Sequence[str],
    amounts: Sequence[str],
    enter: Sequence[Sequence[str]] = (),
) -> list[Gift]:
    """What to deposit, from the words of the command. Raises UsageError for an unlisted token or a bad amount."""
    if len(tokens) != len(amounts):
        raise UsageError(
            f"{len(tokens)} tokens and {len(amounts)} amounts", remedy="give each --token its --amount, in order"
        )
    if wrap is None and not tokens and not enter:
        raise UsageError("nothing to deposit", remedy="say --wrap ETH, or --token SYMBOL --amount NUMBER")
    found = [
        Gift(asset, units(amount, asset.decimals))
        for asset, amount in ((_listed(manifest, token), amount) for token, amount in zip(tokens, amounts, strict=True))
    ]
    if wrap is not None:
        wrapped = units(wrap, COIN_DECIMALS)
        found.insert(0, Gift(_listed(manifest, WRAPPED), wrapped, wrapped))
    for symbol, amount in enter:
        share = _listed(manifest, symbol)
        below = _underlying(manifest, share)
        found.append(Gift(share, units(amount, below.decimals), underlying=below))
    return found


def units(text: str, decimals: int) -> TokenUnits:
    """Whole tokens as decimal text in base units, exactly. Raises UsageError for 0, a sign, or too many places."""
    try:
        with localcontext(_EXACT):
            scaled = Decimal(text).scaleb(decimals)
    except (InvalidOperation, Inexact):
        raise UsageError(f"{text!r} is no amount", remedy="write a number such as 250000 or 0.5") from None
    if not scaled.is_finite() or scaled <= 0 or scaled != scaled.to_integral_value():
        raise UsageError(f"{text} is no amount above 0 with at most {decimals} places", remedy="correct the amount")
    return TokenUnits(int(scaled))


def deposit(reader: Reader, manifest: Manifest, given: Sequence[Gift], hand: Hand, done: str = "deposited") -> None:
    """Wrap, transfer and enter, one transaction after the other; each is told with the word `done`."""
    vault = manifest.parts.vault.address
    for gift in given:
        symbol, token = gift.asset.symbol, gift.asset.token
        if gift.underlying is not None:
            allow = encode_call("approve(address,uint256)", token, gift.amount)
            hand.send(f"allowance for {symbol}", gift.underlying.token, allow)
            hand.send(f"deposit of {symbol}", token, encode_call("deposit(uint256,address)", gift.amount, vault))
            amount = format_units(gift.amount, gift.underlying.decimals, 6)
            say(f"{done} {amount} {gift.underlying.symbol} as {symbol}")
            continue
        if gift.wrap:
            hand.send(f"wrapping into {symbol}", token, encode_call("deposit()"), gift.wrap)
        hand.send(f"deposit of {symbol}", token, _transfer(vault, gift.amount))
        say(f"{done} {format_units(gift.amount, gift.asset.decimals, 6)} {symbol}")
    reader.refresh()


def holdings(reader: Reader, manifest: Manifest, holder: str) -> dict[str, int]:
    """Base units of every listed asset at an address, by symbol."""
    return {
        asset.symbol: int(reader.ask_abi("erc20", foreign.ERC20, asset.token, "balanceOf", holder))
        for asset in manifest.assets
    }


def check(reader: Reader, manifest: Manifest, given: Sequence[Gift], sender: str, *, pays_gas: bool = True) -> None:
    """Before anything is sent: the money is there, and each token would take the transfer. Raises UsageError."""
    held, vault = holdings(reader, manifest, sender), manifest.parts.vault.address
    wrapping = sum(gift.wrap for gift in given)
    coin = reader.balance(sender)
    if wrapping and (coin <= wrapping if pays_gas else coin < wrapping):
        has = format_units(coin, COIN_DECIMALS, 6)
        why = "wrap less: gas is paid from it too" if pays_gas else f"wrap less, or send more to {sender} first"
        raise UsageError(f"{sender} holds {has} of the chain's coin", remedy=why)
    for asset in manifest.assets:
        wanted = sum(gift.amount - gift.wrap for gift in given if gift.given.symbol == asset.symbol)
        if held[asset.symbol] < wanted:
            raise UsageError(
                f"{sender} holds {format_units(held[asset.symbol], asset.decimals, 6)} {asset.symbol}, "
                f"not {format_units(wanted, asset.decimals, 6)}",
                remedy=f"deposit less, or send {asset.symbol} to {sender} first",
            )
        if wanted and not reader.would_succeed(sender, asset.token, _transfer(vault, TokenUnits(wanted))):
            raise UsageError(f"{asset.symbol} refuses the transfer", remedy=f"ask {asset.symbol}'s issuer why")


def run(options: argparse.Namespace) -> ExitCode:
    """The whole command."""
    manifest = load_manifest(options.manifest)
    network = networks.find(options.network)
    reader = Reader(network)
    label = f"network {network.label}"
    check_chain(manifest, options.manifest, label, chain_id=reader.chain_id, genesis=reader.genesis)
    given = gifts(manifest, options.wrap, options.token, options.amount, options.enter)
    _trusted(reader, manifest)
    if options.safe is not None:
        return propose(options, reader, manifest, given)
    if options.out is not None:
        raise UsageError(
            "--out is where a Safe's batch goes, and --from sends", remedy="say --safe, or leave --out out"
        )
    key = keys.open_key(options.key, network, options.password)
    check(reader, manifest, given, key.address)
    _show("before", reader, manifest)
    if options.dry_run:
        say("a rehearsal only: nothing was sent")
        return ExitCode.DONE
    if not options.yes:
        _confirm(manifest)
    deposit(reader, manifest, given, KeyHand(reader, key))
    _show("after", reader, manifest)
    return ExitCode.DONE


def propose(options: argparse.Namespace, reader: Reader, manifest: Manifest, given: Sequence[Gift]) -> ExitCode:
    """`--safe`: the same deposit as a batch for the Safe's owners. What is written is what went well on a fork."""
    if not is_address(options.safe):
        raise UsageError(f"--safe {options.safe} is no address", remedy="name the Safe by its address")
    giver = safe.read(reader, str(to_checksum_address(options.safe)), "--safe")
    check(reader, manifest, given, giver.address, pays_gas=False)
    say(f"rehearsal on a fork of {reader.network.label}, through the Safe's own execTransaction")
    with stage.fork(reader.network) as copy:
        hand = safe.SafeHand(copy, giver)
        _show("before", copy, manifest, giver.address)
        deposit(copy, manifest, given, hand, done="rehearsed:")
        _show("after", copy, manifest, giver.address)
    if options.dry_run:
        say("a rehearsal only: nothing was written")
        return ExitCode.DONE
    path = options.out or options.manifest.with_suffix(".deposit.safe.json")
    text = safe.batch(manifest.chain.id, f"deposit into {manifest.name}", hand.calls, giver.address)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", remedy="name another file with --out") from None
    say(
        f"nothing was executed: load the batch of {len(hand.calls)} into the Transaction Builder of {giver.address};"
        f" {giver.threshold} of its {len(giver.owners)} owners must sign"
    )
    print(path)
    return ExitCode.DONE


def _trusted(reader: Reader, manifest: Manifest) -> None:
    """Money only goes where the manifest still tells the truth, and a Safe has the last word."""
    if manifest.roles.pending_owner is not None:
        raise UsageError(
            f"the Safe {manifest.roles.pending_owner} has not accepted {manifest.name} yet",
            remedy="finish with deploy --accept, and deposit by the final manifest",
        )
    different = compare(manifest, reader)
    if different:
        raise DiffersError(
            f"{len(different)} facts on the chain are not as the manifest says; nothing was sent",
            remedy="find out who changed them before depositing (make compare)",
            differences=[str(difference) for difference in different],
        )


def _listed(manifest: Manifest, symbol: str) -> AssetRecord:
    for asset in manifest.assets:
        if asset.symbol == symbol:
            return asset
    known = ", ".join(asset.symbol for asset in manifest.assets)
    raise UsageError(f"{symbol} is not listed in {manifest.name}", remedy=f"deposit one of {known}")


def _underlying(manifest: Manifest, share: AssetRecord) -> AssetRecord:
    """What a listed share takes. Raises UsageError for an asset that is no share."""
    sources = (part for part in manifest.parts.sources.values() if part.asset == share.symbol)
    below = next((part.immutables["underlying"] for part in sources if part.kind == "erc4626"), None)
    for asset in manifest.assets:
        if asset.token == below:
            return asset
    raise UsageError(f"{share.symbol} is no share", remedy=f"say --token {share.symbol} --amount NUMBER")


def _transfer(vault: str, amount: TokenUnits) -> str:
    return encode_call("transfer(address,uint256)", vault, amount)


def _show(when: str, reader: Reader, manifest: Manifest, *givers: str) -> None:
    for holder in (manifest.parts.vault.address, *givers):
        held = holdings(reader, manifest, holder)
        amounts = (f"{format_units(held[asset.symbol], asset.decimals, 6)} {asset.symbol}" for asset in manifest.assets)
        print(f"{when}: {holder} holds {', '.join(amounts)}")


def _confirm(manifest: Manifest) -> None:
    if not sys.stdin.isatty():
        raise UsageError("nobody is here to be asked", remedy="say --yes, or --dry-run for the rehearsal alone")
    say(f"type {manifest.name} to deposit into it:")
    if sys.stdin.readline().strip() != manifest.name:
        raise UsageError("not confirmed, nothing was sent", remedy=f"type {manifest.name}, or say --yes")


if __name__ == "__main__":
    raise SystemExit(answer(lambda: run(arguments())))
