"""The files of one deployment, below `deployments/<chainid>/`: the manifest, and what stands in for it until then.

NAME.json           the manifest, when the Safe owns the vault
NAME.pending.json   the same before the Safe has accepted, with NAME.safe.json for the Safe's Transaction Builder
NAME.partial.json   what stands of a deployment that broke off; the same command takes it up again
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from keeper.errors import ManifestExists
from keeper.manifest import LOCAL_CHAINS, Manifest, manifest_path, save_manifest


@dataclass(frozen=True, slots=True)
class Papers:
    """Where the files of deployment `name` on chain `chain_id` are, below `root`."""

    root: Path
    chain_id: int
    name: str

    @property
    def manifest(self) -> Path:
        """The final record; on a chain that is not local it is written once."""
        return manifest_path(self.root, self.chain_id, self.name)

    @property
    def pending(self) -> Path:
        """The record while the Safe has still to accept."""
        return self.manifest.with_suffix(".pending.json")

    @property
    def batch(self) -> Path:
        """What the Safe's owners load into its Transaction Builder."""
        return self.manifest.with_suffix(".safe.json")

    @property
    def partial(self) -> Path:
        """What a deployment that broke off left standing."""
        return self.manifest.with_suffix(".partial.json")

    def refuse_a_second(self) -> None:
        """Raises ManifestExists where this deployment was made already, on a chain that is not local."""
        for path in (self.manifest, self.pending):
            if self.chain_id not in LOCAL_CHAINS and path.exists():
                raise ManifestExists(str(path))

    def write_pending(self, manifest: Manifest, batch: str) -> None:
        """The record before the Safe has accepted, and its batch."""
        self.pending.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(manifest.model_dump(by_alias=True), indent=2, sort_keys=True) + "\n"
        for path, content in ((self.pending, text), (self.batch, batch)):
            staged = path.with_name(f".{path.name}.new")
            staged.write_text(content, encoding="utf-8")
            staged.replace(path)

    def write_final(self, manifest: Manifest) -> Path:
        """The manifest; what stood in for it goes."""
        path = save_manifest(manifest, self.root)
        for stand_in in (self.pending, self.batch, self.partial):
            stand_in.unlink(missing_ok=True)
        return path
