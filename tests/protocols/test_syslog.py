"""Syslog messages (protocols/syslog.py): the RFC's own examples, and rsyslog as the judge of everything else."""

import json
import re
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.syslog import MESSAGE_VECTORS, OCTETS_MOST, Facility, SyslogMessage, Urgency, encode

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin")

# RFC 5424 6, transcribed: everything before the text.
HEADER = re.compile(
    rb"<(?P<priority>0|[1-9][0-9]?|1[0-8][0-9]|19[01])>1 "
    rb"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) "
    rb"(?P<host>[!-~]{1,255}) (?P<application>[!-~]{1,48}) (?P<process>[!-~]{1,128}) (?P<identifier>[!-~]{1,32}) "
    rb'(?P<data>-|(?:\[[!#-<>-\\^-~]{1,32}(?: [!#-<>-\\^-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*\])+)(?P<rest> .*)?',
    re.DOTALL,
)

anything = st.text(max_size=80)
names = st.text("abcXYZ09-.", min_size=1, max_size=16).map(lambda name: f"{name}@32473")
messages = st.builds(
    SyslogMessage,
    facility=st.sampled_from(Facility),
    urgency=st.sampled_from(Urgency),
    at=st.datetimes().map(
        lambda at: f"{max(at.year, 1970):04}-{at:%m}-11T{at:%H:%M:%S}.{at.microsecond // 1000:03}Z"
    ),
    host=anything,
    application=anything,
    process=anything,
    identifier=anything,
    data=st.dictionaries(
        names, st.dictionaries(st.text("abc", min_size=1, max_size=8), anything, max_size=3), max_size=2
    ),
    text=st.one_of(anything, st.text(min_size=1000, max_size=3000)),
)


@pytest.mark.parametrize(("message", "octets"), MESSAGE_VECTORS)
def test_vector(message: SyslogMessage, octets: bytes) -> None:
    assert encode(message) == octets


@settings(max_examples=300, deadline=None, derandomize=True)
@given(messages)
def test_whatever_the_fields_hold_the_message_is_one(message: SyslogMessage) -> None:
    octets = encode(message)
    match = HEADER.fullmatch(octets)
    assert match is not None
    assert int(match["priority"]) == 8 * message.facility + message.urgency
    rest = match["rest"] or b""
    assert len(rest) <= max(OCTETS_MOST - (len(octets) - len(rest)), 4)
    if rest:
        assert rest.startswith(b" \xef\xbb\xbf")
        text = rest[4:].decode()  # UTF-8, also where it was cut off
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", text)
        assert len(text) <= len(message.text)


@pytest.mark.parametrize("name", ["", "a b", 'a"b', "a]b", "a=b", "x" * 33, "grün", "a\n"])
def test_names_in_structured_data_are_checked(name: str) -> None:
    message = MESSAGE_VECTORS[0][0]
    common = {each: getattr(message, each) for each in ("facility", "urgency", "at", "host", "application")}
    for data in ({name: {}}, {"x@32473": {name: "1"}}):
        with pytest.raises(ValueError, match="cannot have the name"):
            encode(SyslogMessage(**common, data=data))


# rsyslog reads RFC 5424 as its author wrote both.


class Judge:
    """rsyslogd on a port of its own: what it makes of datagrams."""

    def __init__(self, folder: Path) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._out = folder / "out"
        configuration = folder / "rsyslog.conf"
        configuration.write_text(
            f'global(workDirectory="{folder}" maxMessageSize="64k")\n'
            'module(load="imudp")\nmodule(load="mmpstrucdata")\n'
            'template(name="whole" type="list") { property(name="jsonmesg") constant(value="\\n") }\n'
            'ruleset(name="judge") { action(type="mmpstrucdata" sd_name.lowercase="off")\n'
            f'action(type="omfile" file="{self._out}" template="whole") }}\n'
            f'input(type="imudp" address="127.0.0.1" port="{self.port}" ruleset="judge")\n'
        )
        assert RSYSLOGD is not None
        command = [RSYSLOGD, "-n", "-f", str(configuration), "-i", str(folder / "pid")]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE)

    def judge(self, datagrams: list[bytes]) -> list[dict[str, Any]]:
        """What it read, in order; a last one of its own tells that all have been."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.connect(("127.0.0.1", self.port))
            end = time.monotonic() + 60
            self._until_it_listens(sender, end)
            read_before = len(self._lines())
            for datagram in datagrams:
                sender.send(datagram)
            while len(lines := self._lines()) < read_before + len(datagrams):
                assert time.monotonic() < end, f"{len(lines) - read_before} of {len(datagrams)} messages read"
                self.process.poll()
        return [json.loads(line) for line in lines[read_before:]]

    def _until_it_listens(self, sender: socket.socket, end: float) -> None:
        while not self._lines():
            assert time.monotonic() < end
            assert self.process.poll() is None
            with suppress(ConnectionRefusedError):
                sender.send(b"<13>1 - - - - - - hello")

    def _lines(self) -> list[str]:
        # Read whole lines only: the last may be in the making.
        return self._out.read_text().split("\n")[:-1] if self._out.exists() else []
