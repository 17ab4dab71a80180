"""What an owner looks at before signing and afterwards: mode, epoch, roles, weights against targets, at one block."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from keeper.chain import lens
from keeper.chain.rpc import Rpc
from keeper.config.profile import load_profile
from keeper.manifest import Manifest
from keeper.model import Snapshot
from keeper.units import Share18, Usd18, format_share, format_units, format_usd, nearest
from scripts.reading import Reader


@dataclass(frozen=True, slots=True)
class Held:
    """One asset: base units, dollars (18 decimals), its share of NAV (1e18 = 100 %) and its target in bps."""

    symbol: str
    decimals: int
    balance: int
    value: int
    weight: int
    target_bps: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """A vault at one block; `nav` (USD, 18 decimals) is None where a counted asset has no price."""

    block: int
    time: int
    mode: str
    epoch: int
    config_version: int
    nav: int | None
    halted_at: int
    guardians: tuple[str, ...]
    keepers: tuple[str, ...]
    held: tuple[Held, ...]

    def lines(self) -> list[str]:
        """For a person."""
        worth = "unknown" if self.nav is None else format_usd(Usd18(self.nav))
        stands = ", ".join(
            f"{one.symbol} {format_share(nearest(Share18(one.weight)))} of {format_units(one.target_bps, 2, 2)} %"
            for one in self.held
        )
        return [
            f"{self.mode}, epoch {self.epoch}, configuration {self.config_version}, NAV {worth}: {stands}",
            f"keepers {', '.join(self.keepers) or 'none'}; guardians {', '.join(self.guardians) or 'none'}",
        ]

    def as_json(self) -> dict[str, object]:
        """Amounts as text, because they exceed what JSON readers hold exactly."""
        held = [
            asdict(one) | {key: str(getattr(one, key)) for key in ("balance", "value", "weight")} for one in self.held
        ]
        return asdict(self) | {"nav": None if self.nav is None else str(self.nav), "held": held}


def snapshot_of(reader: Reader, manifest: Manifest) -> Snapshot:
    """The vault as the keeper sees it, at the reader's block."""
    rpc = Rpc(reader.network.url, load_profile(manifest.chain.profile), label=f"network {reader.network.label}")
    return lens.observe(rpc, manifest, None, block=reader.block).snapshot


def look(reader: Reader, manifest: Manifest) -> Outlook:
    """The vault at the reader's block."""
    seen = snapshot_of(reader, manifest)
    book = manifest.parts.rulebook.address
    return Outlook(
        block=seen.block.number,
        time=seen.block.timestamp,
        mode=str(seen.vault.mode),
        epoch=seen.vault.epoch,
        config_version=seen.vault.config_version,
        nav=seen.vault.nav,
        halted_at=seen.vault.halted_at,
        guardians=tuple(reader.ask("Rulebook", book, "guardians")),
        keepers=tuple(one.keeper for one in reader.ask("Rulebook", book, "keepers")),
        held=tuple(
            Held(one.symbol, one.decimals, one.balance, one.value, one.weight, one.target_bps) for one in seen.assets
        ),
    )
