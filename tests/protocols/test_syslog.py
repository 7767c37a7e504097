"""Syslog messages (protocols/syslog.py): the RFC's own examples, and rsyslog as the judge of everything else."""

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.syslog import MESSAGE_VECTORS, OCTETS_MOST, Facility, SyslogMessage, Urgency, encode

AT_ONCE = 50  # datagrams: more could be dropped by the kernel before rsyslog has read them

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
    wrong: tuple[dict[str, dict[str, str]], ...] = ({name: {}}, {"x@32473": {name: "1"}})
    for data in wrong:
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
        """What it read, in order."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.connect(("127.0.0.1", self.port))
            end = time.monotonic() + 60
            self._until_it_listens(sender, end)
            for count in range(0, len(datagrams), AT_ONCE):
                for datagram in datagrams[count : count + AT_ONCE]:
                    sender.send(datagram)
                while len(answers := self._answers()) < min(count + AT_ONCE, len(datagrams)):
                    assert time.monotonic() < end, f"{len(answers)} of {len(datagrams)} messages read"
                    self._wait()
        return answers

    def _until_it_listens(self, sender: socket.socket, end: float) -> None:
        while not self._out.exists():
            assert time.monotonic() < end
            with suppress(ConnectionRefusedError):
                sender.send(b"<13>1 - - - - - - hello")
            self._wait()

    def _wait(self) -> None:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(0.02)
        assert self.process.poll() is None

    def _answers(self) -> list[dict[str, Any]]:
        # Whole lines only: the last may be in the making.
        answers = [json.loads(line) for line in self._out.read_text().split("\n")[:-1]]
        return [answer for answer in answers if answer["msg"] != "hello"]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    if RSYSLOGD is None:
        pytest.skip("rsyslog is not installed: apt-get install rsyslog")
    made = Judge(tmp_path_factory.mktemp("rsyslog"))
    yield made
    made.process.terminate()
    made.process.communicate()


def as_read(message: SyslogMessage) -> dict[str, Any]:
    """What a reader should find, in rsyslog's words."""
    data = {name: dict(values) for name, values in message.data.items()}
    return {
        "syslogfacility": str(int(message.facility)),
        "syslogseverity": str(int(message.urgency)),
        "hostname": message.host,
        "app-name": message.application,
        "procid": message.process or "-",
        "msgid": message.identifier or "-",
    } | ({"rfc5424-sd": data} if data else {})


def read(answer: dict[str, Any]) -> dict[str, Any]:
    """The same of what rsyslog has read."""
    found = {
        name: answer[name]
        for name in ("syslogfacility", "syslogseverity", "hostname", "app-name", "procid", "msgid")
    }
    data = (answer.get("$!") or {}).get("rfc5424-sd")
    return found | ({"rfc5424-sd": data} if data else {})


# What a field can hold as it is; \u2028 and the like are text to us and to rsyslog.
printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=32)
values = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
honest = st.builds(
    SyslogMessage,
    facility=st.sampled_from(Facility),
    urgency=st.sampled_from(Urgency),
    at=st.just("2026-11-25T01:02:03.456Z"),
    host=printable,
    application=printable,
    process=printable,
    identifier=printable,
    data=st.dictionaries(
        names, st.dictionaries(st.text("abc", min_size=1, max_size=8), values, min_size=1), max_size=2
    ),
    text=st.one_of(st.just(""), values.map(lambda text: f"text {text}")),
)


def test_rsyslog_reads_what_was_meant(judge: Judge) -> None:
    sent: list[SyslogMessage] = []

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(honest)
    def collect(message: SyslogMessage) -> None:
        sent.append(message)

    collect()
    answers = judge.judge([encode(message) for message in sent])
    for message, answer in zip(sent, answers, strict=True):
        assert read(answer) == as_read(message)
        assert answer["timereported"].startswith("2026-11-25T01:02:03.456")
        assert answer["msg"].removeprefix("\ufeff") == message.text
