"""`trunkshelf call`: places calls in virtual time, as fast as the machine runs, and checks what came of them."""

import argparse
import time

from firmware.embedded import RECORDINGS
from firmware.qm.configuration import LINE
from hil import calls
from hil.exchange import Exchange
from protocols.e1 import CHANNEL_TIMESLOTS

HELP = "place calls on a shelf in virtual time, as fast as the machine runs"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    calls.configure(parser)
    parser.add_argument(
        "--calls", type=int, default=1, metavar="N", help="calls at once, 30 to a span (default %(default)s)"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Places the calls; exit code 1 with one line if any of them failed."""
    order = calls.order(arguments)
    ports = order.configuration.qm.ports
    if any(port.url != LINE for port in ports.values()):
        raise calls.CallsError(
            f"{arguments.config}: qm.ports: ports of the outside world need real time: trunkshelf run"
        )
    channels = min(len(CHANNEL_TIMESLOTS) * len(ports), 32 * order.configuration.vp.boards)
    if not 1 <= arguments.calls <= channels:
        raise calls.CallsError(f"--calls {arguments.calls}: the configuration has room for 1 to {channels}")
    bench = order.bench()
    script = order.caller(calls.called_number(order.configuration))
    failed: list[str] = []

    async def scenario(exchange: Exchange) -> None:
        failed.extend(await calls.place(exchange, script, arguments.calls))

    began = time.monotonic()
    outcome = bench.run(scenario, real_time=False)
    took_s = time.monotonic() - began
    line_time_s = max((progress.time_ns for progress in outcome.progress), default=0) / 1e9
    calls.check(calls.records_in(bench.store), failed, arguments.calls)
    print(f"{arguments.calls} call(s), {line_time_s:.1f} s of line time in {took_s:.1f} s")
    print(order.folder / RECORDINGS)
    print(bench.store.path)
    return 0
