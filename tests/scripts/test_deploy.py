"""deploy.py: what it refuses and in which words, what it leaves behind at each step, and that a broken one goes on."""

from __future__ import annotations

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from keeper.devnet import accounts
from keeper.manifest import load_manifest
from scripts import artifacts
from scripts.devnet_deployment import render
from scripts.toolchain import ROOT, TOOLS
from tests.deployed import Deployed, deploy_vault, script
from tests.scripts.ground import Ground

OTHER_POOL = "0x8ad599c3A0ff1De082011EFDDc58f1908eb6e6D8"
MISTAKES = {
    "unknown key": ('name = "treasury"', 'name = "treasury"\nnaem = 1', "config-unknown-key", "naem"),
    "weights": ("target_bps = 4000", "target_bps = 3900", "config-weights", "9900 bps"),
    "range": ("min_bps = 2000", "min_bps = 4500", "config-invalid", "outside 4500 to 6000"),
    "profile": ('profile = "anvil"', 'profile = "ethereum"', "wrong-chain-id", "not chain 1"),
    "ceiling": ("[[assets]]", "[limits]\nloss_day_bps = 101\n\n[[assets]]", "config-invalid", "above the ceiling 100"),
    "dead budget": ("[[assets]]", "[limits]\nloss_day_bps = 90\n\n[[assets]]", "config-invalid", "never binds"),
    "decimals": ("decimals = 8", "decimals = 9", "config-invalid", "has 8 decimals, not 9"),
    "no refuge": ("safe_rank = 1", "safe_rank = 0", "config-invalid", "no asset is safe"),
    "no exit": (
        '["WBTC", 3000, "WETH", 500, "USDC"]',
        '["WBTC", 3000, "WETH"]',
        "config-invalid",
        "asset 1 has no enabled route into the first safe asset",
    ),
    "venue": (
        "0xCBCdF9626bC03E24f779434178A73a0B4bad62eD",
        "0x8ad599c3A0ff1De082011EFDDc58f1908eb6e6D8",
        "",
        "TokenNotInPool",
    ),
    "fee": ('["WETH", 500, "USDC"]', '["WETH", 3000, "USDC"]', "config-invalid", "is not the pool WETH/USDC 3000 of"),
}
CODES = {"profile": 6}


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_a_mistake_is_one_line_with_a_remedy_and_sends_nothing(ground: Ground, mistake: str) -> None:
    right, wrong, code, words = MISTAKES[mistake]
    text = render(ground.book)
    assert right in text
    before = ground.sent()
    exit_code, out, err = ground.deploy(text.replace(right, wrong, 1), "--yes")
    assert exit_code == CODES.get(mistake, 2), err
    (line,) = [line for line in err.splitlines() if line.startswith("error[")]
    assert code in line
    assert words in line
    assert "Remedy: " in line
    assert (out, ground.sent()) == ("", before)
    assert not ground.file(".json").exists()
    assert not ground.file(".partial.json").exists()


def test_an_owner_that_is_no_safe_is_refused(ground: Ground) -> None:
    text = render(ground.book).replace(f'owner = "{ground.book.owner_safe.address}"', f'owner = "{stranger()}"')
    exit_code, _, err = ground.deploy(text, "--yes")
    assert exit_code == 2
    assert "is no Safe on this chain" in err


def stranger() -> str:
    return str(accounts.account("stranger").address)


def test_without_yes_nobody_is_asked_where_nobody_is(ground: Ground) -> None:
    before = ground.sent()
    exit_code, _, err = ground.deploy(render(ground.book))
    assert exit_code == 2
    assert "say --yes" in err
    assert ground.sent() == before


def test_a_poor_deployer_is_told_how_much_is_missing(ground: Ground) -> None:
    exit_code, _, err = ground.deploy(render(ground.book), "--dry-run", "--from", "0x" + "77" * 20)
    assert exit_code == 2
    assert "holds 0.000000 of the chain's coin" in err


def test_a_rehearsal_changes_nothing_and_prints_the_bounds(ground: Ground) -> None:
    before = ground.hand.block()["hash"]
    exit_code, out, err = ground.deploy(render(ground.book), "--dry-run")
    assert exit_code == 0, err
    assert "0.45 % in any 24 h, 2.75 % in any 30 d" in err
    assert "everything read back as meant" in err
    assert out == ""
    assert ground.hand.block()["hash"] == before
    assert not (ground.folder / "deployments").exists()


def test_a_deployment_is_owned_by_the_safe_and_recorded(ground: Ground) -> None:
    done = deploy_vault(ground.book, ground.folder, money=False)
    manifest = done.manifest
    assert manifest.roles.owner == ground.book.owner_safe.address
    assert manifest.roles.pending_owner is None
    assert manifest.config_version == 2
    assert manifest.chain.genesis == ground.book.genesis
    assert done.manifest_path == ground.file(".json")
    assert sorted(path.name for path in ground.file(".json").parent.iterdir()) == ["treasury.json"]
    owner = ground.hand.read(done.rulebook, "owner()", "address")
    assert owner == ground.book.owner_safe.address.lower()
    assert manifest.parts.sources["weth_0"].behind == {"feed": ground.book.feeds["ETH"][0].aggregator}


@pytest.fixture
def keystore(ground: Ground) -> tuple[str, ...]:
    """An encrypted key with money, as the words that name it."""
    secret = ground.folder / "secret"
    secret.write_text("correct horse battery\n")
    secret.chmod(0o600)
    made = script("account", "who", "--folder", ground.folder, "--password", f"file:{secret}")
    assert made.returncode == 0, made.stderr
    ground.hand.rpc("anvil_setBalance", made.stdout.strip(), hex(10**18))
    return ("--from", str(ground.folder / "who.json"), "--password", f"file:{secret}")


def test_by_a_live_network_with_a_keystore_and_without_the_safes_keys_it_waits(
    ground: Ground, keystore: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a real chain: RPC_URL, an encrypted key, and a Safe whose owners sign elsewhere."""
    words = ("--network", "rpc", *keystore, "--yes")
    monkeypatch.setenv("RPC_URL", ground.book.url)
    exit_code, out, err = ground.deploy(render(ground.book), *words)
    assert (exit_code, out) == (3, ""), err
    assert ground.book.url not in err
    pending = load_manifest(ground.file(".pending.json"))
    assert pending.roles.owner not in (ground.book.owner_safe.address, ground.book.address("deployer"))
    assert pending.roles.pending_owner == ground.book.owner_safe.address
    batch = json.loads(ground.file(".safe.json").read_text())
    assert batch["transactions"] == [{"to": pending.parts.rulebook.address, "value": "0", "data": "0x79ba5097"}]

    early = script("deposit", "--network", f"devnet:{ground.book.name}", "--manifest", ground.file(".pending.json"),
                   "--from", "role:user", "--wrap", "1", "--yes")  # fmt: skip
    assert early.returncode == 2
    assert "has not accepted" in early.stderr
    exit_code, _, err = ground.deploy(render(ground.book), *words, "--accept")
    assert exit_code == 3, err
    exit_code, out, err = ground.deploy(render(ground.book), "--accept")
    assert exit_code == 0, err
    assert out.strip() == str(ground.file(".json"))
    assert load_manifest(ground.file(".json")).roles.owner == ground.book.owner_safe.address
    assert not ground.file(".pending.json").exists()


class FailingDoor(ThreadingHTTPServer):
    """A node that goes away: hands everything on to `url` until `sends` transactions went through, then closes."""

    def __init__(self, url: str, sends: int) -> None:
        super().__init__(("127.0.0.1", 0), _Hand)
        self.url = url
        self.left = sends


class _Hand(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        door = self.server
        assert isinstance(door, FailingDoor)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if b"eth_sendRawTransaction" in body:
            door.left -= 1
        if door.left < 0:
            self.close_connection = True
            return
        answer = requests.post(door.url, body, headers={"Content-Type": "application/json"}, timeout=30).content
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Quiet."""


def test_a_deployment_that_broke_off_goes_on_from_what_stands(
    ground: Ground, keystore: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node goes away with the rulebook's transaction in hand: eight sources, oracle, two adapters, clerk stand."""
    text = render(ground.book)
    words = ("--network", "rpc", *keystore, "--yes")
    with FailingDoor(ground.book.url, 12) as door:
        threading.Thread(target=door.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{door.server_port}"
        monkeypatch.setenv("RPC_URL", url)
        exit_code, out, err = ground.deploy(text, *words)
        door.shutdown()
    assert (exit_code, out) == (6, ""), err
    assert "look that transaction up before anything is sent again" in err
    assert url not in err
    standing = json.loads(ground.file(".partial.json").read_text())["standing"]
    assert len(standing) == 12
    assert not ground.file(".json").exists()

    monkeypatch.setenv("RPC_URL", ground.book.url)
    exit_code, _, err = ground.deploy(text, *words)
    assert exit_code == 3, err
    assert err.count("stands already") == 12
    manifest = load_manifest(ground.file(".pending.json"))
    assert manifest.parts.oracle.address == standing["oracle"]["address"]
    assert not ground.file(".partial.json").exists()


def test_the_recorded_compiler_input_makes_the_deployed_code(deployed: Deployed) -> None:
    """Feeding it to the pinned compiler gives the same runtime; for one small contract, to be quick."""
    whole = artifacts.compiler_input(sorted(facts_contracts(deployed)))
    assert artifacts.input_digest(sorted(facts_contracts(deployed))) == deployed.manifest.compiler.input_sha256
    whole["settings"]["outputSelection"] = {
        "contracts/sources/AggregatorSource.sol": {"AggregatorSource": ["evm.deployedBytecode.object"]}
    }
    solc = [str(TOOLS / "solcx" / "solc-v0.8.30"), "--standard-json"]
    answer = subprocess.run(solc, cwd=ROOT, input=json.dumps(whole), capture_output=True, text=True, check=True)
    found = json.loads(answer.stdout)["contracts"]["contracts/sources/AggregatorSource.sol"]["AggregatorSource"]
    assert bytes.fromhex(found["evm"]["deployedBytecode"]["object"]) == artifacts.load("AggregatorSource").runtime


def facts_contracts(deployed: Deployed) -> set[str]:
    parts = deployed.manifest.parts
    several = (*parts.sources.values(), *parts.adapters.values())
    return {part.contract for part in (parts.clerk, parts.rulebook, parts.vault, parts.oracle, *several) if part}
