"""Consoles on Unix sockets and over TCP, with and without TLS."""

import asyncio
import os
import socket
import ssl
import stat
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from drivers.terminal import (
    AccessError,
    Listener,
    TcpListener,
    Terminal,
    TerminalGoneError,
    UnixListener,
    tls_context,
)
from drivers.terminal.unix_socket import connect_unix

LIMIT_S = 20.0


async def echo(terminal: Terminal) -> None:
    await terminal.write(f"{terminal.name}\n".encode())
    while octets := await terminal.read():
        await terminal.write(octets)


def serve(listener: Listener, scenario: Callable[[], Awaitable[None]], talk: object = echo) -> None:
    async def play() -> None:
        serving = asyncio.create_task(listener.serve(talk))  # type: ignore[arg-type]
        try:
            async with asyncio.timeout(LIMIT_S):
                await scenario()
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(play())


async def conversation(connection: socket.socket, **options: object) -> str:
    """Has something echoed; the terminal's name."""
    reader, writer = await asyncio.open_connection(sock=connection, **options)  # type: ignore[arg-type]
    name = (await reader.readline()).decode().strip()
    writer.write(b"hello\n")
    assert await reader.readline() == b"hello\n"
    writer.close()
    return name


def test_a_socket_has_a_path_of_any_length_and_is_the_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120) / ("y" * 120)
    folder.mkdir(parents=True)
    path = folder / "console.sock"
    listener = UnixListener(path)
    mode = path.lstat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600

    async def scenario() -> None:
        assert await conversation(connect_unix(path)) == f"unix uid={os.getuid()} pid={os.getpid()}"

    serve(listener, scenario)
    assert not path.exists()


def test_a_stale_socket_is_replaced_a_live_one_and_a_file_are_not(tmp_path: Path) -> None:
    path = tmp_path / "console.sock"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    listener = UnixListener(path)
    with pytest.raises(AccessError, match="another process serves it"):
        UnixListener(path)
    listener.close()
    path.write_text("precious")
    with pytest.raises(AccessError, match="is no socket"):
        UnixListener(path)
    assert path.read_text() == "precious"
    with pytest.raises(AccessError, match="No such file"):
        UnixListener(tmp_path / "nowhere" / "console.sock")


def test_one_who_does_not_read_stalls_nobody_and_fills_no_memory(tmp_path: Path) -> None:
    path, written = tmp_path / "console.sock", [0]

    async def flood(terminal: Terminal) -> None:
        if (await terminal.read()) == b"flood":
            try:
                while True:
                    await terminal.write(b"x" * 2048)
                    written[0] += 2048
            except TerminalGoneError:
                written.append(-1)
        else:
            await terminal.write(b"answer")

    async def scenario() -> None:
        stuck, other = connect_unix(path), connect_unix(path)
        stuck.sendall(b"flood")
        before = -1
        while before != written[0] or not written[0]:
            before = written[0]
            await asyncio.sleep(0.1)
        assert written[0] < 400_000  # what the kernel holds
        other.sendall(b"hello")
        reader, writer = await asyncio.open_unix_connection(sock=other)
        assert await reader.read() == b"answer"
        writer.close()
        stuck.close()  # as kill -9 does
        while written[-1] != -1:
            await asyncio.sleep(0.01)

    serve(UnixListener(path), scenario, flood)


def test_beyond_loopback_there_is_no_console_without_tls() -> None:
    with pytest.raises(AccessError, match="only with TLS"):
        TcpListener("0.0.0.0", 0, None)
    listener = TcpListener("127.0.0.1", 0, None)
    with pytest.raises(AccessError, match="in use"):
        TcpListener("127.0.0.1", listener.port, None)

    async def scenario() -> None:
        connection = socket.create_connection(("127.0.0.1", listener.port))
        own = connection.getsockname()[1]
        assert await conversation(connection) == f"tcp 127.0.0.1:{own}"

    serve(listener, scenario)


@pytest.fixture
def certificates(tmp_path: Path) -> Callable[[str], tuple[Path, Path]]:
    """Makes a self-signed certificate for a name, with openssl."""

    def make(name: str) -> tuple[Path, Path]:
        certificate, key = tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
        kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
        files = ["-out", str(certificate), "-keyout", str(key)]
        subprocess.run(["openssl", "req", *kind, *names, *files], check=True, capture_output=True)
        return certificate, key

    return make


def test_tls_is_1_2_or_later_and_a_new_certificate_holds_for_new_connections(
    certificates: Callable[[str], tuple[Path, Path]],
) -> None:
    first, second = certificates("first.example"), certificates("second.example")
    listener = TcpListener("127.0.0.1", 0, tls_context(*first))

    async def connect(name: str, certificate: Path, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> str:
        context = ssl.create_default_context(cafile=str(certificate))
        context.minimum_version = min(version, ssl.TLSVersion.TLSv1_2)
        context.maximum_version = version
        connection = socket.create_connection(("127.0.0.1", listener.port))
        return await conversation(connection, ssl=context, server_hostname=name)

    async def scenario() -> None:
        assert (await connect("first.example", first[0])).startswith("tcp 127.0.0.1:")
        await connect("first.example", first[0], ssl.TLSVersion.TLSv1_2)
        with pytest.warns(DeprecationWarning), pytest.raises((ssl.SSLError, ConnectionError)):
            await connect("first.example", first[0], ssl.TLSVersion.TLSv1_1)
        in_the_clear = socket.create_connection(("127.0.0.1", listener.port))
        in_the_clear.sendall(b"hello\r\n" * 100)
        listener.context = tls_context(*second)
        await connect("second.example", second[0])
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect("first.example", first[0])
        in_the_clear.close()

    serve(listener, scenario)


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 20])
def test_who_is_in_the_middle_of_a_handshake_is_hung_up_on(
    certificates: Callable[[str], tuple[Path, Path]], turns: int
) -> None:
    """Cancelled so many turns of the event loop after the connection was accepted."""
    certificate, key = certificates("first.example")

    async def play() -> None:
        begun = asyncio.Event()

        def context() -> ssl.SSLContext:
            begun.set()
            return tls_context(certificate, key)

        listening = socket.create_server(("127.0.0.1", 0))
        serving = asyncio.create_task(Listener(listening, lambda _: "tcp", context).serve(echo))
        with socket.create_connection(listening.getsockname()) as client:
            client.settimeout(LIMIT_S)
            async with asyncio.timeout(LIMIT_S):
                await begun.wait()
            for _ in range(turns):
                await asyncio.sleep(0)
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            assert await asyncio.to_thread(client.recv, 1) == b""

    asyncio.run(play())


def test_what_is_no_certificate_is_refused_by_name(
    tmp_path: Path, certificates: Callable[[str], tuple[Path, Path]]
) -> None:
    certificate, key = certificates("first.example")
    _, other_key = certificates("second.example")
    (tmp_path / "garbage").write_text("garbage")
    for files in ((tmp_path / "garbage", key), (certificate, other_key), (certificate, tmp_path / "missing")):
        with pytest.raises(AccessError, match=str(files[0])):
            tls_context(*files)


def test_over_tls_what_is_written_goes_out_at_once(certificates: Callable[[str], tuple[Path, Path]]) -> None:
    files = certificates("box.example")
    listener = TcpListener("127.0.0.1", 0, tls_context(*files))

    async def prompt(terminal: Terminal) -> None:
        for line in ("banner", "login: ", "password: "):
            await terminal.write(line.encode())
        await terminal.read()

    async def scenario() -> None:
        context = ssl.create_default_context(cafile=str(files[0]))
        connection = socket.create_connection(("127.0.0.1", listener.port))
        reader, writer = await asyncio.open_connection(sock=connection, ssl=context, server_hostname="box.example")
        said = b"bannerlogin: password: "
        assert await reader.readexactly(len(said)) == said
        writer.close()

    serve(listener, scenario, prompt)
