"""Every fault is found at once, with its path and what is permitted; nothing makes the check fail."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.alarms.catalogue import CATALOGUE
from firmware.configuration.check import InvalidConfigurationError, plain, value_problem
from firmware.configuration.common import DEVICE_PATTERN
from firmware.configuration.description import Leaf, find
from firmware.configuration.kind import BoxKind, encode, parse
from firmware.configuration.target import Problem
from firmware.plant import KINDS
from firmware.qm.configuration import QueuingMachineConfiguration
from firmware.qm.kind import QUEUING_MACHINE
from firmware.vp.kind import VOICE_BOX
from tests.firmware.configuration import trees

ANYTHING: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just({})
)


def paths(values: dict[str, Any], kind: BoxKind[Any] = QUEUING_MACHINE) -> list[str]:
    return sorted(problem.path for problem in kind.check(values).problems)


def test_all_faults_at_once() -> None:
    values = {
        "schema": 3,
        "site": {"name": "x" * 33, "phone": "1"},
        "console": {"tcp_port": 65536, "serial": {"9": {"device": "/dev/ttyS0"}, "2": {"speed": 9600}}},
        "alarms": 7,
        "ports": {"1": {"framing": "sf", "recognition_ms": 21}, "one": {}},
        "clock": {"ssm_bit": True, "wait_to_restore_s": "long", "sources": [1, 17]},
        "surprise": 1,
    }
    found = QUEUING_MACHINE.check(values)
    assert sorted(problem.path for problem in found.problems) == [
        "alarms",
        "clock.sources",
        "clock.ssm_bit",
        "clock.wait_to_restore_s",
        "console.serial.2.device",
        "console.serial.9",
        "console.tcp_port",
        "ports.1.framing",
        "ports.1.recognition_ms",
        "ports.one",
        "schema",
        "site.name",
        "site.phone",
        "surprise",
    ]
    by_path = {problem.path: problem for problem in found.problems}
    assert by_path["ports.1.framing"] == Problem(
        "ports.1.framing", "'sf' is not permitted", "crc4, double-frame, automatic"
    )
    assert by_path["ports.1.recognition_ms"].permitted == "a whole number 10-30 ms in steps of 2"
    assert by_path["console.serial.2.device"].text == "is missing"
    assert by_path["console.serial.9"].permitted == "1-8"
    assert by_path["site.phone"].permitted == "name, contact"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, 721, "300", True, None, [], {}, 10**40])
def test_numbers_that_are_none(value: Any) -> None:
    assert paths({"clock": {"wait_to_restore_s": value}}) == ["clock.wait_to_restore_s"]


@pytest.mark.parametrize("value", ["a\nb", "\x1b[2J", "\x7f", "a\u2028b", "\ud800"])
def test_text_that_would_tear_a_report(value: str) -> None:
    (problem,) = QUEUING_MACHINE.check({"site": {"name": value}}).problems
    assert (problem.path, problem.text.isprintable()) == ("site.name", True)


def test_messages_stay_short() -> None:
    (problem,) = QUEUING_MACHINE.check({"site": {"name": "x" * 1_000_000}}).problems
    assert len(str(problem)) < 200


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ({"clock": {"sources": [2]}}, {"clock.sources": "1"}),
        ({"clock": {"sources": [1, 1]}}, {"clock.sources": "each port once"}),
        ({"clock": {"sources": []}, "ports": {}}, {}),
        ({"ports": {"1": {"url": "dahdi:1"}, "2": {"url": "dahdi:1"}}}, {"ports.2.url": "a line for each"}),
        ({"ports": {"1": {"url": "line:"}, "2": {"url": "line:"}}}, {}),
        (
            {"ports": {"1": {"url": "isdn:1"}}},
            {"ports.1.url": "line:, satop:..., e1d:..., dahdi:..., file:..."},
        ),
        ({"ports": {"1": {"url": "satop://gw?depth=9"}}}, {}),
        ({"ports": {"1": {"url": "satop://gw?depht=9"}}}, {"ports.1.url": "satop://HOST"}),
        ({"ports": {"1": {"url": "satop://gw?payload=0"}}}, {"ports.1.url": "satop://HOST"}),
        ({"ports": {"1": {"url": "satop://[gw"}}}, {"ports.1.url": "satop://HOST"}),
        ({"ports": {"1": {"url": "e1d:0"}}}, {"ports.1.url": "e1d:[SOCKET]/INTERFACE/LINE"}),
        ({"ports": {"1": {"url": "dahdi:0"}}}, {"ports.1.url": "dahdi:SPAN"}),
        ({"ports": {"1": {"url": "file:/tmp/x?repeat=maybe"}}}, {"ports.1.url": "file:PATH"}),
        ({"console": {"tcp_address": "0.0.0.0"}}, {}),
        ({"console": {"tcp_address": "localhost"}}, {"console.tcp_address": "an IP address"}),
        ({"console": {"tcp_address": "0.0.0.0", "tcp_port": 23}}, {"console.tcp_address": "127.0.0.1"}),
        ({"console": {"tcp_address": "::1", "tcp_port": 23}}, {}),
        (
            {"console": {"tcp_address": "0.0.0.0", "tcp_port": 23, "tls_certificate": "/c", "tls_key": "/k"}},
            {},
        ),
        ({"console": {"tls_certificate": "/c"}}, {"console.tls_key": "PEM"}),
        ({"console": {"tls_key": "/k"}}, {"console.tls_certificate": "PEM"}),
        ({"console": {"tls_certificate": "c.pem", "tls_key": "/k"}}, {"console.tls_certificate": "from the root"}),
        (
            {"console": {"serial": {"1": {"device": "/dev/ttyS0"}, "2": {"device": "/dev/ttyS0"}}}},
            {"console.serial.2.device": "a device for each"},
        ),
        ({"console": {"serial": {"1": {"device": "COM1"}}}}, {"console.serial.1.device": "/dev/"}),
        ({"alarms": {"syslog": "log.example:514"}}, {}),
        ({"alarms": {"syslog": "[2001:db8::1]:514"}}, {}),
        ({"alarms": {"syslog": "log.example"}}, {"alarms.syslog": "HOST:PORT"}),
        ({"alarms": {"syslog": "log.example:x"}}, {"alarms.syslog": "HOST:PORT"}),
        ({"alarms": {"syslog": "a/b:514"}}, {"alarms.syslog": "HOST:PORT"}),
        ({"alarms": {"metrics_address": "any"}}, {"alarms.metrics_address": "an IP address"}),
        (
            {"alarms": {"metrics_port": 9100}, "console": {"tcp_port": 9100}},
            {"alarms.metrics_port": "another port"},
        ),
    ],
)
def test_what_no_single_value_says(values: dict[str, Any], problems: dict[str, str]) -> None:
    found = QUEUING_MACHINE.check(values).problems
    assert [problem.path for problem in found] == list(problems)
    for problem in found:
        assert problems[problem.path] in problem.permitted


def test_relations_are_checked_where_their_parts_are_good() -> None:
    values = {"site": {"name": 1}, "clock": {"sources": [5]}, "console": {"tcp_address": "x", "tcp_port": -1}}
    # The console's address is not looked at: its table has another fault. The clock's sources are.
    assert paths(values) == ["clock.sources", "console.tcp_port", "site.name"]


def mutilated(values: Any, chance: st.DataObject) -> Any:
    """Values of which some have been replaced by anything at all."""
    if not isinstance(values, dict) or chance.draw(st.integers(0, 5)) == 0:
        return chance.draw(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just({})
        )
    return {key: mutilated(below, chance) for key, below in values.items()}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@given(st.data())
def test_random_trees_go_out_as_toml_and_come_back(kind: BoxKind[Any], data: st.DataObject) -> None:
    found = kind.check(data.draw(trees.values(kind.description)))
    relations = {problem.path for problem in found.problems}
    assert found.tree is not None
    # Single values are good: only relations may be found at fault.
    assert relations <= {
        *(f"ports.{number}.url" for number in range(1, 17)),
        *(f"console.serial.{number}.device" for number in range(1, 9)),
        "clock.sources",
        "console.tcp_address",
        "console.tls_key",
        "console.tls_certificate",
        "alarms.syslog",
        "alarms.metrics_address",
        "alarms.metrics_port",
    }
    again = kind.check(parse(encode(found.tree)))
    assert again.tree == found.tree
    assert plain(again.tree) == parse(encode(found.tree))


@given(st.data())
def test_nothing_makes_the_check_raise_or_change_its_input(data: st.DataObject) -> None:
    values = data.draw(trees.values(VOICE_BOX.description))
    spoilt = mutilated(values, data)
    before = copy.deepcopy(spoilt)
    if isinstance(spoilt, dict):
        found = VOICE_BOX.check(spoilt)
        assert found.problems or found.tree is not None
    assert repr(spoilt) == repr(before)


@given(st.from_regex(DEVICE_PATTERN) | st.text(max_size=20).map("/dev/{}".format))
def test_every_permitted_device_is_an_alarms_object(device: str) -> None:
    leaf = find(QUEUING_MACHINE.description, "console.serial.1.device")
    assert isinstance(leaf, Leaf)
    permitted = value_problem(leaf, device, "") is None
    assert not permitted or CATALOGUE["CONSOLE_SERIAL_LOST"].names(f"serial {device}")


@pytest.mark.parametrize("name", ["tty;x", "tty,x", "tty x", ""])
def test_devices_that_are_no_alarms_object(name: str) -> None:
    assert paths({"schema": 2, "console": {"serial": {"1": {"device": f"/dev/{name}"}}}}) == [
        "console.serial.1.device"
    ]


@pytest.mark.parametrize("text", ["a = " + "[" * 200 + "]" * 200, "a" + ".a" * 5000 + " = 1", "a=" + "{a=" * 5000])
def test_depth_that_would_exhaust_the_stack(text: str) -> None:
    with pytest.raises(InvalidConfigurationError, match=r"deep|TOML"):
        QUEUING_MACHINE.decode(text.encode())


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_octets_that_are_no_configuration_are_refused(octets: bytes) -> None:
    try:
        tree = QUEUING_MACHINE.decode(octets)
    except InvalidConfigurationError as error:
        assert error.problems
    else:
        assert isinstance(tree, QueuingMachineConfiguration)
