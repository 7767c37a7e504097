"""Ports by their URLs: where a span's line goes in and out.

`satop:` is RFC 4553 over UDP, `e1d:` a line of osmo-e1d (icE1usb), `dahdi:` a DAHDI span; `file:` replays a file
and records to a new one. How they are written stands in PORT_SCHEMES.

`line:` ports are made in pairs, by joining two spans of a shelf (drivers.engine.Span.join).
"""

from collections.abc import Callable
from functools import partial
from random import SystemRandom
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from drivers._native import ffi, lib
from drivers.engine.port import Port, PortError, opened

SLACK_FRAMES = 16  # how unevenly ports of the outside world may deliver before a slip
ERROR_OCTETS = 200  # what e1d_port_open and dahdi_port_open fill in
UNSET = 0xFF  # no interface or line has this number (osmo-e1d)
SPANS_MAX = 128  # DAHDI


class _Query:
    """The part of a URL behind the question mark, each word known and used once."""

    def __init__(self, url: str, text: str, known: tuple[str, ...]) -> None:
        self._url = url
        try:
            words = parse_qs(text, strict_parsing=True) if text else {}
        except ValueError:
            raise PortError(f"{url}: {text!r} is no list of NAME=VALUE joined by &") from None
        for name, values in words.items():
            if name not in known or len(values) > 1:
                raise PortError(f"{url}: {name}: unknown or given twice; there are {', '.join(known)}")
        self._values = {name: values[0] for name, values in words.items()}

    def text(self, name: str) -> str | None:
        return self._values.get(name)

    def number(self, name: str, default: int) -> int:
        value = self._values.get(name)
        if value is None:
            return default
        if not value.isdecimal() or len(value) > 9:
            raise PortError(f"{self._url}: {name}={value} is no number")
        return int(value)

    def flag(self, name: str) -> bool:
        value = self._values.get(name, "no")
        if value not in ("yes", "no"):
            raise PortError(f"{self._url}: {name}={value} is neither yes nor no")
        return value == "yes"


def _host_and_port(url: str, text: str, default: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    try:
        return parts.hostname or "", parts.port if parts.port is not None else default
    except ValueError:
        raise PortError(f"{url}: {text!r} is no HOST:PORT with a port of 0-65535") from None


class _Opening:
    """Opens a port by a back end's function when it is called; `texts` are what `options` points to."""

    def __init__(
        self, url: str, function: Callable[[Any, Any], Any], options: Any, error: Any, *texts: Any
    ) -> None:
        self._url = url
        self._function = function
        self._options = options
        self._error = error
        self._texts = texts

    def __call__(self) -> Port:
        return opened(self._url, self._function(self._options, self._error), self._error)


def _text(text: str) -> Any:
    """A C string that lives as long as what is returned."""
    return ffi.new("char[]", text.encode())


Opening = Callable[[], Port]


def _satop(url: str, parts: SplitResult) -> Opening:
    query = _Query(url, parts.query, ("local", "payload", "depth", "rtp"))
    host, port = _host_and_port(url, parts.netloc, lib.SATOP_UDP_PORT)
    if not host or parts.path not in ("", "/"):
        raise PortError(f"{url}: say which host: satop://HOST:PORT")
    local_host, local_port = _host_and_port(url, query.text("local") or "", lib.SATOP_UDP_PORT)
    options = ffi.new("satop_port_options *", lib.satop_port_options_default())
    pseudowire = options.pseudowire
    pseudowire.payload_octets = query.number("payload", pseudowire.payload_octets)
    pseudowire.depth_ms = query.number("depth", pseudowire.depth_ms)
    pseudowire.rtp = query.flag("rtp")
    chance = SystemRandom()  # as RFC 3550 5.1 wants them, so that no two ends are alike
    pseudowire.first_sequence = chance.getrandbits(16)
    pseudowire.first_timestamp, pseudowire.ssrc = chance.getrandbits(32), chance.getrandbits(32)
    fault = lib.satop_options_fault(ffi.addressof(options, "pseudowire"))
    if fault != ffi.NULL:
        raise PortError(f"{url}: {ffi.string(fault).decode()}")
    texts = [_text(host), _text(local_host)]
    options.remote_host, options.remote_port = texts[0], port
    options.local_host, options.local_port = texts[1] if local_host else ffi.NULL, local_port
    error = ffi.new("char[]", lib.SATOP_ERROR_OCTETS)
    return _Opening(url, lib.satop_port_open, options, error, texts)


def open_file(
    name: str, replay: str = "", record: str = "", repeat: bool = False, overwrite: bool = False
) -> Port:
    """A port that replays a file of raw bits, records what is sent to another, or both; raises PortError.

    `overwrite`: what the recording's file holds is given up; otherwise it must be new or empty.
    """
    texts = [_text(replay), _text(record)]
    options = ffi.new("file_port_options *")
    options.replay_path = texts[0] if replay else ffi.NULL
    options.record_path = texts[1] if record else ffi.NULL
    options.repeat, options.overwrite = repeat, overwrite
    error = ffi.new("char[]", lib.FILE_PORT_ERROR_OCTETS)
    return opened(name, lib.file_port_open(options, error), error)


def _file(url: str, parts: SplitResult) -> Opening:
    query = _Query(url, parts.query, ("record", "repeat"))
    return partial(open_file, url, unquote(parts.path), query.text("record") or "", query.flag("repeat"))


def _e1d(url: str, parts: SplitResult) -> Opening:
    query = _Query(url, parts.query, ("channelised", "force"))
    socket, interface, line = ["", "", *unquote(parts.path).rsplit("/", 2)][-3:]
    if not all(number.isdecimal() and int(number) < UNSET for number in (interface, line)):
        raise PortError(f"{url}: say which line: e1d:SOCKET/INTERFACE/LINE, e1d:/0/0 for the usual socket's first")
    options = ffi.new("e1d_options *")
    path = _text(socket)
    options.socket_path = path if socket else ffi.NULL
    options.interface, options.line = int(interface), int(line)
    # One stream of all timeslots cannot shift against itself, and costs a tenth of the system calls.
    options.superchannel, options.force = not query.flag("channelised"), query.flag("force")
    error = ffi.new("char[]", ERROR_OCTETS)
    return _Opening(url, lib.e1d_port_open, options, error, path)


def _dahdi(url: str, parts: SplitResult) -> Opening:
    _Query(url, parts.query, ())
    if not parts.path.isdecimal() or not 1 <= int(parts.path) <= SPANS_MAX:
        raise PortError(f"{url}: spans are numbered 1-{SPANS_MAX}: dahdi:1")
    error = ffi.new("char[]", ERROR_OCTETS)
    options = ffi.new("dahdi_options *", {"span": int(parts.path)})
    return _Opening(url, lib.dahdi_port_open, options, error)


_KINDS: dict[str, Callable[[str, SplitResult], Opening]] = {
    "satop": _satop,
    "e1d": _e1d,
    "dahdi": _dahdi,
    "file": _file,
}

# How the URLs of each kind are written.
PORT_SCHEMES = {
    "satop": "satop://HOST[:PORT][?local=HOST:PORT&payload=OCTETS&depth=MS&rtp=yes]",
    "e1d": "e1d:[SOCKET]/INTERFACE/LINE[?channelised=yes&force=yes]",
    "dahdi": "dahdi:SPAN",
    "file": "file:PATH[?record=PATH&repeat=yes]",
}


def read_port_url(url: str) -> Opening:
    """What opens the port a URL names; raises PortError, one line with the URL and the reason, for none."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise PortError(f"{url}: {error}") from None
    kind = _KINDS.get(parts.scheme)
    if kind is None:
        raise PortError(f"{url}: no such kind of port; there are {', '.join(f'{name}:' for name in _KINDS)}")
    return kind(url, parts)


def open_port(url: str) -> Port:
    """Opens the port a URL names; raises PortError, one line with the URL and the reason, where it cannot."""
    return read_port_url(url)()
