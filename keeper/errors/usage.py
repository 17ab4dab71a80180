"""The operator changes the command, the configuration or a file it names."""

from __future__ import annotations

from keeper.errors.kinds import UsageError


class ConfigInvalid(UsageError):
    """A setting does not fit its schema; `where` is its dotted path."""

    code = "config-invalid"

    def __init__(self, where: str, reason: str, *, remedy: str | None = None) -> None:
        super().__init__(
            f"{where}: {reason}", remedy=remedy or f"correct {where} (docs/configuration.md lists every setting)"
        )
        self.where = where
        self.reason = reason


class UnknownKey(ConfigInvalid):
    """A key that no section knows; `nearest` is the known key a typing error most likely meant, if any is near."""

    code = "config-unknown-key"

    def __init__(self, where: str, key: str, nearest: str | None) -> None:
        remedy = (
            f"write {nearest} instead of {key}" if nearest else f"remove {key} (docs/configuration.md lists them all)"
        )
        super().__init__(where, f"unknown key {key}", remedy=remedy)
        self.key = key
        self.nearest = nearest


class WeightsNotWhole(ConfigInvalid):
    """Target weights do not sum to 100 %; `total_bps` is what they sum to, in basis points."""

    code = "config-weights"

    def __init__(self, where: str, total_bps: int) -> None:
        sign = "less" if total_bps > 10_000 else "more"
        super().__init__(
            where,
            f"target weights sum to {total_bps} bps, not to 10000 bps (100 %)",
            remedy=f"give the assets {abs(10_000 - total_bps)} bps {sign} in all",
        )
        self.total_bps = total_bps


class NotInThisRelease(ConfigInvalid):
    """A setting that the schema has and this release cannot honour: refused, never ignored."""

    code = "config-not-in-this-release"

    def __init__(self, where: str, what: str, available: str) -> None:
        super().__init__(where, f"{what} arrives with a later release", remedy=f"use {available}")
        self.what = what
        self.available = available


class SecretMissing(UsageError):
    """A secret's reference leads nowhere; `reference` is the reference, never the value."""

    code = "secret-missing"

    def __init__(self, where: str, reference: str, remedy: str) -> None:
        super().__init__(f"{where}: {reference} holds no secret", remedy=remedy)
        self.where = where
        self.reference = reference


class SecretExposed(UsageError):
    """A secret's file may be read by others than its owner; `mode` is its permission bits."""

    code = "secret-exposed"

    def __init__(self, where: str, path: str, mode: int) -> None:
        super().__init__(f"{where}: {path} has mode {mode:04o}, so others may read it", remedy=f"chmod 600 {path}")
        self.where = where
        self.path = path
        self.mode = mode


class ManifestInvalid(UsageError):
    """A deployment's manifest is absent or does not fit `ballast.manifest/1`."""

    code = "manifest-invalid"

    def __init__(self, path: str, reason: str, *, remedy: str | None = None) -> None:
        super().__init__(f"{path}: {reason}", remedy=remedy or "point at a manifest written by scripts/deploy.py")
        self.path = path
        self.reason = reason


class ManifestExists(ManifestInvalid):
    """A manifest of a chain that is not local is there already: it is a record, so it is never overwritten."""

    code = "manifest-exists"

    def __init__(self, path: str) -> None:
        super().__init__(path, "already written", remedy="choose another name, or move the old manifest away yourself")


class NotACheckout(UsageError):
    """The command needs the project's sources, which an installed wheel does not have."""

    code = "not-a-checkout"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} needs the project's own files", remedy="run in a checkout")
        self.what = what
