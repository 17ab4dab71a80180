"""Writes keeper/abi/: what the keeper must know of the contracts, as package data, from forge's output.

`python -m scripts.export_abi` writes; `--check` only compares, and exits 1 where a file is not what the sources make.

    NAME.json       a contract's ABI, one entry a line
    VaultLens.json  the shape of what the lens gives (ILens) and the creation code that an eth_call sends
    errors.json     every error's selector and signature
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from scripts.toolchain import ROOT, TOOLS, environ

ABI = ROOT / "keeper" / "abi"
OUT = TOOLS / "forge" / "out"
CONTRACTS = (
    "AggregatorSource",
    "Clerk",
    "Erc4626Adapter",
    "Erc4626Source",
    "KeeperVault",
    "MedianOracle",
    "RoutedShareAdapter",
    "Rulebook",
    "SwapRouter02Adapter",
    "TwapSource",
    "UniswapV2Adapter",
    "V3PoolAdapter",
)
MAX_INITCODE = 49_152
"""EIP-3860: a node refuses longer creation code; the lens's arguments need room beside it."""
ARGUMENTS_ROOM = 2_048
_KEPT = ("type", "name", "inputs", "outputs", "stateMutability", "anonymous", "indexed", "components")


def files() -> dict[str, str]:
    """File name → text of everything in keeper/abi/, as forge's output has it now."""
    abis = {name: _artifact(name)["abi"] for name in CONTRACTS}
    lens = _artifact("VaultLens")
    initcode = str(lens["bytecode"]["object"])
    size = len(initcode) // 2 - 1
    if size > MAX_INITCODE - ARGUMENTS_ROOM:
        raise SystemExit(f"the lens is {size} bytes: make it at most {MAX_INITCODE - ARGUMENTS_ROOM}")
    texts = {f"{name}.json": _document(abi) for name, abi in abis.items()}
    texts["VaultLens.json"] = _document(_artifact("ILens")["abi"], initcode=initcode)
    texts["errors.json"] = json.dumps({"errors": selectors(abis)}, indent=1) + "\n"
    return texts


def selectors(abis: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    """Selector → signature of every error, ordered by signature; two errors that share a selector are refused."""
    found: dict[str, str] = {}
    for abi in abis.values():
        for item in abi:
            if item["type"] != "error":
                continue
            signature = f"{item['name']}({','.join(_type(part) for part in item['inputs'])})"
            selector = "0x" + keccak(text=signature)[:4].hex()
            if found.setdefault(selector, signature) != signature:
                raise SystemExit(f"{found[selector]} and {signature} share {selector}: rename one")
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def differences(folder: Path) -> list[str]:
    """Names of files in `folder` that are missing, differ, or do not belong there."""
    wanted = files()
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def _artifact(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((OUT / f"{name}.sol" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _document(abi: Sequence[Mapping[str, Any]], **more: str) -> str:
    """JSON whose changes read well: one entry a line."""
    lines = ",\n".join("  " + json.dumps(_slim(item), separators=(",", ":")) for item in abi)
    rest = "".join(f",\n {json.dumps(key)}: {json.dumps(value)}" for key, value in more.items())
    return f'{{\n "abi": [\n{lines}\n ]{rest}\n}}\n'


def _slim(item: Mapping[str, Any]) -> dict[str, Any]:
    """Without the compiler's own names of types, which nobody decodes by."""
    slim = {key: item[key] for key in _KEPT if key in item}
    for key in ("inputs", "outputs", "components"):
        if key in slim:
            slim[key] = [_slim(part) for part in slim[key]]
    return slim


def _type(part: Mapping[str, Any]) -> str:
    kind = str(part["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_type(inner) for inner in part['components'])}){kind.removeprefix('tuple')}"


def build() -> None:
    """Brings forge's output up to date with the sources."""
    command = [str(TOOLS / "bin" / "forge"), "build", "--root", str(ROOT), "contracts"]
    done = subprocess.run(command, env=os.environ | environ(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"forge build exited with {done.returncode}:\n{done.stdout}{done.stderr}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes or, with --check, compares. Exit code 0, or 1 where something differs."""
    parser = argparse.ArgumentParser(prog="export_abi", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only")
    check = parser.parse_args(arguments).check
    build()
    changed = differences(ABI)
    if check:
        if changed:
            print(f"keeper/abi differs in {', '.join(changed)}: run python -m scripts.export_abi", file=sys.stderr)
        return 1 if changed else 0
    ABI.mkdir(exist_ok=True)
    wanted = files()
    for name in changed:
        path = ABI / name
        if name in wanted:
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    print(f"keeper/abi: {len(wanted)} files, changed: {', '.join(changed) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
