"""osmo-e1d's control messages: encoded as its public header lays them out, and nothing malformed taken."""

import random
import sys
from typing import Any

import pytest

from drivers._native import ffi, lib
from protocols import e1d


def u16(value: int) -> bytes:
    return value.to_bytes(2, sys.byteorder)


def parse(packet: bytes) -> tuple[int, Any]:
    """The result and the message, from a buffer that ends where the packet ends: sanitizers see a read beyond."""
    octets = ffi.new("uint8_t[]", packet) if packet else ffi.new("uint8_t[1]")
    message = ffi.new("e1d_message *")
    result = lib.e1d_message_parse(octets, len(packet), message)
    return result, (message, octets)  # the message points into the octets


def encoded(function: Any, *arguments: Any) -> bytes:
    octets = ffi.new("uint8_t[]", lib.E1D_REQUEST_OCTETS_MAX)
    return bytes(ffi.buffer(octets, function(octets, *arguments)))


@pytest.mark.parametrize(("layout", "values", "octets"), e1d.VECTORS)
def test_layouts_match_vectors_worked_by_hand(layout: Any, values: dict[str, Any], octets: bytes) -> None:
    assert layout.build(values) == octets
    parsed = layout.parse(octets)
    assert layout.build(parsed) == octets


def test_requests_are_as_the_public_header_lays_them_out() -> None:
    header = u16(0x01E1)
    assert encoded(lib.e1d_encode_query_interfaces) == header + u16(8) + b"\x00\xff\xff\xff"
    assert encoded(lib.e1d_encode_query_lines, 2) == header + u16(8) + b"\x01\x02\xff\xff"
    assert encoded(lib.e1d_encode_query_timeslots, 2, 1) == header + u16(8) + b"\x02\x02\x01\xff"
    assert encoded(lib.e1d_encode_set_line_mode, 2, 1, 0x21) == header + u16(9) + b"\x03\x02\x01\xff\x21"
    info = ffi.new("e1d_timeslot_info *", {"id": 31, "mode": 0x10, "flags": 0x80, "buffer_octets": 310})
    assert encoded(lib.e1d_encode_open_timeslot, 2, 1, info) == header + u16(
        12
    ) + b"\x04\x02\x01\x1f\x10\x80" + u16(310)
    # src/mux_demux.c: Sa8 in bit 7, Sa7 in 6, Sa5 in 5, Sa4 in 4, Sa6 in 0.
    assert encoded(lib.e1d_encode_set_sa_bits, 2, 1, 0b10000) == header + u16(9) + b"\x05\x02\x01\xff\x10"
    assert encoded(lib.e1d_encode_set_sa_bits, 2, 1, 0b00100) == header + u16(9) + b"\x05\x02\x01\xff\x01"


@pytest.mark.parametrize(
    ("sa_bits", "octet"),
    [(0b10000, 0x10), (0b01000, 0x20), (0b00100, 0x01), (0b00010, 0x40), (0b00001, 0x80), (0b11111, 0xF1)],
)
def test_sa_bits_stand_where_the_daemon_puts_them(sa_bits: int, octet: int) -> None:
    assert lib.e1d_octet_of_sa_bits(sa_bits) == octet
    assert lib.e1d_sa_bits_of_octet(octet) == sa_bits
    assert lib.e1d_sa_bits_of_octet(octet | 0x0E) == sa_bits, "bits 1-3 mean nothing"


def test_entries_are_taken_from_responses() -> None:
    interfaces = [{"id": 0, "lines": 2}, {"id": 7, "lines": 1}]
    body = e1d.INTERFACES.build(interfaces)
    result, (message, _keep) = parse(e1d.build_message(0x80, body=body))
    assert (result, lib.e1d_message_entries(message)) == (0, 2)
    info = ffi.new("e1d_interface_info *")
    assert lib.e1d_message_interface(message, 1, info) == 0
    assert (info.id, info.lines) == (7, 1)
    assert lib.e1d_message_interface(message, 2, info) == -1
    assert lib.e1d_message_line(message, 0, ffi.new("e1d_line_info *")) == -1, "no answer to that"


def test_lines_and_timeslots_are_taken_from_responses() -> None:
    line = ffi.new("e1d_line_info *")
    for kind in (0x81, 0x83):
        result, (message, _keep) = parse(e1d.build_message(kind, body=b"\x01\x21\x05"))
        assert result == 0
        assert lib.e1d_message_line(message, 0, line) == 0
        assert (line.id, line.mode, line.status) == (1, 0x21, 5)
    timeslot = ffi.new("e1d_timeslot_info *")
    for kind in (0x82, 0x84):
        result, (message, _keep) = parse(e1d.build_message(kind, body=b"\x1f\x10\x80" + u16(0x1234) + b"\xa5"))
        assert result == 0
        assert lib.e1d_message_timeslot(message, 0, timeslot) == 0
        assert (timeslot.id, timeslot.mode, timeslot.flags, timeslot.status) == (31, 0x10, 0x80, 0xA5)
        assert timeslot.buffer_octets == 0x1234


@pytest.mark.parametrize("kind", [0x80, 0x81, 0x82, 0x83, 0x84, 0x85])
def test_a_refusal_is_a_response_with_nothing_in_it(kind: int) -> None:
    result, (message, _keep) = parse(e1d.build_message(kind))
    assert result == 0
    assert lib.e1d_message_entries(message) == 0
    assert lib.e1d_message_timeslot(message, 0, ffi.new("e1d_timeslot_info *")) == -1


def test_events_are_taken_with_their_line() -> None:
    result, (message, _keep) = parse(e1d.build_message(e1d.Event.SA_BITS, 3, 1, 0, b"\x91"))
    assert result == 0
    assert (message.type, message.interface, message.line, message.timeslot) == (0x7F, 3, 1, 0)
    assert message.body_octets == 1
    assert message.body[0] == 0x91
    assert parse(e1d.build_message(0x50, body=b"anything"))[0] == 0, "events of later versions"


GOOD = e1d.build_message(e1d.Event.SA_BITS, body=b"\x91")


@pytest.mark.parametrize(
    ("what", "packet"),
    [
        ("nothing", b""),
        ("a header cut short", GOOD[:7]),
        ("a header cut short that owns up to it", GOOD[:2] + u16(7) + b"\x50\0\0"),
        ("magic and length alone", GOOD[:2] + u16(4)),
        ("another version", u16(0x00E1) + GOOD[2:]),
        ("a length beyond the packet", GOOD[:2] + u16(10) + GOOD[4:]),
        ("a length within the packet", GOOD[:2] + u16(8) + GOOD[4:]),
        ("a request", e1d.build_message(e1d.Command.QUERY_INTERFACES)),
        ("half an interface", e1d.build_message(0x80, body=b"\0")),
        ("half a line", e1d.build_message(0x81, body=b"\0\0\0\0")),
        ("half a timeslot", e1d.build_message(0x82, body=bytes(11))),
        ("33 timeslots", e1d.build_message(0x82, body=bytes(33 * 6))),
        ("two modes", e1d.build_message(0x83, body=bytes(6))),
        ("two timeslots opened", e1d.build_message(0x84, body=bytes(12))),
        ("Sa bits answered with something", e1d.build_message(0x85, body=b"\0")),
        ("an answer to no command", e1d.build_message(0x86)),
        ("an error with a body", e1d.build_message(0xC1, body=b"\0")),
        ("an alarm with a body", e1d.build_message(e1d.Event.LOS_ON, body=b"\0")),
        ("Sa bits without any", e1d.build_message(e1d.Event.SA_BITS)),
        ("two octets of Sa bits", e1d.build_message(e1d.Event.SA_BITS, body=b"\0\0")),
        ("more than a message may hold", e1d.build_message(0x50, body=bytes(4096 - 8 + 1))),
    ],
)
def test_malformed_packets_are_refused(what: str, packet: bytes) -> None:
    assert parse(packet)[0] == -1, what


def test_the_longest_message_is_taken() -> None:
    assert parse(e1d.build_message(0x50, body=bytes(4096 - 8)))[0] == 0


def valid(packet: bytes) -> bool:
    """The rules of the header once more, as plainly as they can be said."""
    if not 8 <= len(packet) <= 4096 or packet[:2] != u16(0x01E1) or packet[2:4] != u16(len(packet)):
        return False
    kind, body = packet[4], len(packet) - 8
    entry = {0x80: 2, 0x81: 3, 0x82: 6, 0x83: 3, 0x84: 6}.get(kind)
    if entry:
        return body % entry == 0 and body <= {0x80: 512, 0x81: 768, 0x82: 192, 0x83: 3, 0x84: 6}[kind]
    if kind == 0x7F:
        return body == 1
    if 0x48 <= kind < 0x7F:
        return True
    return body == 0 and (kind == 0x85 or 0x40 <= kind <= 0x47 or kind >= 0xC0)


def test_random_packets_are_judged_by_the_rules() -> None:
    chance = random.Random(3)
    seen = {True: 0, False: 0}
    for _ in range(4000):
        body = chance.randbytes(chance.choice([0, 0, 1, 2, 3, 4, 6, 12, 192, 198]))
        kinds = [0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x40, 0x7F, 0x48, 0xC0, chance.randrange(256)]
        packet = bytearray(e1d.build_message(chance.choice(kinds), body=body))
        if chance.random() < 0.2:
            packet[chance.randrange(4)] ^= 1 << chance.randrange(8)
        assert parse(bytes(packet))[0] == (0 if valid(bytes(packet)) else -1), packet.hex()
        seen[valid(bytes(packet))] += 1
    assert min(seen.values()) > 500
