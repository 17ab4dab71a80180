"""`make owner … record`: the manifest anew, after the rulebook was changed by those who may.

What cannot be changed there (code, immutables, what the deployment stands on) must still be as it was; the manifest of
before stays beside the new one, as NAME.v<version>.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from keeper.config.kinds import ZERO_ADDRESS
from keeper.errors import DiffersError, UsageError
from keeper.manifest import (
    AssetRecord,
    BlockRecord,
    ClaimRecord,
    KeeperRecord,
    Manifest,
    RolesRecord,
    RouteRecord,
)
from keeper.units import Bps
from scripts import facts, foreign
from scripts.facts import snake
from scripts.reading import Reader, Unanswered

_TAKEN = ("token", "decimals", "minBps", "maxBps", "safeRank", "depegBps")
_AS_TEXT = ("dust", "priceLow", "priceHigh")


def recorded_anew(manifest: Manifest, reader: Reader) -> Manifest:
    """The manifest as the chain has it now. Raises UsageError for another oracle, DiffersError where more differs."""
    book = manifest.parts.rulebook.address

    def ask(function: str) -> Any:
        return reader.ask("Rulebook", book, function)

    if str(ask("oracle")) != manifest.parts.oracle.address:
        raise UsageError(
            f"the oracle is {ask('oracle')}, not the manifest's: its sources are not known here",
            remedy="write its parts into the manifest from its own deployment, then record",
        )
    assets = _assets(manifest, reader, ask("assets"))
    listed = {asset.token for asset in assets}
    pending = str(ask("pendingOwner"))
    anew = manifest.model_copy(
        update={
            "block": BlockRecord(number=reader.block, hash=reader.block_hash),
            "assets": assets,
            "rewards": [reward for reward in manifest.rewards if reward.token not in listed],
            "routes": [RouteRecord(index=index, **_row(way, "data")) for index, way in enumerate(ask("routes"))],
            "claims": [
                ClaimRecord(index=index, **_row(claim, "data", "dailyCap")) for index, claim in enumerate(ask("claims"))
            ],
            "limits": {snake(name): value for name, value in ask("limits")._asdict().items()},
            "roles": RolesRecord(
                owner=str(ask("owner")),
                payout=str(ask("payout")),
                guardians=[str(one) for one in ask("guardians")],
                keepers=[KeeperRecord(address=str(one.keeper), expires=one.expires) for one in ask("keepers")],
                pending_owner=None if pending == ZERO_ADDRESS else pending,
            ),
            "config_version": int(ask("configVersion")),
        }
    )
    _hold(anew, reader)
    return anew


def write(path: Path, manifest: Manifest, anew: Manifest) -> Path:
    """Keep the one of before beside it, then replace it whole; returns where the old one is. Raises UsageError."""
    kept = path.with_name(f"{path.stem}.v{manifest.config_version}.json")
    staged = path.with_name(f".{path.name}.new")
    try:
        if not kept.exists():
            kept.write_bytes(path.read_bytes())
        text = json.dumps(anew.model_dump(by_alias=True), indent=2, sort_keys=True) + "\n"
        staged.write_text(text, encoding="utf-8")
        staged.replace(path)
    except OSError as error:
        remedy = f"let this user write into {path.parent}"
        raise UsageError(f"{path} cannot be replaced: {error.strerror}", remedy=remedy) from None
    return kept


def _assets(manifest: Manifest, reader: Reader, listed: Any) -> list[AssetRecord]:
    known = {asset.token: asset for asset in manifest.assets} | {reward.token: reward for reward in manifest.rewards}
    targets = reader.ask("KeeperVault", manifest.parts.vault.address, "state").targetsBps
    records = []
    for index, asset in enumerate(listed):
        before = known.get(asset.token)
        implementation = reader.implementation(asset.token)
        fields = {snake(name): getattr(asset, name) for name in _TAKEN}
        fields |= {snake(name): str(getattr(asset, name)) for name in _AS_TEXT}
        records.append(
            AssetRecord(
                index=index,
                symbol=_symbol(reader, asset.token) if before is None else before.symbol,
                code_hash=reader.code_hash(asset.token) if before is None else before.code_hash,
                target_bps=Bps(targets[index] if index < len(targets) else 0),
                implementation=None if implementation == ZERO_ADDRESS else implementation,
                **fields,
            )
        )
    return records


def _row(struct: Any, *texts: str) -> dict[str, Any]:
    """A struct's fields as a record has them; those named are text there."""
    row = struct._asdict()
    for name in texts:
        row[name] = "0x" + row[name].hex() if isinstance(row[name], bytes) else str(row[name])
    return {snake(name): value for name, value in row.items()}


def _symbol(reader: Reader, token: str) -> str:
    try:
        return str(reader.ask_abi("erc20", foreign.ERC20, token, "symbol"))
    except Unanswered:
        raise UsageError(f"{token} names no symbol", remedy="write it into the manifest by hand") from None


def _hold(anew: Manifest, reader: Reader) -> None:
    found = facts.differences(facts.recorded(anew), facts.found(reader, anew))
    if found:
        raise DiffersError(
            f"{len(found)} facts differ that no change of the rulebook explains",
            remedy="find out who changed them; a frozen asset is recorded when it is unfrozen",
            differences=[str(one) for one in found],
        )
