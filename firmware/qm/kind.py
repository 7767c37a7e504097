"""The queuing machine as the configuration service knows it: its checks beyond single values, its failsafe."""

from collections.abc import Iterator

from drivers.engine import PortError
from drivers.ports import PORT_SCHEMES, read_port_url
from firmware.configuration.check import shown
from firmware.configuration.common_checks import COMMON_CHECKS
from firmware.configuration.kind import BoxKind, Check
from firmware.configuration.target import Problem
from firmware.qm.configuration import LINE, ClockConfiguration, QueuingMachineConfiguration
from firmware.qm.migrations import MIGRATIONS


def _url(path: str, url: str) -> Iterator[Problem]:
    scheme = url.partition(":")[0]
    if url == LINE:
        return
    if scheme not in PORT_SCHEMES:
        permitted = ", ".join((LINE, *(f"{known}:..." for known in PORT_SCHEMES)))
        yield Problem(path, f"{shown(url)} is no kind of port", permitted)
        return
    try:
        read_port_url(url)
    except PortError as error:
        yield Problem(path, str(error), PORT_SCHEMES[scheme])


def _ports(tree: QueuingMachineConfiguration) -> Iterator[Problem]:
    owners: dict[str, int] = {}
    for number, port in tree.ports.items():
        yield from _url(f"ports.{number}.url", port.url)
        owner = number if port.url == LINE else owners.setdefault(port.url, number)
        if owner != number:
            yield Problem(f"ports.{number}.url", f"{shown(port.url)} is port {owner}'s already", "a line for each")


def _clock(tree: QueuingMachineConfiguration) -> Iterator[Problem]:
    sources = tree.clock.sources
    ports = ", ".join(map(str, tree.ports)) or "none: there is no port"
    for number in dict.fromkeys(sources):
        if number not in tree.ports:
            yield Problem("clock.sources", f"there is no port {number}", ports)
        if sources.count(number) > 1:
            yield Problem("clock.sources", f"port {number} is named more than once", "each port once")


QUEUING_MACHINE = BoxKind(
    name="qm",
    tree_type=QueuingMachineConfiguration,
    failsafe=QueuingMachineConfiguration(ports={}, clock=ClockConfiguration(sources=())),
    checks=(*COMMON_CHECKS, Check(("ports",), _ports), Check(("ports", "clock"), _clock)),
    migrations=MIGRATIONS,
    beside=("clock",),
)
