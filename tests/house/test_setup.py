"""`make setup`: a second one finds nothing to do, and keys of people survive `make clean`."""

from __future__ import annotations

import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts import bootstrap
from scripts.toolchain import ROOT


@pytest.mark.usefixtures("built")
@pytest.mark.timeout(600)
def test_a_second_set_up_says_nothing_and_takes_a_blink(outer_environ: dict[str, str]) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["make", "setup"], cwd=ROOT, env=outer_environ, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stdout + done.stderr == ""
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


def test_a_step_is_due_again_when_its_input_changes_or_its_product_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "TOOLS", tmp_path / ".tools")
    (tmp_path / ".tools" / "stamps").mkdir(parents=True)
    lock, product = tmp_path / "a.lock", tmp_path / "made"
    lock.write_text("one==1")
    made: list[str] = []

    def work(_: bootstrap.Step) -> None:
        made.append(lock.read_text())
        product.write_text("")

    step = bootstrap.Step("a", "a thing", (lock,), product, work)
    step.run()
    step.run()
    assert made == ["one==1"]
    lock.write_text("one==2")
    step.run()
    product.unlink()
    step.run()
    assert made == ["one==1", "one==2", "one==2"]


def test_a_failed_step_is_due_again_and_carries_what_the_tool_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "TOOLS", tmp_path)
    monkeypatch.setattr(bootstrap, "LOG", tmp_path / "setup.log")
    (tmp_path / "stamps").mkdir()
    step = bootstrap.Step("b", "b thing", (), tmp_path, lambda s: s.call("sh", "-c", "echo no room; exit 3"))
    with pytest.raises(bootstrap.StepFailed) as failure:
        step.run()
    assert "no room" in failure.value.said
    assert "no room" in (tmp_path / "setup.log").read_text()
    assert step.due()


def test_make_clean_keeps_encrypted_keys_and_nothing_else(tmp_path: Path, outer_environ: dict[str, str]) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    keys = tmp_path / ".tools" / "home" / ".brownie" / "accounts"
    keys.mkdir(parents=True)
    (keys / "deployer.json").write_text("{}")
    for other in ("home/.brownie/network-config.yaml", "home/brownie-config.yaml", "venv/x/y", "setup.log"):
        path = tmp_path / ".tools" / other
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (tmp_path / "node_modules" / "solc").mkdir(parents=True)
    done = subprocess.run(
        ["make", "clean"], cwd=tmp_path, env=outer_environ, capture_output=True, text=True, check=True
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "Makefile", keys / "deployer.json"]
    assert "kept the encrypted keys" in done.stdout
    (keys / "deployer.json").unlink()
    subprocess.run(["make", "clean"], cwd=tmp_path, env=outer_environ, check=True)
    assert list(tmp_path.iterdir()) == [tmp_path / "Makefile"]
