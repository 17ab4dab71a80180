"""`keeper status` and `keeper doctor`: what they say of a sound place, and of each thing that is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keeper.cli import main
from tests.deployed import Deployed
from tests.keeper.ops import place as places
from tests.keeper.ops.place import Place
from tests.keeper.wire import Wire, refuses


def findings(place: Place, exit_code: int) -> dict[str, tuple[str, str]]:
    checks = place.said("doctor", exit_code=exit_code)["data"]["checks"]
    assert all(check["remedy"] for check in checks if check["level"] != "ok")
    return {check["name"]: (check["level"], check["found"]) for check in checks}


def test_status_wants_neither_key_nor_journal(place: Place) -> None:
    text = place.config.read_text()
    place.config.write_text(text[: text.index("[signer.keeper]")])
    before = place.files()
    data = place.said("status")["data"]
    weights = {asset["symbol"]: int(asset["weight"]) // 10**14 for asset in data["vault"]["assets"]}
    assert weights == {"WETH": 4_000, "WBTC": 2_499, "USDC": 3_500}
    assert [len(asset["voices"]) for asset in data["vault"]["assets"]] == [3, 3, 2]
    assert (data["role"], data["cycles"], data["gate"]["name"]) == ("KEEPER", [], "DriftTooSmall")
    assert 29 * 86_400 < int(data["mandate_left"]) <= 30 * 86_400
    assert place.files() == before


def test_status_tells_the_last_cycles(place: Place) -> None:
    place.said("once")
    assert [row["reason_code"] for row in place.said("status")["data"]["cycles"]] == ["inside-band"]
    text = place.text("status")
    assert "NOOP (inside-band, 1×): " in text
    assert "mandate left 29 d" in text


def test_doctor_finds_a_sound_place_sound(place: Place) -> None:
    place.said("once")
    found = findings(place, 0)
    assert {level for level, _ in found.values()} == {"ok"}
    assert {"configuration", "signer.keeper", "journal", "rpc", "code", "mandate", "gas", "price.WBTC"} < found.keys()
    assert place.sent("keeper") == 0


def test_doctor_without_a_configuration_names_the_example(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path_factory.mktemp("empty") / "keeper.toml"
    assert main(["doctor", "--config", str(missing), "--json"]) == 2
    (check,) = json.loads(capsys.readouterr().out)["data"]["checks"]
    assert "keeper.example.toml" in check["remedy"]


def test_doctor_sees_a_node_that_does_not_simulate(
    deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Wire(deployed.url).up() as wire:
        place = places.make(deployed, tmp_path, capsys, url=wire.url)
        wire.next("eth_simulateV1", refuses("eth_simulateV1", -32_601, "the method does not exist"))
        level, found = findings(place, 6)["simulation"]
    assert (level, found) == ("fail", "the node refuses eth_simulateV1: the method does not exist")


def test_doctor_sees_a_key_that_others_may_read(place: Place) -> None:
    (place.folder / "keeper.json").chmod(0o644)
    assert findings(place, 7)["signer.keeper"][0] == "fail"


def test_doctor_sees_a_contract_that_changed(place: Place) -> None:
    token = place.deployed.book.tokens["WBTC"].address
    place.node.rpc("anvil_setCode", token, place.node.rpc("eth_getCode", token, "latest") + "00")
    level, found = findings(place, 9)["code"]
    assert level == "fail"
    assert found.startswith("WBTC has code 0x")


def test_doctor_sees_a_feed_that_is_silent(place: Place) -> None:
    place.node.mine_at(place.node.now() + 3 * 86_400)
    found = findings(place, 3)
    assert found["price.WETH"][0] == "fail"
    assert "stale" in found["price.WETH"][1]


def test_doctor_warns_of_a_mandate_that_ends_and_fails_one_that_ended(place: Place) -> None:
    place.node.mine_at(place.node.now() + 28 * 86_400)
    assert findings(place, 3)["mandate"][0] == "warn"
    place.node.mine_at(place.node.now() + 3 * 86_400)
    found = findings(place, 7)
    assert (found["mandate"][0], found["role.keeper"][0]) == ("fail", "fail")


def test_doctor_warns_of_gas_money_that_runs_out(place: Place) -> None:
    keeper = place.deployed.book.address("keeper")
    price = place.post().observe().next_base_fee
    place.node.rpc("anvil_setBalance", keeper, hex(price * 12_000_000))
    assert findings(place, 0)["gas"][0] == "warn"
    place.node.rpc("anvil_setBalance", keeper, hex(price * 1_000_000))
    assert findings(place, 3)["gas"][0] == "fail"


def test_doctor_sees_a_journal_that_was_changed(place: Place) -> None:
    place.said("once")
    broken = place.journal.read_bytes().replace(b"inside-band", b"INSIDE-band")
    place.journal.write_bytes(broken)
    for companion in place.folder.glob("journal.sqlite-*"):
        companion.unlink()
    assert findings(place, 9)["journal"][0] == "fail"


def test_doctor_sees_a_halted_vault(place: Place) -> None:
    place.said("kill", "--yes")
    assert findings(place, 0)["vault"][0] == "warn"
