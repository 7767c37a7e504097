"""A technician at a serial port, with each of Debian's terminal programs: a command, its report, an alarm."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.console.conftest import RunningBox
from tests.console.plant import PASSWORD
from tests.console.screen import Screen

# Arguments before the port, and the keys that leave the program.
PROGRAMS = {
    "picocom": (["-q", "-b", "9600"], "\x01\x18"),
    "tio": (["-b", "9600"], "\x14q"),
    "minicom": (["-b", "9600", "-o", "-D"], "\x01x"),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_command_is_typed_and_its_report_read(
    program: str, running_box: Callable[..., RunningBox], line: tuple[Path, Path]
) -> None:
    port, technician = line
    box = running_box(str(port))
    arguments, leave = PROGRAMS[program]
    with Screen(program, [*arguments, str(technician)]) as screen:
        if program != "picocom":
            screen.shows("onnected" if program == "tio" else "Welcome to minicom")
        screen.type("\r")
        screen.shows("login:")
        screen.type("admin\r")
        screen.shows("password:")
        screen.type(f"{PASSWORD}\r")
        screen.shows("qm1>")
        screen.type("dsp po")
        screen.shows("qm1> dsp po")
        screen.type("\t")  # answered the size: a rich editor
        screen.shows("qm1> dsp PORT")
        screen.type(":pn=2;\r")
        screen.shows("qm1> dsp PORT:pn=2;", "RETCODE = 0  Operation succeeded", "(Number of results = 2)")
        screen.type("DSP")
        box.alarm()
        screen.shows("*** ALARM 1 ***\nLOS on port 1\nqm1> DSP")
        assert PASSWORD not in screen.text
        screen.type("\x15LGO\r")
        screen.shows("logged out")
        screen.type(leave)
        if program == "minicom":
            screen.shows("Leave Minicom?")
            screen.type("\r")
        screen.ends()


def test_through_the_pseudo_terminal_of_a_box_without_a_serial_port(
    running_box: Callable[..., RunningBox],
) -> None:
    box = running_box()
    for _ in range(2):
        with Screen("picocom", ["-q", str(box.folder / "console.tty")]) as screen:
            screen.type("\r")
            screen.shows("login:")
            screen.type(f"admin\r{PASSWORD}\r")
            screen.shows("qm1>")
            screen.type("DSP PORT:PN=1;\r")
            screen.shows("(Number of results = 1)")  # and hangs up without logging out
