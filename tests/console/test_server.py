"""The ways to a console follow its configuration: opened, kept, closed; refused without any change."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from drivers.terminal import AccessError
from drivers.terminal.unix_socket import connect_unix
from firmware.configuration.common import ConsoleConfiguration, SerialConsole
from firmware.console.server import SERIAL_LOST, STRANGERS_MAX, ConsoleServer
from tests.console.plant import PASSWORD, Plant, plant
from tests.drivers.terminal.pairs import cable

LIMIT_S = 20.0


def run(folder: Path, scenario: Callable[[ConsoleServer, Plant], Awaitable[None]]) -> None:
    async def play() -> None:
        async with plant() as made, asyncio.timeout(3 * LIMIT_S):
            server = ConsoleServer(made.console, folder, made.told)
            await scenario(server, made)
            await server.close()
            assert made.registry.all() == []

    asyncio.run(play())
    assert not (folder / "console.sock").exists()


class Client:
    """Somebody who is connected."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._came = b""

    async def open(self) -> "Client":
        self._reader, self._writer = await asyncio.open_connection(sock=self._connection)
        return self

    async def expect(self, text: str) -> None:
        async with asyncio.timeout(LIMIT_S):
            while text.encode() not in self._came:
                octets = await self._reader.read(4096)
                assert octets, f"{text!r} never came: {self._came!r}"
                self._came += octets
        self._came = self._came.partition(text.encode())[2]

    def type(self, text: str) -> None:
        self._writer.write(text.encode())

    async def log_in(self) -> None:
        self.type(f"admin\r{PASSWORD}\r")
        await self.expect("qm1> ")

    async def answered(self) -> None:
        self.type("DSP PORT:PN=1;\r")
        await self.expect("(Number of results = 1)")

    async def gone(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            while await self._reader.read(4096):
                pass

    def close(self) -> None:
        self._writer.close()


def tcp(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def test_tcp_is_opened_moved_and_closed_and_sessions_outlive_it(tmp_path: Path) -> None:
    async def scenario(server: ConsoleServer, _: Plant) -> None:
        first, second = free_port(), free_port()
        server.prepare(ConsoleConfiguration(tcp_port=first)).apply()
        client = await Client(tcp(first)).open()
        await client.log_in()
        server.prepare(ConsoleConfiguration(tcp_port=second)).apply()
        await asyncio.sleep(0)
        other = await Client(tcp(second)).open()
        await other.log_in()
        with pytest.raises(ConnectionRefusedError):
            tcp(first)
        server.prepare(ConsoleConfiguration()).apply()
        await asyncio.sleep(0)
        with pytest.raises(ConnectionRefusedError):
            tcp(second)
        await client.answered()
        await other.answered()
        client.close()
        other.close()

    run(tmp_path, scenario)


def test_what_cannot_be_opened_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async def scenario(server: ConsoleServer, _: Plant) -> None:
        port = free_port()
        server.prepare(ConsoleConfiguration(tcp_port=port)).apply()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            for refused in (
                ConsoleConfiguration(tcp_port=taken.getsockname()[1]),
                ConsoleConfiguration(tcp_port=port, tcp_address="0.0.0.0"),
                ConsoleConfiguration(tcp_port=port, tls_certificate="/nowhere.pem"),
            ):
                with pytest.raises(AccessError):
                    server.prepare(refused)
        aborted = free_port()
        server.prepare(ConsoleConfiguration(tcp_port=aborted)).abort()
        with pytest.raises(ConnectionRefusedError):
            tcp(aborted)
        client = await Client(tcp(port)).open()
        await client.log_in()
        client.close()

    run(tmp_path, scenario)


def test_a_serial_port_comes_goes_and_its_loss_is_an_alarm(tmp_path: Path) -> None:
    async def scenario(server: ConsoleServer, made: Plant) -> None:
        device = tmp_path / "box"
        configuration = ConsoleConfiguration(serial={1: SerialConsole(device=str(device))})
        server.prepare(configuration).apply()
        await _until(lambda: SERIAL_LOST in made.told.standing)
        with cable(tmp_path) as (_, technician):
            await _until(lambda: SERIAL_LOST not in made.told.standing)
            descriptor = os.open(technician, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            os.write(descriptor, f"\radmin\r{PASSWORD}\r".encode())
            await _until(made.registry.all)
            os.close(descriptor)
        await _until(lambda: SERIAL_LOST in made.told.standing)
        assert made.registry.all() == []  # who was there is logged out
        server.prepare(ConsoleConfiguration()).apply()
        assert SERIAL_LOST not in made.told.standing

    run(tmp_path, scenario)


def test_a_serial_port_that_is_changed_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost, found = list[tuple[str, ...]](), list[tuple[str, ...]]()

    async def scenario(server: ConsoleServer, made: Plant) -> None:
        device = tmp_path / "box"
        monkeypatch.setattr(made.told, "fault", lambda *told: lost.append(told))
        monkeypatch.setattr(made.told, "recover", lambda *told: found.append(told))
        with cable(tmp_path) as (_, technician):
            descriptor = os.open(technician, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            for speed in (9600, 19200, 38400):
                serial = SerialConsole(device=str(device), speed=speed)
                server.prepare(ConsoleConfiguration(serial={1: serial})).apply()
                found.clear()
                await _until(lambda: found)
                os.write(descriptor, f"\radmin\r{PASSWORD}\r".encode())
                await _until(made.registry.all)
            assert lost == []
            os.close(descriptor)

    run(tmp_path, scenario)


def test_only_so_many_may_be_about_to_log_in(tmp_path: Path) -> None:
    async def scenario(_: ConsoleServer, made: Plant) -> None:
        await asyncio.sleep(0)
        path = tmp_path / "console.sock"
        user = await Client(connect_unix(path)).open()
        await user.log_in()
        strangers = [await Client(connect_unix(path)).open() for _ in range(STRANGERS_MAX)]
        for stranger in strangers:
            await stranger.expect("\x1b[6n")
        one_more = await Client(connect_unix(path)).open()
        await one_more.expect("too many connections")
        await one_more.gone()
        await user.answered()
        for client in (user, one_more, *strangers):
            client.close()

    run(tmp_path, scenario)


def test_strangers_from_the_network_keep_nobody_out_at_the_machine(tmp_path: Path) -> None:
    async def scenario(server: ConsoleServer, _: Plant) -> None:
        port = free_port()
        server.prepare(ConsoleConfiguration(tcp_port=port)).apply()
        strangers = [await Client(tcp(port)).open() for _ in range(STRANGERS_MAX)]
        for stranger in strangers:
            await stranger.expect("\x1b[6n")
        one_more = await Client(tcp(port)).open()
        await one_more.expect("too many connections")
        local = await Client(connect_unix(tmp_path / "console.sock")).open()
        await local.log_in()
        for client in (local, one_more, *strangers):
            client.close()

    run(tmp_path, scenario)


def test_a_second_server_of_the_folder_is_refused(tmp_path: Path) -> None:
    async def scenario(_: ConsoleServer, made: Plant) -> None:
        with pytest.raises(AccessError, match="another process serves it"):
            ConsoleServer(made.console, tmp_path, made.told)

    run(tmp_path, scenario)


async def _until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not holds():
            await asyncio.sleep(0.01)
