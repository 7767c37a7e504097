"""Consoles on serial ports and pseudo-terminals, through real ttys: coming, going, pacing, locking."""

import asyncio
import os
import termios
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
import serial

from drivers.terminal import AccessError, PtyPort, SerialPort, Terminal, TerminalGoneError
from drivers.terminal.serial_port import SPEEDS_BIT_PER_S, SerialTerminal
from tests.drivers.terminal.pairs import cable, read_available

LIMIT_S = 20.0


async def echo(terminal: Terminal) -> None:
    while octets := await terminal.read():
        await terminal.write(octets)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not holds():
            await asyncio.sleep(0.01)


async def answered(path: Path, octets: bytes) -> None:
    """Writes to a tty until the same comes back."""
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        os.write(descriptor, octets)
        came = b""

        def complete() -> bool:
            nonlocal came
            came += read_available(descriptor)
            return len(came) >= len(octets)

        await until(complete)
        assert came == octets
    finally:
        os.close(descriptor)


def serve(access: SerialPort | PtyPort, scenario: Callable[[], Awaitable[None]]) -> None:
    async def play() -> None:
        serving = asyncio.create_task(access.serve(echo))
        try:
            await scenario()
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(play())


def test_every_octet_passes_a_serial_port_both_ways(tmp_path: Path) -> None:
    with cable(tmp_path) as (box, technician):
        found: list[int] = []

        async def scenario() -> None:
            await until(lambda: found)  # what is sent before the port is open is not meant for it
            await answered(technician, bytes(range(256)))

        serve(SerialPort(str(box), 115200, on_found=lambda: found.append(1)), scenario)


def test_an_adaptor_that_is_unplugged_is_told_and_taken_again_when_it_comes_back(tmp_path: Path) -> None:
    told: list[str] = []
    port = SerialPort(str(tmp_path / "box"), 9600, on_lost=told.append, on_found=lambda: told.append("found"))

    async def scenario() -> None:
        await until(lambda: told)
        assert "No such file" in told[0]
        for _ in range(2):
            told.clear()
            with cable(tmp_path) as (_, technician):
                await until(lambda: "found" in told)
                await answered(technician, b"hello")
            await until(lambda: "lost" in told[-1])

    serve(port, scenario)


def test_a_port_is_nobody_elses_meanwhile(tmp_path: Path) -> None:
    async def scenario(box: Path) -> None:
        terminal = SerialTerminal(str(box), 9600, modem_control=False)
        with pytest.raises(AccessError, match="another program has it"):
            SerialTerminal(str(box), 9600, modem_control=False)
        terminal.close()
        SerialTerminal(str(box), 9600, modem_control=False).close()

    with cable(tmp_path) as (box, _):
        asyncio.run(scenario(box))


def test_breaks_call_and_damaged_octets_are_dropped(tmp_path: Path) -> None:
    # A pty has no line to break: what the tty would tell is written as it is, and not marked again.
    async def scenario(box: Path, technician: Path) -> None:
        terminal = SerialTerminal(str(box), 9600, modem_control=False)
        attributes = termios.tcgetattr(terminal._descriptor)
        attributes[0] &= ~termios.PARMRK
        termios.tcsetattr(terminal._descriptor, termios.TCSANOW, attributes)
        breaks = []
        terminal.on_break = lambda: breaks.append(1)
        descriptor = os.open(technician, os.O_RDWR | os.O_NOCTTY)
        os.write(descriptor, b"a\xff\0\0b\xff\0xc\xff\xff")
        read = b""
        while not read.endswith(b"\xff"):
            read += await terminal.read()
        assert read == b"abc\xff"
        assert breaks == [1]
        os.close(descriptor)
        terminal.close()

    with cable(tmp_path) as ends:
        asyncio.run(scenario(*ends))


def test_speeds_step_round_and_come_back(tmp_path: Path) -> None:
    async def scenario(box: Path) -> None:
        terminal = SerialTerminal(str(box), 57600, modem_control=False)
        speeds = []
        for _ in range(6):
            terminal.next_speed()
            speeds.append(termios.tcgetattr(terminal._descriptor)[5])
        assert speeds[:2] == [termios.B115200, termios.B9600]
        assert len(set(speeds)) == len(SPEEDS_BIT_PER_S)
        terminal.restore_speed()
        assert termios.tcgetattr(terminal._descriptor)[5] == termios.B57600
        assert terminal.octets_per_s == 5760
        terminal.close()

    with cable(tmp_path) as (box, _):
        asyncio.run(scenario(box))


def test_each_session_begins_at_the_configured_speed(tmp_path: Path) -> None:
    speeds = []

    async def talk(terminal: Terminal) -> None:
        await asyncio.sleep(0)
        speeds.append(terminal.octets_per_s)
        terminal.next_speed()

    async def play(box: Path) -> None:
        serving = asyncio.create_task(SerialPort(str(box), 9600).serve(talk))
        await until(lambda: len(speeds) >= 3)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    with cable(tmp_path) as (box, _):
        asyncio.run(play(box))
    assert set(speeds) == {960}


def test_a_lost_carrier_ends_a_session_only_with_modem_control(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(box: Path) -> None:
        carrier = True
        monkeypatch.setattr(serial.Serial, "cd", property(lambda _: carrier))
        terminals = [SerialTerminal(str(box), 9600, modem_control=False)]
        without = asyncio.create_task(terminals[0].read())
        await asyncio.sleep(0.01)
        carrier = False
        await asyncio.sleep(0.6)
        assert not without.done()
        without.cancel()
        terminals[0].close()
        carrier = True
        with_control = SerialTerminal(str(box), 9600, modem_control=True)
        reading = asyncio.create_task(with_control.read())
        await asyncio.sleep(0.01)
        assert not reading.done()
        carrier = False
        assert await asyncio.wait_for(reading, LIMIT_S) == b""
        assert not with_control.gone
        with_control.close()

    with cable(tmp_path) as (box, _):
        asyncio.run(scenario(box))


def test_a_writer_waits_for_a_reader_and_hears_when_there_is_none_any_more(tmp_path: Path) -> None:
    async def scenario() -> None:
        with cable(tmp_path) as (box, _):
            terminal = SerialTerminal(str(box), 115200, modem_control=False)
            writing = asyncio.create_task(terminal.write(b"x" * 1_000_000))
            done, _ = await asyncio.wait([writing], timeout=0.3)
            assert not done  # the pairs' buffers hold far less
        with pytest.raises(TerminalGoneError):
            await asyncio.wait_for(writing, LIMIT_S)
        assert await terminal.read() == b""
        terminal.close()

    asyncio.run(scenario())


def test_output_is_paced_by_what_the_kernel_still_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A pty passes everything on at once; a UART's driver holds kilobytes. Its queue: 960 octets leave in a second.
    async def scenario(box: Path) -> None:
        terminal = SerialTerminal(str(box), 9600, modem_control=False)
        loop, queue, most = asyncio.get_running_loop(), [0.0, 0.0], 0.0
        write = os.write

        def queued() -> int:
            passed_s = loop.time() - queue[1]
            queue[:] = [max(queue[0] - passed_s * 960, 0), loop.time()]
            return round(queue[0])

        def counted(descriptor: int, octets: bytes) -> int:
            nonlocal most
            queue[0] += len(octets) if descriptor == terminal._descriptor else 0
            most = max(most, queue[0])
            return write(descriptor, octets)

        monkeypatch.setattr(terminal, "_queued_octets", queued)
        monkeypatch.setattr(os, "write", counted)
        before = loop.time()
        await terminal.write(b"x" * 960)
        await terminal.drained()
        assert loop.time() - before > 0.9
        assert most < 2 * 960 / 8 + 1
        monkeypatch.undo()
        terminal.close()

    with cable(tmp_path) as (box, _):
        asyncio.run(scenario(box))


def test_a_pty_is_there_again_after_each_who_has_left(tmp_path: Path) -> None:
    path = tmp_path / "console.tty"

    async def scenario() -> None:
        await until(path.exists)
        for number in range(3):
            before = path.lstat().st_mtime_ns
            await answered(path, bytes(range(256)) + bytes((number,)))
            await until(partial(lambda link_made: path.lstat().st_mtime_ns != link_made, before))

    serve(PtyPort(path), scenario)
    assert not path.is_symlink()
