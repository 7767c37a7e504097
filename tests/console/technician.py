"""A shelf as its owner starts it, and a technician at the far end of its console's cable."""

import re
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pexpect

from drivers.terminal.unix_socket import connect_unix
from tests.command import COMMAND
from tests.console.screen import LIMIT_S, Screen
from tests.drivers.terminal.pairs import cable

PASSWORD = "a long way home"
SPEED_BIT_PER_S = 115200
NO_PORTS = "[qm.ports]\n[qm.clock]\nsources = []"
ENTER_AGAIN_S = 1.0
PYTHON, *ARGUMENTS = COMMAND
_ESCAPE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|[@-Z78])")  # CSI and single ones (ECMA-48 5.4, 5.3)
_REPORT = re.compile(r"\+\+\+.*?---    END\n", re.DOTALL)
_PAGE = "TO BE CONTINUED"


class RunningShelf:
    """`trunkshelf run` on a terminal of its own, so that it stays up; what it prints is in `printed`."""

    def __init__(self, folder: Path, plant: str) -> None:
        self.state = folder / "state"
        file = folder / "plant.toml"
        file.write_text(plant)
        arguments = [*ARGUMENTS, "run", "--config", str(file), "--state", str(self.state)]
        self._child = pexpect.spawn(PYTHON, arguments, cwd=str(folder), logfile=(log := BytesIO()))
        self._log = log
        # Somebody must read: a terminal that takes nothing holds up whoever writes to it.
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def printed(self) -> str:
        return self._log.getvalue().decode(errors="replace")

    def _read(self) -> None:
        with suppress(pexpect.EOF):
            while True:
                self._child.read_nonblocking(4096, timeout=None)

    def wait_for_console(self, box: str) -> None:
        """Until it is served."""
        deadline = time.monotonic() + LIMIT_S
        while not _answers(self.state / box / "console.sock"):
            assert self._reader.is_alive() and time.monotonic() < deadline, self.printed
            self._reader.join(0.05)

    def kill(self) -> None:
        """Ends it as a power cut does."""
        self._child.kill(signal.SIGKILL)
        self._ended()

    def stop(self) -> None:
        """Ctrl-C, if it has not been killed."""
        if self._reader.is_alive():
            self._child.sendintr()
            self._ended()
            assert self._child.exitstatus == 0, self.printed
            assert "Traceback" not in self.printed, self.printed

    def _ended(self) -> None:
        self._reader.join(LIMIT_S)
        alive = self._reader.is_alive()
        if alive:
            self._child.kill(signal.SIGKILL)
            self._reader.join()
        self._child.close()
        assert not alive, f"it does not end:\n{self.printed}"


def _answers(path: Path) -> bool:
    try:
        connect_unix(path).close()
    except OSError:
        return False
    return True


class Technician(Screen):
    """Somebody at a terminal who types commands and reads their reports to the end, page by page."""

    def __init__(self, command: str, arguments: list[str], **options: Any) -> None:
        super().__init__(command, arguments, **options)
        self._came = BytesIO()
        self.child.logfile_read = self._came

    @classmethod
    def on_cable(cls, end: Path, speed_bit_per_s: int = SPEED_BIT_PER_S) -> "Technician":
        return cls("socat", ["-,rawer", f"{end},rawer,b{speed_bit_per_s}"])

    @property
    def transcript(self) -> str:
        """All that ever came, without escape sequences."""
        text = _ESCAPE.sub("", self._came.getvalue().decode(errors="replace"))
        return text.replace("\r\n", "\n")

    def wake(self) -> None:
        """Presses Enter until somebody asks who is there."""
        before, until = len(self.transcript), 0.0
        deadline = time.monotonic() + LIMIT_S
        while "login: " not in self._new(before):
            assert time.monotonic() < deadline, f"nobody is there:\n{self._new(before)}"
            if time.monotonic() >= until:
                self.type("\r")
                until = time.monotonic() + ENTER_AGAIN_S
            self._read()

    def set_first_password(self) -> None:
        self.wake()
        self.type("admin\r")
        self.shows("new password:")
        self.type(f"{PASSWORD}\r")
        self.shows("the same again:")
        self.type(f"{PASSWORD}\r")
        self.shows("qm1>")

    def log_in(self, user: str = "admin") -> None:
        before = len(self.transcript)
        self.wake()
        self.type(f"{user}\r")
        self.wait_for("password: $", before)
        self.type(f"{PASSWORD}\r")
        self.wait_for("qm1> ?$", before)

    def give(self, command: str) -> str:
        """Types a command; its report, whole."""
        before = len(self.transcript)
        self.type(f"{command}\r")
        return self.report(before)

    def report(self, before: int) -> str:
        """The report that comes after so many characters of the transcript; the prompt is there again."""
        pages = 0
        deadline = time.monotonic() + LIMIT_S
        while not re.search(r"---    END\n(.*\n)*qm1> ?$", self._new(before)):
            if self._new(before).count(_PAGE) > pages:
                pages += 1
                self.type(" ")
            assert time.monotonic() < deadline, f"no whole report:\n{self._new(before)}"
            self._read()
        found = _REPORT.search(self._new(before))
        assert found is not None, self._new(before)
        return re.sub(rf"{_PAGE}[^\r]*\r *\r?", "", found[0])

    def succeeds(self, command: str) -> str:
        """Types a command that is carried out."""
        report = self.give(command)
        assert "RETCODE = 0  " in report, report
        return report

    def confirmed(self, command: str, interrupts: str) -> str:
        """Types a command that asks before it interrupts something, and says yes."""
        before = len(self.transcript)
        self.type(f"{command}\r")
        self.wait_for(rf"interrupts {interrupts}.*Continue\?", before)
        self.type("Y\r")
        return self.report(before)

    def until(self, command: str, pattern: str) -> str:
        """Types a command again and again, until its report holds the pattern."""
        deadline = time.monotonic() + LIMIT_S
        while not re.search(pattern, report := self.succeeds(command)):
            assert time.monotonic() < deadline, f"{pattern}: never in\n{report}"
            self._read()  # the machine is shared: no more than a few commands a second
        return report

    def wait_for(self, pattern: str, before: int = 0) -> str:
        """Until this has come, after so many characters of the transcript."""
        deadline = time.monotonic() + LIMIT_S
        while not re.search(pattern, new := self._new(before)):
            assert time.monotonic() < deadline, f"{pattern}: never came:\n{new}"
            self._read()
        return new

    def _new(self, before: int) -> str:
        return self.transcript[before:]


def value(report: str, name: str) -> str:
    """What stands behind a name in a report; the first such."""
    found = re.search(rf"^{re.escape(name)} *=  ?(.*)$", report, re.MULTILINE)
    assert found is not None, f"{name}: not in\n{report}"
    return found[1].strip()


def serial_number(report: str) -> int:
    return int(re.findall(r"O&M +#(\d+)", report)[0])


class Site:
    """A shelf with a serial console, in a folder of its own, and the cable to it."""

    def __init__(self, folder: Path, plant: str, speed_bit_per_s: int) -> None:
        self.folder = folder
        # Devices stand below /dev, as the configuration wants them.
        self._cables = tempfile.TemporaryDirectory(prefix="trunkshelf-", dir="/dev/shm")
        self._device = Path(self._cables.name) / "box"
        self._speed_bit_per_s = speed_bit_per_s
        self._plant = (
            f'[qm]\nschema = 2\n[qm.console.serial.1]\ndevice = "{self._device}"\n'
            f"speed = {speed_bit_per_s}\n{plant or NO_PORTS}\n"
        )
        self.shelf = RunningShelf(folder, self._plant)

    @contextmanager
    def cable(self) -> Iterator[Path]:
        """Plugs one in; the technician's end."""
        with cable(Path(self._cables.name)) as (_, end):
            yield end

    @contextmanager
    def technician(self) -> Iterator[Technician]:
        """Somebody who comes with a cable; it is pulled in the end."""
        self.shelf.wait_for_console("qm1")
        with self.cable() as end, Technician.on_cable(end, self._speed_bit_per_s) as technician:
            yield technician

    def start_again(self) -> None:
        """After it has been killed."""
        self.shelf = RunningShelf(self.folder, self._plant)

    def close(self) -> None:
        try:
            self.shelf.stop()
        finally:
            self._cables.cleanup()


@contextmanager
def site(folder: Path, plant: str = "", speed_bit_per_s: int = SPEED_BIT_PER_S) -> Iterator[Site]:
    """A shelf in factory state with a plant (TOML below [qm]; without: no ports)."""
    made = Site(folder, plant, speed_bit_per_s)
    try:
        yield made
    finally:
        made.close()
