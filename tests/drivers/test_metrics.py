"""Metrics over HTTP (drivers/metrics.py): read by urllib and prometheus_client's parser, beside a running loop."""

import asyncio
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import pytest
from prometheus_client.parser import text_string_to_metric_families

from drivers import metrics as metrics_module
from drivers.metrics import CLIENT_S, CLIENTS, Metrics, MetricsError, MetricsServer

PATIENCE_S = 60.0


def scrape(port: int, address: str = "127.0.0.1") -> str:
    url = f"http://{address}:{port}/metrics"
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        text: str = answer.read().decode()
        return text


async def scraped(port: int) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Samples by name and labels; the scrape is made in a thread, as a monitoring system is elsewhere."""
    text = await asyncio.to_thread(scrape, port)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def run(scenario: Callable[[Metrics, MetricsServer], Awaitable[None]]) -> None:
    async def main() -> None:
        metrics = Metrics()
        server = MetricsServer(metrics, "127.0.0.1", 0)
        try:
            await scenario(metrics, server)
        finally:
            server.close()

    asyncio.run(main())


def test_gauges_and_counters_are_read_at_the_scrape() -> None:
    async def scenario(metrics: Metrics, server: MetricsServer) -> None:
        assert await scraped(server.port) == {}
        calls = 3
        metrics.gauge("trunkshelf_calls", "Calls", (), lambda: [((), calls)])
        metrics.gauge(
            "trunkshelf_port_up", 'Text with "quotes"\nand lines', ("port",), lambda: [(("3",), 1), (("4",), 0)]
        )
        metrics.counter("trunkshelf_late_blocks", "Late", ("why",), lambda: [(('a "b"\\\n',), 1e12)])
        assert await scraped(server.port) == {
            ("trunkshelf_calls", ()): 3,
            ("trunkshelf_port_up", (("port", "3"),)): 1,
            ("trunkshelf_port_up", (("port", "4"),)): 0,
            ("trunkshelf_late_blocks_total", (("why", 'a "b"\\\n'),)): 1e12,
        }
        calls = 4
        assert (await scraped(server.port))["trunkshelf_calls", ()] == 4
        with pytest.raises(ValueError, match="trunkshelf_calls is registered already"):
            metrics.gauge("trunkshelf_calls", "", (), list)

    run(scenario)


def test_values_are_read_on_the_loop() -> None:
    threads: list[threading.Thread] = []

    def read() -> list[tuple[tuple[str, ...], float]]:
        threads.append(threading.current_thread())
        assert asyncio.get_running_loop() is not None
        return []

    async def scenario(metrics: Metrics, server: MetricsServer) -> None:
        metrics.gauge("x", "x", (), read)
        await scraped(server.port)

    run(scenario)
    assert threads == [threading.main_thread()]


def test_nothing_but_what_is_registered_and_each_its_own() -> None:
    """No process or platform metrics of the library's; two boxes of a process do not mix."""

    async def scenario(metrics: Metrics, server: MetricsServer) -> None:
        other = Metrics()
        other.gauge("trunkshelf_other", "", (), lambda: [((), 1)])
        metrics.gauge("trunkshelf_own", "", (), lambda: [((), 1)])
        assert {name for name, _ in await scraped(server.port)} == {"trunkshelf_own"}

    run(scenario)


def test_reader_that_fails_fails_the_scrape_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, not when patience is over."""
    monkeypatch.setattr(metrics_module, "READ_S", 1000.0)

    async def scenario(metrics: Metrics, server: MetricsServer) -> None:
        metrics.gauge("trunkshelf_bad", "", (), lambda: [((), 1 / len(failing))])
        failing: list[int] = []
        with pytest.raises(urllib.error.HTTPError, match="500"):
            await asyncio.to_thread(scrape, server.port)
        failing.append(1)
        assert len(await scraped(server.port)) == 1

    run(scenario)


def test_clients_that_say_nothing_hold_up_nobody() -> None:
    """Neither the loop nor, as long as there are few, each other."""

    async def scenario(metrics: Metrics, server: MetricsServer) -> None:
        metrics.gauge("trunkshelf_calls", "", (), lambda: [((), 3)])
        with ExitStack() as stack:
            silent = [
                stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                for _ in range(CLIENTS - 1)
            ]
            silent[0].sendall(b"GET /metrics HTTP/1.1\r\nX: ")
            assert len(await scraped(server.port)) == 1

    run(scenario)


def test_more_clients_than_there_may_be_are_hung_up_on() -> None:
    async def scenario(metrics: Metrics, server: MetricsServer) -> None:
        with ExitStack() as stack:
            silent = [
                stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                for _ in range(CLIENTS + 1)
            ]
            silent[-1].settimeout(CLIENT_S / 2)  # hung up on at once, not when another has been
            assert await asyncio.to_thread(silent[-1].recv, 100) == b""

    run(scenario)


def test_closed_and_served_again_on_the_same_port() -> None:
    async def scenario(metrics: Metrics, server: MetricsServer) -> None:
        metrics.gauge("trunkshelf_calls", "", (), lambda: [((), 3)])
        assert len(await scraped(server.port)) == 1
        for _ in range(5):
            port = server.port
            server.close()
            with pytest.raises(OSError, match="refused"):
                socket.create_connection(("127.0.0.1", port))
            server = MetricsServer(metrics, "127.0.0.1", port)
            assert len(await scraped(port)) == 1
        server.close()

    async def main() -> None:
        metrics = Metrics()
        await scenario(metrics, MetricsServer(metrics, "127.0.0.1", 0))

    asyncio.run(main())


@pytest.mark.parametrize("address", ["192.0.2.1", "no address", "::ffff:ffff:0:1"])
def test_address_that_cannot_be_served(address: str) -> None:
    async def main() -> None:
        with pytest.raises(MetricsError, match=rf"metrics on {address}:9100: .*; choose another") as error:
            MetricsServer(Metrics(), address, 9100)
        assert len(str(error.value).splitlines()) == 1

    asyncio.run(main())


def test_busy_port() -> None:
    async def scenario(metrics: Metrics, server: MetricsServer) -> None:
        with pytest.raises(MetricsError, match=f"metrics on 127.0.0.1:{server.port}: Address already in use"):
            MetricsServer(metrics, "127.0.0.1", server.port)

    run(scenario)
