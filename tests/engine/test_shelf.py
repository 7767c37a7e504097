"""A shelf through its owners (drivers.engine): streams, connections, hops, events, both kinds of time, errors."""

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator

import pytest

from drivers import clock
from drivers.engine import (
    IDLE_CODE,
    EngineError,
    Event,
    EventKind,
    Framing,
    Shelf,
    Sound,
    Span,
    SpanOptions,
    SwitchBoard,
    Tone,
    VoiceBoard,
    dtmf_tone,
)

# A delay of 777 bits; HDB3 takes four bit times each to code and to decode (G.703 annex A).
PHASE = (777 + 4 + 4) % 512
MS = 1_000_000
IDLE = bytes([IDLE_CODE])


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with Shelf(64) as made:
        yield made


def run(shelf: Shelf, milliseconds: int) -> None:
    """Runs so long, handing every event over."""
    until = shelf.now_ns + milliseconds * MS
    while shelf.now_ns < until:
        shelf.run(until)
        shelf.dispatch()


def noise(octets: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(octets)


def record(shelf: Shelf, board: VoiceBoard, channel: int, milliseconds: int) -> bytes:
    board.record_start(channel)
    run(shelf, milliseconds)
    board.record_stop(channel)
    return board.record_read(channel)


def test_streams_0_to_7_hold_the_256_octets(shelf: Shelf) -> None:
    board = VoiceBoard(shelf)
    for stream in range(8):
        board.attach(stream)
        for channel in range(32):
            assert record(shelf, board, channel, 2) == bytes([32 * stream + channel]) * 16


def test_unattached_and_unconnected_is_idle(shelf: Shelf) -> None:
    switch, board = SwitchBoard(shelf, 1), VoiceBoard(shelf)
    board.attach(switch.streams[0])
    assert record(shelf, board, 3, 4) == IDLE * 32


@pytest.mark.parametrize("hops", [1, 2, 5])
def test_each_hop_takes_a_millisecond(shelf: Shelf, hops: int) -> None:
    """Sound and recording start together; what is in between is a chain of switches."""
    sender, listener = VoiceBoard(shelf), VoiceBoard(shelf)
    stream = sender.stream
    for _ in range(hops - 1):
        switch = SwitchBoard(shelf, 1)
        switch.attach(0, stream)
        switch.connect((0, 7), (0, 7))
        stream = switch.streams[0]
    listener.attach(stream)
    speech = noise(80)
    sender.play_sound(7, Sound(speech), tag=1)
    assert record(shelf, listener, 7, 16) == IDLE * 8 * hops + speech + IDLE * 8 * (6 - hops)


def test_order_of_making_does_not_matter(shelf: Shelf) -> None:
    """Here the listener comes before what it hears; the hop is the same."""
    listener, switch, sender = VoiceBoard(shelf), SwitchBoard(shelf, 1), VoiceBoard(shelf)
    listener.attach(switch.streams[0])
    switch.attach(0, sender.stream)
    switch.connect((0, 7), (0, 7))
    speech = noise(80)
    sender.play_sound(7, Sound(speech), tag=1)
    assert record(shelf, listener, 7, 16) == IDLE * 16 + speech + IDLE * 32


def test_any_timeslot_to_any_other_and_no_further(shelf: Shelf) -> None:
    """Both ways between random timeslots of eight ports; every other timeslot stays idle."""
    chance = random.Random(2)
    switch = SwitchBoard(shelf, 8)
    boards = [VoiceBoard(shelf) for _ in range(8)]
    sounds = {}
    for port, board in enumerate(boards):
        switch.attach(port, board.stream)
        board.attach(switch.streams[port])
        for timeslot in range(32):
            sounds[port, timeslot] = noise(400, seed=32 * port + timeslot)
            board.play_sound(timeslot, Sound(sounds[port, timeslot]), tag=1)
    ends = list(sounds)
    chance.shuffle(ends)
    pairs = list(zip(ends[:96], ends[96:192], strict=True))
    for one, other in pairs:
        switch.connect(one, other)
    expected = dict.fromkeys(ends, IDLE * 384)
    expected.update({one: sounds[other][:384] for one, other in pairs})
    expected.update({other: sounds[one][:384] for one, other in pairs})
    run(shelf, 2)
    for port, timeslot in ends:
        boards[port].record_start(timeslot)
    run(shelf, 48)
    heard = {(port, timeslot): boards[port].record_read(timeslot) for port, timeslot in ends}
    assert heard == expected


def test_connection_follows_the_port_and_ends_with_the_idle_code(shelf: Shelf) -> None:
    switch, listener = SwitchBoard(shelf, 2), VoiceBoard(shelf)
    listener.attach(switch.streams[1])
    switch.connect((0, 5), (1, 5))
    switch.attach(0, 2)  # code streams: timeslot 5 of stream 2 is octet 69
    run(shelf, 2)
    assert record(shelf, listener, 5, 2) == bytes([69]) * 16
    switch.attach(0, 3)
    run(shelf, 2)
    assert record(shelf, listener, 5, 2) == bytes([101]) * 16
    switch.disconnect((0, 5), (1, 5))
    run(shelf, 2)
    assert record(shelf, listener, 5, 2) == IDLE * 16


def test_connection_can_be_taken_over(shelf: Shelf) -> None:
    switch, listener = SwitchBoard(shelf, 1), VoiceBoard(shelf)
    listener.attach(switch.streams[0])
    switch.attach(0, 0)
    switch.connect((0, 5), (0, 5))
    switch.connect((0, 9), (0, 5))
    run(shelf, 2)
    assert record(shelf, listener, 5, 1) == bytes([9]) * 8


def test_segments_follow_each_other_without_a_gap(shelf: Shelf) -> None:
    """Sounds that are no whole number of blocks long; PLAY_DONE comes in the block of the last sample."""
    sender, listener = VoiceBoard(shelf), VoiceBoard(shelf)
    listener.attach(sender.stream)
    events: list[Event] = []
    sender.listen(events.append)
    lengths = [1, 7, 8, 9, 1, 100, 3]
    sounds = [noise(length, seed=length) for length in lengths]
    for tag, sound in enumerate(sounds):
        sender.play_sound(4, Sound(sound), tag)
        sender.play_silence(4, 3, tag + 100)
    played = b"".join(sound + IDLE * 3 for sound in sounds)
    recorded = record(shelf, listener, 4, 30)
    assert recorded == IDLE * 8 + played + IDLE * (240 - 8 - len(played))
    assert [(event.kind, event.timeslot) for event in events] == [(EventKind.PLAY_DONE, 4)] * 14
    ends, at = [], 0
    for tag, length in enumerate(lengths):
        for told, samples in ((tag, length), (tag + 100, 3)):
            at += samples
            ends.append((told, -(-at // 8) * MS))
    assert [(event.value, event.time_ns) for event in events] == ends


def test_stopped_channel_is_silent_and_says_nothing(shelf: Shelf) -> None:
    sender, listener = VoiceBoard(shelf), VoiceBoard(shelf)
    listener.attach(sender.stream)
    events: list[Event] = []
    sender.listen(events.append)
    sender.play_sound(4, Sound(noise(800)), 1)
    sender.play_tone(4, dtmf_tone("5", -9.0), 800, 2)
    run(shelf, 3)
    sender.play_stop(4)
    run(shelf, 1)
    assert record(shelf, listener, 4, 20) == IDLE * 160
    assert events == []


def test_digits_are_told_with_channel_and_time(shelf: Shelf) -> None:
    sender, listener = VoiceBoard(shelf), VoiceBoard(shelf)
    listener.attach(sender.stream)
    events: list[Event] = []
    listener.listen(events.append)
    for channel in (0, 15, 31):
        sender.play_tone(channel, dtmf_tone("#", -9.0), 8 * 70, 1)
    listener.hear_digits(0, True)
    listener.hear_digits(31, True)
    run(shelf, 150)
    told = [(event.kind, event.timeslot, chr(event.value)) for event in events]
    assert told == [(kind, c, "#") for kind in (EventKind.DIGIT_BEGIN, EventKind.DIGIT_END) for c in (0, 31)]
    # Windows of 13 ms from the first block on, the tone after a hop of one: two windows to begin and two to end.
    assert [event.time_ns // MS for event in events] == [26, 26, 91, 91]
    assert [event.sequence for event in events] == sorted(event.sequence for event in events)


def test_recording_that_nobody_reads_stops_and_says_so(shelf: Shelf) -> None:
    board = VoiceBoard(shelf)
    board.attach(0)
    events: list[Event] = []
    board.listen(events.append)
    board.record_start(9)
    run(shelf, 9000)
    *data, overrun = events
    assert [event.value for event in data] == [4000 * k for k in range(1, 17)]
    assert (overrun.kind, overrun.value, overrun.time_ns) == (EventKind.RECORD_OVERRUN, 65536, 8193 * MS)
    assert board.record_read(9) == b"\t" * 65536


def test_events_are_in_order_and_none_is_missing(shelf: Shelf) -> None:
    boards = [VoiceBoard(shelf) for _ in range(4)]
    events: list[Event] = []
    for number, board in enumerate(boards):
        board.listen(events.append)
        for channel in range(32):
            board.play_silence(channel, 8 * (1 + (channel * 7 + number) % 11), channel)
    run(shelf, 20)
    assert [event.sequence for event in events] == list(range(128))
    assert [event.time_ns for event in events] == sorted(event.time_ns for event in events)


def test_ring_that_overflows_says_how_many_events_are_lost(shelf: Shelf) -> None:
    """Nine boards queue 64 empty segments on each channel: 18 432 events in a block, with room for 16 384."""
    boards = [VoiceBoard(shelf) for _ in range(9)]
    seen: list[Event] = []
    for board in boards:
        board.listen(seen.append)
        for channel in range(32):
            for tag in range(64):
                board.play_silence(channel, 0, tag)
    assert shelf.run(MS) == 16384 + 1
    with pytest.raises(EngineError, match=r"^2048 events were lost: the event ring overran: [^\n]*$"):
        shelf.dispatch()
    assert len(seen) == 16384
    # Told once; from then on the numbers go on behind those lost and the report itself.
    boards[0].play_silence(0, 0, 1)
    run(shelf, 1)
    assert seen[-1].sequence == 18432 + 1


def test_virtual_time_stops_at_every_event(shelf: Shelf) -> None:
    board = VoiceBoard(shelf)
    board.play_silence(0, 40, 1)
    board.play_silence(1, 80, 2)
    assert shelf.run(100 * MS) == 1
    assert shelf.now_ns == 5 * MS
    # An event nobody has taken keeps the clock where it is.
    assert shelf.run(100 * MS) == 1
    assert shelf.now_ns == 5 * MS
    shelf.dispatch()
    assert shelf.run(100 * MS) == 1
    assert shelf.now_ns == 10 * MS
    shelf.dispatch()
    assert shelf.run(20 * MS - 1) == 0
    assert shelf.now_ns == 20 * MS  # a block that has begun is run to its end


def plant(shelf: Shelf) -> tuple[VoiceBoard, VoiceBoard, Span, Span]:
    """A sender's span and a listener's, joined at odd phases."""
    sender, listener = VoiceBoard(shelf), VoiceBoard(shelf)
    near, far = Span(shelf), Span(shelf)
    near.join(far, 777, 123)
    near.attach(sender.stream)
    listener.attach(far.stream)
    return sender, listener, near, far


def test_span_carries_31_timeslots_and_signalling(shelf: Shelf) -> None:
    sender, listener = VoiceBoard(shelf), VoiceBoard(shelf)
    near, far = Span(shelf, SpanOptions(cas=False)), Span(shelf, SpanOptions(cas=False))
    near.join(far, 777, 123)
    near.attach(sender.stream)
    listener.attach(far.stream)
    run(shelf, 20)
    speech = {timeslot: noise(400, seed=timeslot) for timeslot in range(1, 32)}
    for timeslot, octets in speech.items():
        sender.play_sound(timeslot, Sound(octets), 1)
        listener.record_start(timeslot)
    run(shelf, 60)
    for timeslot, octets in speech.items():
        assert octets in listener.record_read(timeslot)
    status = far.status()
    assert (status.in_service, status.bit_phase) == (True, PHASE)
    assert status.crc_blocks > 50
    assert status.crc_errors == status.fas_errors == status.alignment_losses == 0


def test_span_events_tell_the_line_and_its_signalling(shelf: Shelf) -> None:
    _, _, near, far = plant(shelf)
    events: list[Event] = []
    far.listen(events.append)
    near.set_cas(5, 0b0101)
    run(shelf, 100)
    found = (EventKind.FRAME_ALIGNED, EventKind.MULTIFRAME_ALIGNED, EventKind.CAS_ALIGNED)
    assert [event.kind for event in events if event.kind in found] == list(found)
    assert [event.value for event in events if event.kind is EventKind.FRAME_ALIGNED] == [PHASE]
    # The far end sends A = 1, and y = 1, until it has found our frames, and our signalling.
    alarms = (EventKind.REMOTE_ALARM, EventKind.CAS_REMOTE_ALARM)
    told = [(event.kind, event.value) for event in events if event.kind in alarms]
    assert [value for kind, value in told if kind is EventKind.REMOTE_ALARM] == [1, 0]
    assert [value for kind, value in told if kind is EventKind.CAS_REMOTE_ALARM] == [1, 0]
    bits = {event.timeslot: event.value for event in events if event.kind is EventKind.CAS_BITS}
    assert bits == {t: 0b0101 if t == 5 else 0b1101 for t in range(1, 32) if t != 16}


def test_span_in_alarm_sends_remote_alarm_and_all_ones(shelf: Shelf) -> None:
    """Only one end frames with CRC-4: the other's frames are a mimic to it, so it stays out of service."""
    near, far = Span(shelf), Span(shelf, SpanOptions(framing=Framing.DOUBLE_FRAME))
    listener = VoiceBoard(shelf)
    near.join(far)
    listener.attach(near.stream)
    alarms: list[int] = []
    far.listen(lambda event: alarms.append(event.value) if event.kind is EventKind.REMOTE_ALARM else None)
    run(shelf, 50)
    assert record(shelf, listener, 5, 2) == b"\xff" * 16
    assert not near.status().in_service
    assert alarms == [1]
    assert far.status().remote_alarm


def one_way_recording(real_time: bool, seconds: float) -> tuple[bytes, bytes, list[tuple[int, int, int]]]:
    """Speech played over a line, what was recorded of it from the first block on, and the line's events."""
    speech = noise(int(8000 * seconds), seed=4)
    events: list[tuple[int, int, int]] = []
    with Shelf(8) as shelf:
        sender, listener, _, far = plant(shelf)
        # All queued before the first block: from there on nothing but the clock moves anything.
        sender.play_silence(9, 8 * 50, 1)
        sender.play_sound(9, Sound(speech), 2)
        sender.play_silence(9, 8 * 50, 3)
        listener.record_start(9)
        far.listen(lambda event: events.append((event.time_ns, event.kind, event.value)))

        async def main() -> bytes:
            done = asyncio.get_running_loop().create_future()
            sender.listen(lambda event: done.set_result(None) if event.value == 3 else None)
            await done
            return listener.record_read(9)

        recorded = clock.run(shelf, main(), real_time)
    return speech, recorded, events


def test_real_time_does_what_virtual_time_does() -> None:
    """The one test that takes its time: two seconds of line."""
    speech, virtual, virtual_events = one_way_recording(real_time=False, seconds=1.9)
    began = time.monotonic()
    _, real, real_events = one_way_recording(real_time=True, seconds=1.9)
    assert time.monotonic() - began >= 2.0
    assert virtual.count(speech) == 1
    # In real time the clock may run on before the recording is read.
    assert real[: len(virtual)] == virtual
    assert real_events[: len(virtual_events)] == virtual_events


def test_real_time_refuses_what_only_virtual_time_does(shelf: Shelf) -> None:
    descriptor = os.eventfd(0)
    shelf.start(time.monotonic_ns(), descriptor)
    try:
        with pytest.raises(EngineError, match="stop it first"):
            shelf.run(MS)
        with pytest.raises(EngineError, match="stop it first"):
            shelf.start(time.monotonic_ns(), descriptor)
        assert shelf.clock_status().running
    finally:
        shelf.stop()
        os.close(descriptor)
    assert not shelf.clock_status().running
    shelf.stop()  # once more changes nothing


def full(shelf: Shelf) -> None:
    for _ in range(65):
        VoiceBoard(shelf)


def play_65(shelf: Shelf) -> None:
    board = VoiceBoard(shelf)
    for _ in range(65):
        board.play_silence(3, 8, 1)


def record_twice(shelf: Shelf) -> None:
    board = VoiceBoard(shelf)
    board.record_start(3)
    board.record_start(3)


def join_twice(shelf: Shelf) -> None:
    one, other, third = Span(shelf), Span(shelf), Span(shelf)
    one.join(other)
    one.join(third)


def join_itself(shelf: Shelf) -> None:
    span = Span(shelf)
    span.join(span)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda shelf: SwitchBoard(shelf, 2).connect((2, 0), (0, 0)), "connection (2, 0)-(0, 0): no such port"),
        (lambda shelf: SwitchBoard(shelf, 2).connect((0, 0), (2, 0)), "connection (0, 0)-(2, 0): no such port"),
        (lambda shelf: SwitchBoard(shelf, 2).connect((0, 32), (1, 0)), "timeslot out of range"),
        (lambda shelf: SwitchBoard(shelf, 2).connect((0, 0), (1, 32)), "timeslot out of range"),
        (lambda shelf: SwitchBoard(shelf, 2).disconnect((2, 0)), "timeslot (2, 0): no such port"),
        (lambda shelf: SwitchBoard(shelf, 2).attach(0, 11), "switch port 0: no such stream"),
        (lambda shelf: SwitchBoard(shelf, 2).attach(2, 0), "switch port 2: no such port"),
        (lambda shelf: SwitchBoard(shelf, 0), "switch board: "),
        (lambda shelf: SwitchBoard(shelf, 129), "switch board: "),
        (lambda shelf: SwitchBoard(shelf, 65), "switch board: the shelf has no stream left"),
        (lambda shelf: VoiceBoard(shelf).attach(10), "voice board: no such stream"),
        (lambda shelf: VoiceBoard(shelf).play_silence(32, 8, 1), "channel 32: timeslot out of range"),
        (lambda shelf: VoiceBoard(shelf).play_tone(32, Tone((1.0, 0.0), (0.0, 0.0)), 8, 1), "channel 32: "),
        (lambda shelf: VoiceBoard(shelf).play_sound(32, Sound(b"1"), 1), "channel 32: "),
        (lambda shelf: VoiceBoard(shelf).play_stop(32), "channel 32: "),
        (lambda shelf: VoiceBoard(shelf).record_start(32), "channel 32: "),
        (lambda shelf: VoiceBoard(shelf).record_stop(32), "channel 32: "),
        (lambda shelf: VoiceBoard(shelf).record_read(32), "channel 32: "),
        (lambda shelf: VoiceBoard(shelf).hear_digits(32, True), "channel 32: "),
        (lambda shelf: Span(shelf).set_cas(0, 1), "timeslot 0: timeslot out of range"),
        (lambda shelf: Span(shelf).set_cas(16, 1), "timeslot 16: timeslot out of range"),
        (lambda shelf: Span(shelf).set_cas(32, 1), "timeslot 32: timeslot out of range"),
        (lambda shelf: Span(shelf).set_cas(1, 0), "timeslot 1: value out of range"),
        (lambda shelf: Span(shelf).set_cas(1, 16), "timeslot 1: value out of range"),
        (lambda shelf: Span(shelf).attach(10), "span: no such stream"),
        (lambda shelf: Span(shelf).join(Span(shelf), 65536), "line: value out of range"),
        (join_twice, "line: the span is already joined"),
        (join_itself, "line: value out of range"),
        (full, "voice board: the shelf has no stream left for another board"),
        (play_65, "channel 3: the queue is full"),
        (record_twice, "channel 3: the channel is recording already"),
    ],
)
def test_what_cannot_be_done_is_an_error_of_one_line(
    shelf: Shelf, call: Callable[[Shelf], None], says: str
) -> None:
    with pytest.raises(EngineError) as error:
        call(shelf)
    assert says in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert error.value.code < 0
    run(shelf, 2)  # and the shelf goes on


def test_closed_shelf_refuses_everything() -> None:
    shelf = Shelf(8)
    switch = SwitchBoard(shelf, 1)
    shelf.close()
    shelf.close()
    for call in (lambda: shelf.now_ns, lambda: shelf.run(MS), shelf.dispatch, lambda: VoiceBoard(shelf)):
        with pytest.raises(EngineError, match="shelf is closed"):
            call()
    with pytest.raises(EngineError, match="shelf is closed"):
        switch.connect((0, 1), (0, 2))


def test_too_large_a_shelf_is_refused() -> None:
    with pytest.raises(EngineError):
        Shelf(4097)
