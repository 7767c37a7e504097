"""A serial port with a console on it: 8N1, BREAK, modem control, and adaptors that are unplugged and come back."""

import asyncio
import errno
import os
import termios
from collections.abc import Callable

import serial

from drivers.terminal.descriptor import DescriptorTerminal
from drivers.terminal.line_marks import LineMarks
from drivers.terminal.terminal import AccessError, Talk

SPEEDS_BIT_PER_S = (9600, 19200, 38400, 57600, 115200)
BITS_PER_OCTET = 10  # start, 8 data, no parity, stop
CARRIER_POLL_S = 0.25
REOPEN_FIRST_S = 0.25
REOPEN_LAST_S = 2.0


def open_serial(device: str, speed_bit_per_s: int) -> serial.Serial:
    """Opens a port for nobody but us, raw and non-blocking; raises AccessError."""
    try:
        return serial.Serial(device, speed_bit_per_s, exclusive=True, timeout=0)
    except (serial.SerialException, OSError, termios.error, ValueError) as error:
        raise AccessError(f"serial port {device}: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EWOULDBLOCK:
        return "another program has it"
    return os.strerror(number) if number else str(error)


class SerialTerminal(DescriptorTerminal):
    """An open serial port. `next_speed` steps through the speeds, `restore_speed` goes back to the first."""

    def __init__(self, device: str, speed_bit_per_s: int, modem_control: bool) -> None:
        self._port = open_serial(device, speed_bit_per_s)
        self._speed_bit_per_s = speed_bit_per_s
        self._modem_control = modem_control
        self._marks = LineMarks()
        try:
            self._mark_errors()
        except (OSError, termios.error) as error:  # unplugged this very moment
            self._port.close()
            raise AccessError(f"serial port {device}: {_reason(error)}") from None
        super().__init__(f"serial {device}", self._port.fileno(), speed_bit_per_s // BITS_PER_OCTET)

    def _mark_errors(self) -> None:
        """BREAKs and damaged octets come marked; a read without octets means hung up, not "nothing yet"."""
        descriptor = self._port.fileno()
        attributes = termios.tcgetattr(descriptor)
        attributes[0] = (attributes[0] | termios.PARMRK | termios.INPCK) & ~(
            termios.BRKINT | termios.IGNBRK | termios.IGNPAR | termios.ISTRIP
        )
        attributes[6][termios.VMIN] = 1
        termios.tcsetattr(descriptor, termios.TCSANOW, attributes)

    async def read(self) -> bytes:
        """Clean octets; BREAKs call `on_break`, damaged octets are dropped. b"": gone, or the carrier is lost."""
        while True:
            octets = await super().read()
            if not octets:
                return b""
            received = self._marks.take(octets)
            for _ in range(received.breaks):
                self.on_break()
            if received.octets:
                return received.octets

    async def _readable(self) -> bool:
        """Waits for octets; false when the carrier is lost."""
        limit_s = CARRIER_POLL_S if self._modem_control else 0
        await self._wait(self._loop.add_reader, self._loop.remove_reader, limit_s)
        return self.carrier

    @property
    def carrier(self) -> bool:
        """The modem has carrier (DCD). Without modem control, or where a port has no such line: always."""
        if not self._modem_control or self._gone:
            return True
        try:
            return bool(self._port.cd)
        except OSError:
            return True

    @property
    def speed_bit_per_s(self) -> int:
        """The line's speed now."""
        return self._port.baudrate

    def next_speed(self) -> None:
        """On to the next speed, after the highest to the lowest."""
        at = SPEEDS_BIT_PER_S.index(self.speed_bit_per_s) if self.speed_bit_per_s in SPEEDS_BIT_PER_S else -1
        self._set_speed(SPEEDS_BIT_PER_S[(at + 1) % len(SPEEDS_BIT_PER_S)])

    def restore_speed(self) -> None:
        """Back to the configured speed."""
        self._set_speed(self._speed_bit_per_s)

    def _set_speed(self, speed_bit_per_s: int) -> None:
        try:
            if speed_bit_per_s != self.speed_bit_per_s:
                self._port.baudrate = speed_bit_per_s
            self._mark_errors()
        except (OSError, termios.error):
            self._gone = True
        self.octets_per_s = speed_bit_per_s // BITS_PER_OCTET

    def _close_descriptor(self) -> None:
        self._port.close()


class SerialPort:
    """Keeps a console on a serial port, through unplugging and plugging in again."""

    def __init__(
        self,
        device: str,
        speed_bit_per_s: int,
        modem_control: bool = False,
        on_lost: Callable[[str], None] = lambda _: None,
        on_found: Callable[[], None] = lambda: None,
    ) -> None:
        self._device = device
        self._speed_bit_per_s = speed_bit_per_s
        self._modem_control = modem_control
        self._on_lost = on_lost
        self._on_found = on_found

    async def serve(self, talk: Talk) -> None:
        """Talks on the port, again after each logout; opens it again whenever it is lost."""
        pause_s = REOPEN_FIRST_S
        while True:
            try:
                terminal = SerialTerminal(self._device, self._speed_bit_per_s, self._modem_control)
            except AccessError as error:
                self._on_lost(str(error))
                pause_s = min(2 * pause_s, REOPEN_LAST_S)
            else:
                self._on_found()
                pause_s = REOPEN_FIRST_S
                await self._talk_until_gone(terminal, talk)
                self._on_lost(f"serial port {self._device}: lost")
            await asyncio.sleep(pause_s)

    async def _talk_until_gone(self, terminal: SerialTerminal, talk: Talk) -> None:
        try:
            while not terminal.gone:
                if terminal.carrier:
                    terminal.restore_speed()
                    await talk(terminal)
                else:
                    await asyncio.sleep(CARRIER_POLL_S)
        finally:
            terminal.close()
