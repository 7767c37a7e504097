"""A technician at the console of a real shelf: from the first password to a roll back, by what the screen says."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.console.technician import Site, site, value

LINE = '[qm.ports.1]\nurl = "line:"'  # of the bench: calls are placed as soon as it is up
StartSite = Callable[..., Site]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartSite]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))  # terminal programs read and write there
    monkeypatch.setenv("TERM", "vt102")
    with ExitStack() as sites:
        yield lambda *arguments: sites.enter_context(site(tmp_path, *arguments))


def test_commissioning_from_factory_state(start: StartSite) -> None:
    with start(LINE).technician() as technician:
        technician.set_first_password()
        # A second port, which the clock may follow.
        technician.succeeds('ADD PORT:PN=2,NAME="Thun";')
        technician.succeeds("ADD CLKSRC:PN=2;")
        assert "The candidate has no fault" in technician.succeeds("CHK CFG;")
        assert "Revision 2 is in force" in technician.succeeds('CMT CFG:WHY="trunk to Thun";')
        technician.until("DSP PORT:PN=2;", "Operational state += +in service")
        technician.until("DSP CLK;", r"2 +2 +good")
        assert "trunk to Thun" in technician.succeeds("LST CFGHIS:COUNT=1;")
        # Is its board sound? Looped back, a pattern comes back without an error.
        technician.succeeds("LOP PORT:PN=2,LOOP=LOCAL;")
        technician.succeeds("STR BERT:PN=2,PATTERN=PRBS15;")
        technician.until("DSP BERT:PN=2;", "Synchronised += +yes")
        # And what is sent wrong is found, to the bit.
        technician.succeeds("TST PORT:PN=2,ERROR=BIT,COUNT=7;")
        report = technician.until("DSP BERT:PN=2;", r"Errors sent on purpose +=  7\b")
        assert value(report, "Bit errors") == "7"
        technician.succeeds("STP BERT:PN=2;")
        report = technician.succeeds("DSP BERT:PN=2;")
        assert (value(report, "Test"), value(report, "Bit errors")) == ("stopped", "7")
        technician.succeeds("LOP PORT:PN=2,LOOP=NONE;")
        technician.until("DSP PORT:PN=2;", r"Operational state +=  in service(.*\n)*Loops +=  none")
        technician.until("DSP ALM;", r"Number of results = 0")
