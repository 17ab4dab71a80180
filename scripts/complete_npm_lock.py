"""Adds to package-lock.json the platform packages that a partial registry mirror did not show.

`npm install` behind such a mirror writes a lock without them, and `npm ci` of npm 11 and later then refuses it
("Missing: @foundry-rs/anvil-darwin-amd64@ from lock file").  The entries added here are optional and carry no
integrity: a lock made in full view of the registry has them with their hashes, and is left as it is.

    python scripts/complete_npm_lock.py package-lock.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

CPU = {"amd64": "x64", "arm64": "arm64"}
SCOPE = "@foundry-rs/"


def completed(lock: dict[str, Any]) -> dict[str, Any]:
    """The lock with every optional platform package of Foundry's named; entries already there are not touched."""
    packages = dict(lock["packages"])
    for meta in list(packages.values()):
        for name, version in (meta.get("optionalDependencies") or {}).items():
            key = f"node_modules/{name}"
            if not name.startswith(SCOPE) or key in packages:
                continue
            system, machine = name.removeprefix(SCOPE).split("-")[1:]
            packages[key] = {
                "version": version,
                "cpu": [CPU[machine]],
                "dev": True,
                "license": "MIT OR Apache-2.0",
                "optional": True,
                "os": [system],
            }
    root = {"": packages.pop("")}
    return lock | {"packages": root | dict(sorted(packages.items()))}


def main() -> None:
    path = Path(sys.argv[1])
    path.write_text(json.dumps(completed(json.loads(path.read_text())), indent=2) + "\n")


if __name__ == "__main__":
    main()
