"""A technician at the console of a real shelf: from the first password to a roll back, by what the screen says."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.command import trunkshelf
from tests.console.technician import ARGUMENTS, PASSWORD, PYTHON, Site, Technician, site, value
from tests.console.test_terminal_programs import PROGRAMS

LINE = '[qm.ports.1]\nurl = "line:"'  # of the bench: calls are placed as soon as it is up
NOBODY = "satop://127.0.0.1:9?local=127.0.0.1:0"  # nobody answers there (port 9: discard)
PSEUDOWIRE = f'[qm.ports.2]\nurl = "{NOBODY}"\n[qm.clock]\nsources = []'
IN_SERVICE = "Operational state +=  in service"
NO_RESULTS = "Number of results = 0"
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
        technician.until("DSP PORT:PN=2;", IN_SERVICE)
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
        technician.until('DSP ALM:OBJECT="port 2";', NO_RESULTS)


def test_a_bad_change_is_undone_while_the_cable_is_cut(start: StartSite) -> None:
    place = start(LINE)
    with place.technician() as technician:
        technician.set_first_password()
        technician.until("DSP PORT:PN=1;", IN_SERVICE)
        technician.succeeds(f'MOD PORT:PN=1,URL="{NOBODY}",FRAMING=DOUBLE-FRAME;')
        # The first call of the bench is on the line.
        report = technician.confirmed("CMT CFG:CONFIRM=10;", "1 call in progress on port 1, which restarts")
        assert "Revision 2 is in force, on trial for 10 s" in report
        assert value(technician.succeeds("DSP CFG;"), "Boot revision") == "1"
        technician.wait_for("ALM #[0-9]+ MAJOR PORT_ADAPTOR_LOST port 1")
    with place.technician() as technician:
        technician.log_in()
        technician.until("LST ALMHIS:NAME=CFG_UNDONE;", "revision 2 was not confirmed in time")
        report = technician.succeeds("DSP CFG;")
        assert value(report, "Running revision") == "1"
        assert "On trial" not in report
        report = technician.succeeds("LST PORT;")
        assert NOBODY not in report
        assert "double-frame" not in report
        technician.until("DSP PORT:PN=1;", IN_SERVICE)
        technician.until('DSP ALM:OBJECT="port 1";', NO_RESULTS)


def test_a_trial_survives_the_death_of_the_process_and_is_undone_in_time(start: StartSite) -> None:
    place = start()
    with place.technician() as technician:
        technician.set_first_password()
        technician.succeeds('SET SITE:NAME="Bern";')
        assert "on trial for 20 s" in technician.succeeds("CMT CFG:CONFIRM=20;")
        place.shelf.kill()
    place.start_again()
    with place.technician() as technician:
        technician.log_in()
        report = technician.succeeds("DSP CFG;")
        assert (value(report, "Running revision"), value(report, "Boot revision")) == ("2", "1")
        assert 0 < int(value(report, "Undone in (s)")) < 20
        assert "qm1/Bern" in report
        assert "BOX_RESTARTED" in technician.succeeds("LST ALMHIS;")
        technician.wait_for("EVT #[0-9]+ MINOR CFG_UNDONE")
        report = technician.succeeds("DSP CFG;")
        assert (value(report, "Running revision"), value(report, "Boot revision")) == ("1", "1")
        assert "On trial" not in report
        assert "qm1/Bern" not in report


def test_an_alarm_is_found_explained_acknowledged_and_mended(start: StartSite) -> None:
    with start(PSEUDOWIRE).technician() as technician:
        technician.set_first_password()
        alarm = technician.until("DSP ALM;", "PORT_ADAPTOR_LOST")
        assert value(alarm, "Object") == "port 2"
        explanation = technician.succeeds(f"LST ALMCAT:NAME={value(alarm, 'Name')};")
        assert "no packets of the pseudowire come" in explanation
        statistics = technician.succeeds(value(alarm, "Next command"))
        assert value(statistics, "packets received") == "0"
        assert value(statistics, "in packet loss state") == "yes"
        serial = value(alarm, "Serial")
        technician.succeeds(f"ACK ALM:SERIAL={serial};")
        assert "admin" in value(technician.succeeds("DSP ALM;"), "Acknowledged")
        # The wrong line was configured.
        technician.succeeds('MOD PORT:PN=2,URL="line:";')
        technician.succeeds("CMT CFG;")
        technician.wait_for(f"ALM #{serial} CLEARED PORT_ADAPTOR_LOST port 2")
        technician.until("DSP PORT:PN=2;", IN_SERVICE)
        technician.until('DSP ALM:OBJECT="port 2";', NO_RESULTS)
        past = technician.succeeds("LST ALMHIS:NAME=PORT_ADAPTOR_LOST;")
        assert value(past, "Serial") == serial
        assert value(past, "By") == "recovered"
        assert "admin" in value(past, "Acknowledged")


def test_a_change_is_rolled_back(start: StartSite) -> None:
    with start().technician() as technician:
        technician.set_first_password()
        technician.succeeds('SET SITE:NAME="Bern";')
        technician.succeeds("ADD PORT:PN=4;")
        technician.succeeds("CMT CFG;")
        assert "qm1/Bern" in technician.until("DSP PORT:PN=4;", IN_SERVICE)
        difference = technician.succeeds("DSP CFGDIFF:FROM=2,TO=1;")
        assert "Revision 3 is in force" in technician.succeeds('RBK CFG:REV=1,WHY="wrong site";')
        report = technician.give("DSP PORT:PN=4;")
        assert "RETCODE = 3001" in report
        assert "qm1/Bern" not in report
        assert "ports.4" in difference
        assert NO_RESULTS in technician.succeeds("DSP CFGDIFF:FROM=1,TO=3;")
        newest = technician.succeeds("LST CFGHIS:COUNT=1;")
        assert (value(newest, "Revision"), value(newest, "Why")) == ("3", "wrong site")


@pytest.mark.parametrize("program", PROGRAMS)
def test_through_the_terminal_programs_of_debian(program: str, start: StartSite) -> None:
    place = start()
    arguments, leave = PROGRAMS[program]
    place.shelf.wait_for_console("qm1")
    with place.cable() as end, Technician(program, [*arguments, str(end)]) as technician:
        technician.set_first_password()
        technician.type('SET SITE:NAME="Bern";\r')
        technician.shows('qm1> SET SITE:NAME="Bern";', "In the candidate", "---    END\nqm1>")
        technician.type("CMT CFG;\r")
        technician.shows("qm1> CMT CFG;", "Revision 2 is in force", "---    END\nqm1>")
        technician.type("DSP CFG;\r")
        technician.shows("+++    qm1/Bern", "Running revision  =  2", "---    END\nqm1>")
        technician.type("LGO\r")
        technician.shows("logged out")
        technician.type(leave)
        if program == "minicom":
            technician.shows("Leave Minicom?")
            technician.type("\r")
        technician.ends()


def test_a_restart_of_the_box_keeps_what_it_is_told(start: StartSite, tmp_path: Path) -> None:
    place = start(LINE)
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    with place.technician() as technician:
        technician.set_first_password()
        technician.succeeds("ADD PORT:PN=2;")
        technician.succeeds("SET SIG:CALLED_DIGITS=7;")
        technician.succeeds("CMT CFG;")
        technician.succeeds("BLK PORT:PN=2;")
        technician.until("DSP ALM;", "PORT_BLOCKED")
        technician.until("DSP CALL;", "qm1-00000001")
        technician.confirmed("RST BOX;", "1 call in progress")
        technician.log_in()
        # Numbers of calls go on; and the bench dials as the box is configured now.
        technician.until("DSP CALL;", r"qm1-00000002(.*\n)*.*\b1234567\b")
        technician.until("DSP PORT:PN=2;", IN_SERVICE)
        blocked = technician.until("LST ALMHIS:NAME=PORT_BLOCKED;", "Number of results = 1")
        assert value(blocked, "By") != "-"
    give = ("console", "qm1", "--state", place.shelf.state, "--password-file", password, "-c")
    result = trunkshelf(*give, "DSP CFG; LST CFGHIS:COUNT=1;", folder=tmp_path)
    assert result.returncode == 0, result
    assert value(result.stdout, "Running revision") == value(result.stdout, "Revision") == "2"


def test_of_two_who_edit_at_once_the_second_is_told(start: StartSite) -> None:
    place = start()
    with place.technician() as first:
        first.set_first_password()
        with Technician(PYTHON, [*ARGUMENTS, "console", "qm1", "--state", str(place.shelf.state)]) as second:
            second.log_in()
            first.succeeds('SET SITE:NAME="Bern";')
            second.succeeds('SET SITE:NAME="Thun",CONTACT="031 1";')
            first.succeeds("CMT CFG;")
            refused = second.give("CMT CFG;")
            assert "RETCODE = 3005" in refused
            assert "Bern" in refused
            assert "qm1/Bern" in first.succeeds("DSP CFG;")
            assert "Thun" in second.succeeds("RST CFGEDIT;")  # given up, for it overlaps
            second.succeeds("CMT CFG;")
            site_of = first.succeeds("LST SITE:OF=RUNNING;")
            assert "Bern" in site_of
            assert "031 1" in site_of


def test_an_alarm_does_not_tear_the_line_being_typed(start: StartSite, tmp_path: Path) -> None:
    place = start()
    with place.technician() as technician:
        technician.set_first_password()
        technician.type("DSP PO")
        technician.shows("qm1> DSP PO")
        password = tmp_path / "password"
        password.write_text(PASSWORD)
        give = ("console", "qm1", "--state", place.shelf.state, "--password-file", password, "-c")
        assert trunkshelf(*give, 'SET SITE:NAME="Bern"; CMT CFG:CONFIRM=600;', folder=tmp_path).returncode == 0
        screen = technician.shows("WARNING CFG_TRIAL box", "\nqm1> DSP PO")
        assert screen.rstrip().endswith("qm1> DSP PO")
        technician.type("RT;\r")
        technician.shows("%%DSP PORT;%%", NO_RESULTS)


def test_a_page_at_9600_bits_a_second(start: StartSite) -> None:
    with start("", 9600).technician() as technician:
        technician.set_first_password()
        assert "MAJOR" in technician.succeeds("LST ALMCAT;")
