"""The syslog sender (drivers/syslog.py): what cannot be sent is counted and told, and holds up nobody."""

import queue
import socket
import threading
from collections.abc import Iterator

import pytest

from drivers import syslog
from drivers.syslog import SyslogAddressError, SyslogSender, parse_address

PATIENCE_S = 60.0


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(PATIENCE_S)
        yield made


def port_of(server: socket.socket) -> int:
    port: int = server.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("logs.example:6514", ("logs.example", 6514)),
        ("192.0.2.1:514", ("192.0.2.1", 514)),
        ("[2001:db8::1]:10514", ("2001:db8::1", 10514)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":514",
        "host:",
        "host:0",
        "host:65536",
        "host:x",
        "host:-1",
        "host:٣",
        "2001:db8::1",
        "[]:514",
        "host",
        "[::1]",
        "a b:514",
        "user@host:514",
    ],
)
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(SyslogAddressError, match=r"syslog server .*(HOST:PORT|in brackets)"):
        parse_address(text)


def test_datagrams_arrive_in_order(server: socket.socket) -> None:
    sender = SyslogSender("127.0.0.1", port_of(server), lambda failure: None)
    for number in range(100):
        sender.send(str(number).encode())
    assert [server.recv(100) for _ in range(100)] == [str(number).encode() for number in range(100)]
    sender.close()
    assert sender.join(PATIENCE_S)
    assert (sender.sent, sender.dropped) == (100, 0)


def test_a_name_that_cannot_be_one_is_a_failure_like_others() -> None:
    told: queue.Queue[str] = queue.Queue()
    sender = SyslogSender(*parse_address("a..b:514"), told.put)
    sender.send(b"1")
    assert told.get(timeout=PATIENCE_S).startswith("syslog server a..b:514: ")
    sender.send(b"2")
    sender.close()
    assert sender.join(PATIENCE_S)
    assert (sender.sent, sender.dropped) == (0, 2)


def test_what_waits_is_sent_before_the_end(server: socket.socket) -> None:
    sender = SyslogSender("127.0.0.1", port_of(server), lambda failure: None)
    for number in range(50):
        sender.send(str(number).encode())
    sender.close()
    assert sender.join(PATIENCE_S)
    assert sender.sent == 50


def test_nobody_listens_then_somebody_does() -> None:
    """A refusal (ICMP) is heard of with the datagram after, which is not lost, and is no recovery."""
    outcomes: queue.Queue[str] = queue.Queue()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = port_of(server)
    sender = SyslogSender("127.0.0.1", port, outcomes.put)
    for _ in range(20):
        sender.send(b"is anybody there")
    assert outcomes.get(timeout=PATIENCE_S) == f"syslog server 127.0.0.1:{port}: Connection refused"
    while sender.sent < 20:
        threading.Event().wait(0.001)
    assert outcomes.empty()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", port))
        server.settimeout(PATIENCE_S)
        for text in (b"one", b"two", b"three"):
            sender.send(text)
            assert server.recv(100) == text
        assert outcomes.get(timeout=PATIENCE_S) == ""
    sender.close()
    assert sender.join(PATIENCE_S)
    assert 10 <= sender.dropped <= 20
    assert outcomes.empty()


def test_name_that_is_not_known_is_asked_for_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def unknown(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    outcomes: queue.Queue[str] = queue.Queue()
    sender = SyslogSender("nowhere.invalid", 514, outcomes.put)
    for _ in range(100):
        sender.send(b"x")
    told = outcomes.get(timeout=PATIENCE_S)
    assert told == "syslog server nowhere.invalid:514: Name or service not known"
    sender.close()
    assert sender.join(PATIENCE_S)
    assert (sender.sent, sender.dropped, len(asked)) == (0, 100, 1)
    assert outcomes.empty()


def test_name_service_that_does_not_answer_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()

    def slow(*_: object, **__: object) -> None:
        answer.wait(PATIENCE_S)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    sender = SyslogSender("slow.invalid", 514, lambda failure: None)
    for _ in range(syslog.QUEUE + 500):
        sender.send(b"x")
    assert sender.dropped >= 499
    sender.close()  # full as it is
    answer.set()
    assert sender.join(PATIENCE_S)
    assert sender.sent == 0
