"""What a span's port counts besides its span: names and values to read, by the kind of port."""

from collections.abc import Callable
from typing import Any, NamedTuple

from drivers._native import ffi, lib
from drivers.engine import Span

Pairs = list[tuple[str, str | int]]

KINDS = {
    lib.SPAN_PORT_NONE: "open",
    lib.SPAN_PORT_LINE: "line",
    lib.SPAN_PORT_SATOP: "satop",
    lib.SPAN_PORT_E1D: "e1d",
    lib.SPAN_PORT_DAHDI: "dahdi",
    lib.SPAN_PORT_FILE: "file",
    lib.SPAN_PORT_OTHER: "other",
}


class PortStatistics(NamedTuple):
    """`kind`: open, line, satop, e1d, dahdi, file; `framed`: an adaptor frames the line; `signal_lost`: the port
    knows that no signal comes; `gone`: because what it talks to is gone (peer, daemon, card, rest of the file);
    `pairs`: everything counted since it was opened."""

    kind: str
    framed: bool
    signal_lost: bool
    gone: bool
    pairs: Pairs


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def _line(statistics: Any) -> Pairs:
    line = statistics.line
    return [
        ("bits delivered", line.bits),
        ("bit errors made", line.bit_errors),
        ("bursts made", line.bursts),
        ("violations made", line.violations),
        ("bits lost", line.bits_lost),
        ("bits repeated", line.bits_repeated),
    ]


def _satop(statistics: Any) -> Pairs:
    satop, received = statistics.satop, statistics.satop.received
    refused = sum(received.refused[verdict] for verdict in range(1, lib.SATOP_VERDICTS))
    return [
        ("packets sent", satop.packets_sent),
        ("packets not sent", satop.packets_unsent),
        ("packets received", received.refused[lib.SATOP_VALID]),
        ("packets refused", refused),
        ("packets played", received.played),
        ("packets lost", received.lost),
        ("packets reordered", received.reordered),
        ("packets late", received.late),
        ("packets duplicate", received.duplicates),
        ("packets dropped, buffer full", received.dropped),
        ("jitter buffer underruns", received.underruns),
        ("jitter buffer level (octets)", received.fill_octets),
        ("jitter buffer target (octets)", received.target_octets),
        ("resynchronisations", received.resynchronisations),
        ("packet loss states", received.losses),
        ("in packet loss state", _yes(received.loss_state)),
        ("far end's line faulty (L)", _yes(received.local_defect)),
        ("far end does not hear us (R)", _yes(received.remote_defect)),
        ("peer unreachable", satop.peer_unreachable),
        ("socket errors", satop.socket_errors),
    ]


def _e1d(statistics: Any) -> Pairs:
    e1d = statistics.e1d
    return [
        ("receive restarts", e1d.receive_restarts),
        ("send restarts", e1d.send_restarts),
        ("daemon found too little to send", e1d.send_dry),
        ("bad messages", e1d.bad_messages),
        ("refusals", e1d.refusals),
        ("failed attempts to find the daemon", e1d.failed_attempts),
    ]


def _dahdi(statistics: Any) -> Pairs:
    dahdi = statistics.dahdi
    return [
        ("timeslots open", bin(dahdi.timeslots).count("1")),
        ("of them with signalling", bin(dahdi.cas_timeslots).count("1")),
        ("restarts", dahdi.restarts),
        ("driver events", dahdi.events),
        ("failed attempts to find the card", dahdi.failed_attempts),
    ]


def _file(statistics: Any) -> Pairs:
    file = statistics.file
    return [
        ("octets replayed", file.replayed_octets),
        ("octets recorded", file.recorded_octets),
        ("replay error (errno)", file.replay_error),
        ("record error (errno)", file.record_error),
    ]


_READERS: dict[int, Callable[[Any], Pairs]] = {
    lib.SPAN_PORT_LINE: _line,
    lib.SPAN_PORT_SATOP: _satop,
    lib.SPAN_PORT_E1D: _e1d,
    lib.SPAN_PORT_DAHDI: _dahdi,
    lib.SPAN_PORT_FILE: _file,
}


def _gone(statistics: Any, signal_lost: bool) -> bool:
    match statistics.kind:
        case lib.SPAN_PORT_E1D:
            return not statistics.e1d.open
        case lib.SPAN_PORT_DAHDI:
            return not statistics.dahdi.open
        case lib.SPAN_PORT_SATOP | lib.SPAN_PORT_FILE:
            return signal_lost
        case _:
            return False


def port_statistics(span: Span) -> PortStatistics:
    """Of the port a span has now, as of the last block."""
    statistics = ffi.new("span_port_statistics *")
    lib.span_read_port_statistics(span.native, statistics)
    status = statistics.status
    common: Pairs = [
        ("underruns (ms without anything to receive)", status.underruns),
        ("overruns (ms that found no room)", status.overruns),
        ("reconnections", status.reconnections),
    ]
    if statistics.framed:
        common += [
            ("adaptor: bipolar violations", status.bipolar_violations),
            ("adaptor: FAS errors", status.fas_errors),
            ("adaptor: CRC errors", status.crc_errors),
            ("adaptor: E bit errors", status.e_bit_errors),
        ]
    reader = _READERS.get(statistics.kind)
    signal_lost = bool(status.alarms & lib.PORT_SIGNAL_LOST)
    return PortStatistics(
        kind=KINDS[statistics.kind],
        framed=bool(statistics.framed),
        signal_lost=signal_lost,
        gone=_gone(statistics, signal_lost),
        pairs=common + (reader(statistics) if reader else []),
    )
