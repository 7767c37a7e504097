"""The queuing machine's figures for monitoring systems: calls, ports, error performance."""

from collections.abc import Iterator

from drivers.engine import TOTAL, PerformanceEnd
from drivers.metrics import Metrics
from firmware.qm.box import QueuingMachine


def register(metrics: Metrics, qm: QueuingMachine) -> None:
    """Each is read when somebody asks."""
    metrics.gauge(
        "trunkshelf_calls",
        "Calls in progress",
        ("port",),
        lambda: [((str(port.number),), len(port.calls())) for port in qm.ports.values()],
    )
    metrics.gauge(
        "trunkshelf_port_in_service",
        "1 where frames (and the CRC-4 multiframe, where there is one) are found and there is no LOS, no AIS",
        ("port",),
        lambda: [((str(port.number),), port.span.status().in_service) for port in qm.ports.values()],
    )
    metrics.counter(
        "trunkshelf_port_seconds",
        "G.826: seconds, errored, severely errored and unavailable ones, since the port was started or reset",
        ("port", "end", "kind"),
        lambda: _seconds(qm),
    )


def _seconds(qm: QueuingMachine) -> Iterator[tuple[tuple[str, ...], float]]:
    for port in qm.ports.values():
        for end in PerformanceEnd:
            counts = port.span.performance(end, TOTAL)
            labels = str(port.number), end.name.lower()
            yield (*labels, "all"), counts.seconds
            yield (*labels, "errored"), counts.es
            yield (*labels, "severely errored"), counts.ses
            yield (*labels, "unavailable"), counts.uas
