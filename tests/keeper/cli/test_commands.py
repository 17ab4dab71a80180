"""`config check` and `journal verify|show` from the operator's side, and the rows of docs/failures.toml they meet."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from keeper.cli import main
from keeper.journal import Journal, Writer
from tests.keeper.cli import failures
from tests.keeper.config.texts import CONFIG, DEPLOYMENT
from tests.keeper.journal import scene

Capture = pytest.CaptureFixture[str]
FAILURES = failures.table()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "keeper.toml"
    path.write_text(CONFIG)
    return path


def keeper(*arguments: str) -> int:
    return main([*arguments, "--json"])


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_unknown_key_is_the_documented_failure(capsys: Capture, config: Path) -> None:
    config.write_text(CONFIG.replace('policy = "bands"', 'polcy = "bands"'))
    before = files(config.parent)
    code = keeper("config", "check", "--config", str(config))
    FAILURES["unknown-config-key"].check(code, *capsys.readouterr())
    assert files(config.parent) == before


def test_weights_that_are_not_whole_are_the_documented_failure(capsys: Capture, tmp_path: Path) -> None:
    deployment = tmp_path / "treasury.toml"
    deployment.write_text(DEPLOYMENT.replace("target_bps = 6000", "target_bps = 6100"))
    before = files(tmp_path)
    code = keeper("config", "check", "--deployment", str(deployment))
    FAILURES["weights-not-whole"].check(code, *capsys.readouterr())
    assert files(tmp_path) == before


def test_a_sound_configuration_is_described(capsys: Capture, config: Path) -> None:
    assert keeper("config", "check", "--config", str(config)) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["data"]["vaults"][0]["chain_id"] == 31337
    assert answer["data"]["mode"] == "dry"
    assert answer["warnings"] == [f"{config.parent}/deployments/31337/treasury.json: no such manifest yet"]
    assert main(["config", "check", "--config", str(config)]) == 0
    assert "treasury: anvil (31337), policy bands at 200 bps" in capsys.readouterr().out


def test_a_sound_deployment_is_described(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "d.toml").write_text(DEPLOYMENT)
    assert keeper("config", "check", "--deployment", str(tmp_path / "d.toml")) == 0
    assert json.loads(capsys.readouterr().out)["data"]["target_bps"] == {"WETH": 6000, "USDC": 4000, "WBTC": 0}


def test_the_configuration_is_found_through_the_environment(
    capsys: Capture, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BALLAST_CONFIG", str(config))
    monkeypatch.setenv("BALLAST_KEEPER__MODE", "live")
    assert keeper("config", "check") == 0
    assert json.loads(capsys.readouterr().out)["data"]["mode"] == "live"


def write_journal(folder: Path) -> None:
    with Journal.open(f"sqlite:///{folder}/journal.sqlite") as journal, Writer(journal, scene.KEY, lambda: 5) as writer:
        writer.record_cycle(scene.cycle(1, writer.previous_id))


def test_a_journal_that_is_not_there_is_8(capsys: Capture, config: Path) -> None:
    assert keeper("journal", "verify", "--config", str(config)) == 8
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "journal-unusable"
    assert not (config.parent / "journal.sqlite").exists()


def test_a_whole_journal_is_0_and_a_changed_one_9(capsys: Capture, config: Path) -> None:
    write_journal(config.parent)
    assert keeper("journal", "verify", "--config", str(config)) == 0
    assert json.loads(capsys.readouterr().out)["data"]["rows"] == 9
    with closing(sqlite3.connect(config.parent / "journal.sqlite")) as raw, raw:
        raw.execute("UPDATE blob SET body = replace(body, 'WETH', 'WBTC')")
    assert keeper("journal", "verify", "--config", str(config)) == 9
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "journal-broken"


def test_the_last_rows_are_shown_and_an_unknown_table_is_refused(capsys: Capture, config: Path) -> None:
    write_journal(config.parent)
    assert keeper("journal", "show", "--config", str(config), "--last", "2") == 0
    rows = json.loads(capsys.readouterr().out)["data"]["rows"]
    assert [row["table"] for row in rows] == ["cycle", "lease"]
    assert main(["journal", "show", "--config", str(config), "--table", "cycle"]) == 0
    assert "cycle: action=REBALANCE, verdict=PASS, reason_code=drift" in capsys.readouterr().out
    assert keeper("journal", "show", "--config", str(config), "--table", "cycles") == 2
    assert "use one of" in json.loads(capsys.readouterr().out)["error"]["remedy"]
