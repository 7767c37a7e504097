"""Metrics in the format every monitoring system reads (prometheus-client), over HTTP from a thread of its own.

The values are read on the event loop, all of them at one instant, because that is where they live; the scrape is
formatted and sent in the thread. A client that is slow, or never says anything, holds up its own thread alone.
"""

import asyncio
import concurrent.futures
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from drivers.errors import UserError

READ_S = 5.0  # a loop that does not answer for so long fails the scrape
CLIENT_S = 10.0  # a client that says nothing for so long is hung up on
CLIENTS = 8  # at once; more are hung up on

Samples = Iterable[tuple[tuple[str, ...], float]]


class MetricsError(UserError):
    """Metrics cannot be served there."""


class _Family(NamedTuple):
    """One metric: `read` yields values by their labels' values."""

    name: str
    text: str
    labels: tuple[str, ...]
    counter: bool
    read: Callable[[], Samples]

    def collect(self) -> Metric:
        kind = CounterMetricFamily if self.counter else GaugeMetricFamily
        family = kind(self.name, self.text, labels=self.labels)
        for values, value in self.read():
            family.add_metric(values, value)
        return family


class Metrics(Collector):
    """What a box counts and measures; made on the event loop on which everything registered is read."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._families: dict[str, _Family] = {}
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def gauge(self, name: str, text: str, labels: tuple[str, ...], read: Callable[[], Samples]) -> None:
        """Registers what goes up and down. `read` runs on the loop with every scrape, and must not wait.
        ValueError: the name is taken."""
        self._add(_Family(name, text, labels, False, read))

    def counter(self, name: str, text: str, labels: tuple[str, ...], read: Callable[[], Samples]) -> None:
        """Registers what only grows; `_total` is added to its name. As `gauge` otherwise."""
        self._add(_Family(name, text, labels, True, read))

    def collect(self) -> Iterator[Metric]:
        """Called by the registry, in the thread of a scrape."""
        yield from self._on_loop(lambda: [family.collect() for family in self._families.values()])

    def _add(self, family: _Family) -> None:
        if family.name in self._families:
            raise ValueError(f"metric {family.name} is registered already")
        self._families[family.name] = family

    def _on_loop(self, read: Callable[[], list[Metric]]) -> list[Metric]:
        answer: concurrent.futures.Future[list[Metric]] = concurrent.futures.Future()

        def run() -> None:
            # A reader that fails fails the scrape, not the box; the client is told by a status of 500.
            try:
                answer.set_result(read())
            except Exception as error:
                answer.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return answer.result(READ_S)


class _Handler(WSGIRequestHandler):
    timeout = CLIENT_S

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """A scrape every few seconds is no news."""


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = CLIENTS

    def __init__(self, address: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._free = threading.BoundedSemaphore(CLIENTS)
        super().__init__((address, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread of its own, if there is one left."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """The thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up in the middle is no news."""

    def server_bind(self) -> None:
        # WSGIServer's own asks the name service what this machine is called, which may take its time.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()


class MetricsServer:
    """Serves a registry at http://ADDRESS:PORT/metrics until it is closed; port 0 is any that is free.
    Raises MetricsError where it cannot."""

    def __init__(self, metrics: Metrics, address: str, port: int) -> None:
        try:
            self._server = _Server(address, port)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise MetricsError(f"metrics on {address}:{port}: {reason}; choose another address or port") from None
        self._server.set_app(make_wsgi_app(metrics.registry))
        self.port = self._server.server_port
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening; scrapes in progress end by themselves."""
        self._closed = True
        # Wakes the thread out of its waiting, for no connection.
        self._server.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._server.server_close()

    def _serve(self) -> None:
        while not self._closed:
            self._server.handle_request()
