"""How a command answers: the envelope, the exit code, and one line for an error."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
import typer

from keeper.cli import main
from keeper.cli.envelope import Answer, run_command
from keeper.errors import HoldError, KeeperError, RpcUnreachable
from keeper.exit_codes import ExitCode
from tests.keeper.test_errors import LEAVES

Capture = pytest.CaptureFixture[str]


def run(work: Callable[[], Answer], as_json: bool = True) -> int:
    with pytest.raises(typer.Exit) as ended:
        run_command("test", as_json, work)
    return int(ended.value.exit_code)


def refuse(error: BaseException) -> Callable[[], Answer]:
    def work() -> Answer:
        raise error

    return work


@pytest.mark.parametrize("error", LEAVES, ids=lambda error: type(error).__name__)
def test_every_error_ends_with_its_own_exit_code(capsys: Capture, error: KeeperError) -> None:
    assert run(refuse(error)) == error.exit_code
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert (answer["ok"], answer["error"]["code"], answer["error"]["remedy"]) == (False, error.code, error.remedy)
    assert said.err.count("\n") == 1


def test_an_interrupt_is_130(capsys: Capture) -> None:
    assert run(refuse(KeyboardInterrupt())) == 130
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "interrupted"


def test_a_defect_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        run_command("test", True, refuse(ZeroDivisionError("by zero")))


def test_a_good_answer_is_one_object_and_nothing_else(capsys: Capture) -> None:
    assert run(lambda: Answer({"wei": str(10**30)}, "text", ("careful",))) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {
        "schema": "ballast.cli/1",
        "command": "test",
        "ok": True,
        "data": {"wei": "1" + "0" * 30},
        "warnings": ["careful"],
        "error": None,
    }
    assert said.err == ""


def test_text_goes_to_stdout_and_talk_to_stderr(capsys: Capture) -> None:
    assert run(lambda: Answer({}, "the result", ("careful",)), as_json=False) == 0
    assert capsys.readouterr() == ("the result\n", "warning: careful\n")


def test_an_answer_may_carry_its_failure(capsys: Capture) -> None:
    hold = HoldError("gas 90 gwei, at most 40", remedy="wait")
    assert run(lambda: Answer({"tick": 1}, "", error=hold)) == ExitCode.HOLD
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["data"], answer["error"]["code"]) == (False, {"tick": 1}, "hold")


def test_numbers_json_cannot_carry_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        run_command("test", True, lambda: Answer({"x": float("nan")}, ""))


@pytest.mark.parametrize(
    "arguments", [["nope"], ["--nope"], ["config", "chek"], ["config"], ["journal", "show", "--last", "0"]]
)
def test_a_wrong_command_line_is_2_in_one_line(capsys: Capture, arguments: list[str]) -> None:
    assert main([*arguments]) == ExitCode.USAGE
    assert capsys.readouterr().err.count("\n") == 1
    main([*arguments, "--json"])
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "usage"


def test_help_and_version_need_no_configuration(capsys: Capture) -> None:
    for arguments in ([], ["--help"], ["config", "--help"], ["journal", "verify", "--help"]):
        assert main(arguments) == 0
        assert capsys.readouterr().out.startswith("Usage: keeper")
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "0.1.0\n"


def test_help_does_not_load_what_is_heavy() -> None:
    code = (
        "import sys\nfrom keeper.cli import main\nmain(['--help'])\n"
        "heavy = {'web3', 'sqlalchemy', 'alembic', 'pydantic', 'eth_account', 'httpx', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("debug", [False, True])
def test_a_defect_of_ours_is_one_line_unless_asked(debug: bool) -> None:
    code = (
        "import sys\nimport keeper.cli as cli\nsys.argv = ['keeper', 'config', '--json']\n"
        "cli.build = lambda: {}['gone']\nsys.exit(cli.main())"
    )
    env = {"BALLAST_DEBUG": "1"} if debug else {}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)
    assert ended.returncode == ExitCode.UNEXPECTED
    assert json.loads(ended.stdout)["error"]["message"] == "KeyError: 'gone'"
    assert ("Traceback" in ended.stderr) is debug
    assert "error[unexpected]: KeyError: 'gone'. Remedy: this is a defect" in ended.stderr


def test_an_rpcs_label_stands_for_its_address(capsys: Capture) -> None:
    assert run(refuse(RpcUnreachable("chain.base.rpc[0]", "connection refused")), as_json=False) == ExitCode.CHAIN
    assert capsys.readouterr().err == (
        "error[rpc-unreachable]: chain.base.rpc[0] does not answer: connection refused. "
        "Remedy: start the node behind chain.base.rpc[0], or correct its address.\n"
    )
