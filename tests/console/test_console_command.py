"""`trunkshelf console` against a running box: a terminal put through, and commands whose reports are printed."""

import signal
import socket
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.running_shelves import announced
from tests.command import COMMAND, assert_one_line, trunkshelf
from tests.console.conftest import RunningBox
from tests.console.plant import PASSWORD
from tests.console.screen import Screen

StartBox = Callable[..., RunningBox]
PYTHON, *ARGUMENTS = COMMAND


def attached(box: RunningBox, *arguments: str) -> Screen:
    return Screen(PYTHON, [*ARGUMENTS, "console", *arguments, "--state", str(box.state)], cwd=str(box.state))


def log_in(screen: Screen) -> None:
    screen.shows("login:")
    screen.type("admin\r")
    screen.shows("password:")
    screen.type(f"{PASSWORD}\r")
    screen.shows("qm1>")


def test_a_terminal_is_put_through_and_restored(running_box: StartBox) -> None:
    box = running_box()
    with attached(box, "qm1") as screen:
        before = termios.tcgetattr(screen.child.child_fd)
        log_in(screen)
        assert termios.tcgetattr(screen.child.child_fd) != before
        screen.type("dsp po\t;\r")
        screen.shows("qm1> dsp PORT;", "(Number of results = 4)")
        screen.type("\x1d")
        assert screen.ends() == 0
        assert termios.tcgetattr(screen.child.child_fd) == before


@pytest.mark.parametrize("end", ["logout", "box", "SIGTERM"])
def test_it_ends_with_the_session_the_box_or_a_signal(end: str, running_box: StartBox) -> None:
    box = running_box()
    with attached(box) as screen:
        before = termios.tcgetattr(screen.child.child_fd)
        log_in(screen)
        match end:
            case "logout":
                screen.type("LGO\r")
                assert screen.ends() == 0
            case "box":
                box.stop()
                assert screen.ends() == 1
                assert "trunkshelf console: the box has closed the connection" in screen.text
            case "SIGTERM":
                screen.child.kill(signal.SIGTERM)
                assert screen.ends() == 128 + signal.SIGTERM
        assert termios.tcgetattr(screen.child.child_fd) == before


def test_commands_are_given_one_by_one_up_to_the_first_that_fails(tmp_path: Path, running_box: StartBox) -> None:
    box = running_box()
    give = ("console", "qm1", "--state", box.state, "-c")
    result = trunkshelf(*give, 'DSP PORT:PN=2;HELP LST LOG; SET PWD:PWD="a;b";', folder=tmp_path)
    assert result.returncode == 0, result
    assert result.stdout.count("RETCODE = 0  ") == 3
    assert "(Number of results = 2)" in result.stdout
    assert "a;b" not in result.stdout
    result = trunkshelf(*give, "DSP PORT:PN=99; DSP PORT;", folder=tmp_path)
    assert (result.returncode, result.stdout.count("RETCODE")) == (1, 1)
    assert "RETCODE = 1005" in result.stdout
    result = trunkshelf(*give, 'DSP PORT:PN="', folder=tmp_path)
    assert result.returncode == 1
    assert "RETCODE = 1001" in result.stdout


def test_a_report_of_ten_megabytes_comes_whole(tmp_path: Path, running_box: StartBox) -> None:
    box = running_box()
    result = trunkshelf("console", "--state", box.state, "-c", "LST LOG:COUNT=130000;", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line[:8] for line in lines if line.endswith("xxx")] == [f"{number:08d}" for number in range(130_000)]


def test_commands_over_a_serial_line(tmp_path: Path, running_box: StartBox, line: tuple[Path, Path]) -> None:
    port, technician = line
    running_box(str(port))
    for _ in range(2):
        result = trunkshelf("console", "--serial", f"{technician}:9600", "-c", "DSP PORT;", folder=tmp_path)
        assert result.returncode == 0, result.stderr
        assert "(Number of results = 4)" in result.stdout


def test_the_password_comes_from_a_file_and_a_wrong_one_is_told(tmp_path: Path, running_box: StartBox) -> None:
    box = running_box()
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text(f"{PASSWORD}\n")
    wrong.write_text("wrong password\n")
    give = ("console", "--state", box.state, "--user", "bob", "-c", "DSP PORT;", "--password-file")
    assert trunkshelf(*give, right, folder=tmp_path).returncode == 0
    assert_one_line(trunkshelf(*give, wrong, folder=tmp_path), "login incorrect")


def test_a_running_shelf_is_found_and_what_runs_is_told(tmp_path: Path, running_box: StartBox) -> None:
    assert_one_line(trunkshelf("console", "-c", "DSP PORT;", folder=tmp_path), "no box", "running: nothing")
    box = running_box()
    with announced(box.state, ("qm1", "hw1", "vp1")):
        assert trunkshelf("console", "-c", "DSP PORT;", folder=tmp_path).returncode == 0
        assert trunkshelf("console", "qm1", "-c", "DSP PORT;", folder=tmp_path).returncode == 0
        result = trunkshelf("console", "qm2", "-c", "DSP PORT;", folder=tmp_path)
        assert_one_line(result, "no box qm2", f"running: qm1 hw1 vp1 in {box.state}")
    assert_one_line(trunkshelf("console", "-c", "DSP PORT;", folder=tmp_path), "running: nothing")


def test_bad_arguments_are_told_in_one_line(tmp_path: Path, running_box: StartBox) -> None:
    box = running_box()
    assert_one_line(trunkshelf("console", "--state", box.state, folder=tmp_path), "no terminal", "-c")
    for arguments, says in (
        (("--tcp", "nonsense"), "HOST:PORT"),
        (("--tcp", "127.0.0.1:1"), "refused"),
        (("--tls", "x.pem"), "--tcp"),
        (("--serial", "/dev/nowhere"), "/dev/nowhere"),
        (("--serial", "/dev/nowhere:1234"), "115200"),
    ):
        assert_one_line(trunkshelf("console", *arguments, "-c", "DSP PORT;", folder=tmp_path), says)


def test_a_client_that_is_killed_leaves_nothing_behind(tmp_path: Path, running_box: StartBox) -> None:
    box = running_box()
    with attached(box) as screen:
        log_in(screen)
        screen.child.kill(signal.SIGKILL)
        screen.ends()
    result = trunkshelf("console", "--state", box.state, "-c", "DSP SES;", folder=tmp_path)
    assert "(Number of results = 1)" in result.stdout


def test_a_box_that_is_killed_in_the_middle_of_a_report_is_told(tmp_path: Path, running_box: StartBox) -> None:
    box = running_box()
    command = [*COMMAND, "console", "--state", str(box.state), "-c", "LST LOG:COUNT=9000000;"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as client:
        assert client.stdout is not None
        assert client.stderr is not None
        client.stdout.readline()
        box.kill()
        client.stdout.read()
        assert client.stderr.read() == "trunkshelf console: the box has closed the connection\n"
    assert client.returncode == 1


def test_tls_that_cannot_be(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:
        at = f"127.0.0.1:{plain.getsockname()[1]}"
        give = ("console", "--tcp", at, "-c", "DSP PORT;", "--tls")
        assert_one_line(trunkshelf(*give, "gone.pem", folder=tmp_path), "gone.pem", "No such file")
        (tmp_path / "no.pem").write_text("no certificate")
        assert_one_line(trunkshelf(*give, "no.pem", folder=tmp_path), "no.pem", "is no certificate")
