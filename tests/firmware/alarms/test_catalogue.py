"""The catalogue of alarms: whole, consistent, and readable by who has to act on it."""

import re
from string import Formatter

import pytest

from firmware.alarms.catalogue import CATALOGUE, KINDS
from firmware.alarms.kind import BOX, AlarmKind
from firmware.console.declaration import Verb

# Agreed upon between the parts of the program (design of issue 4).
AGREED = (
    *("LOS", "LOF", "AIS", "RAI", "CRC_EXCESSIVE", "CAS_LOSS", "CAS_RAI", "SLIPS", "PORT_ADAPTOR_LOST"),
    *("PORT_LOOPED", "PORT_BLOCKED", "CLOCK_HOLDOVER", "CLOCK_FREE_RUN", "CFG_FAILSAFE", "CFG_STORE_DAMAGED"),
    *("CFG_STORE_READ_ONLY", "CFG_PENDING_RESTART", "CFG_TRIAL", "CFG_UNDONE", "CFG_UNDO_FAILED"),
    *("VOICE_CHANNELS_BUSY", "RECORDING_FAILED", "DISK_SPACE", "CONSOLE_SERIAL_LOST", "LOGIN_ATTACK"),
    *("AUDIT_BROKEN", "LATE_BLOCKS"),
)

# What follows from what on an E1 line, from G.775 (LOS before all), G.732 table 2 and G.706: signal, then ones,
# then frames, then what timeslots 0 and 16 say.
FOLLOWS = {
    "LOS": {"AIS", "LOF", "RAI", "CAS_LOSS", "CAS_RAI", "CRC_EXCESSIVE", "SLIPS"},
    "AIS": {"LOF", "RAI", "CAS_LOSS", "CAS_RAI", "CRC_EXCESSIVE", "SLIPS"},
    "LOF": {"RAI", "CAS_LOSS", "CAS_RAI", "CRC_EXCESSIVE", "SLIPS"},
    "CAS_LOSS": {"CAS_RAI"},
}

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def test_names_and_codes_are_unique() -> None:
    assert len(CATALOGUE) == len(KINDS) == len({kind.code for kind in KINDS})


def test_agreed_names_are_there() -> None:
    assert set(AGREED) <= set(CATALOGUE)


@each_kind
def test_says_all_that_a_technician_needs(kind: AlarmKind) -> None:
    assert re.fullmatch(r"[A-Z][A-Z0-9_]{1,31}", kind.name)  # a syslog MSGID has 32 characters
    assert 100 <= kind.code <= 999
    assert kind.causes
    for text in (kind.text, kind.consequences, *kind.causes):
        assert text.strip() == text
        assert 10 < len(text) <= 120
        assert text.isascii()  # a terminal at a distribution frame shows nothing else
    # Texts stand in lines of others; consequences are sentences.
    assert not kind.text.endswith(".")
    assert kind.consequences.endswith(".")
    assert not any(cause.endswith(".") for cause in kind.causes)


@each_kind
def test_next_command_is_one_and_can_be_filled_in(kind: AlarmKind) -> None:
    fields = {name for _, name, _, _ in Formatter().parse(kind.next_command) if name is not None}
    assert fields <= ({"key"} if kind.object != BOX else set())
    command = kind.command_for(f"{kind.object} 7" if kind.object != BOX else "")
    match = re.fullmatch(r"([A-Z]{3}) [A-Z]+(:[A-Z]+=7)?;", command)
    assert match is not None
    assert match[1] in Verb.__members__


@each_kind
def test_hidden_by_what_is_there_and_not_by_itself(kind: AlarmKind) -> None:
    """Directly or through others: a circle would hide all of it for ever."""
    above, found = set(kind.hidden_by), set[str]()
    while above - found:
        found |= above
        above = {hider for name in found for hider in CATALOGUE[name].hidden_by}
    assert kind.name not in found
    # What hides the hider hides this as well: the hider may be gone while what is behind it stands.
    assert found == set(kind.hidden_by)


@each_kind
def test_what_hides_stands_and_is_no_less_severe(kind: AlarmKind) -> None:
    for name in kind.hidden_by:
        hider = CATALOGUE[name]
        assert hider.stands
        assert hider.severity.rank <= kind.severity.rank


def test_what_follows_on_a_line() -> None:
    for name, following in FOLLOWS.items():
        assert following <= {kind.name for kind in KINDS if name in kind.hidden_by}


@pytest.mark.parametrize(
    ("name", "text", "fits"),
    [
        ("LOS", "port 3", True),
        ("LOS", "port", False),
        ("LOS", "port ", False),
        ("LOS", "port 3,4", False),
        ("LOS", "clock source 3", False),
        ("CLOCK_SOURCE_FAILED", "clock source 3", True),
        ("CFG_TRIAL", "", True),
        ("CFG_TRIAL", "box", False),
    ],
)
def test_objects_of_a_kind(name: str, text: str, fits: bool) -> None:
    assert CATALOGUE[name].names(text) is fits
