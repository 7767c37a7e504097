"""`trunkshelf run`: boots a shelf in real time, places a call over its trunk and tells the story as it happens."""

import argparse
import asyncio
import sys
from pathlib import Path

from firmware.embedded import RECORDINGS
from hil import calls
from hil.exchange import Exchange
from protocols.messages import Progress

HELP = "boot a shelf, place a real call on its trunk and tell the story live"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    calls.configure(parser)


def _tell(progress: Progress) -> None:
    told = f"{progress.step.value:24} {progress.detail}".rstrip()
    print(f"{progress.time_ns / 1e9:8.3f} s  {progress.box:4} {progress.where:20} {told}", flush=True)


def execute(arguments: argparse.Namespace) -> int:
    """Runs the story; on a terminal, or if every trunk has a port of its own, the shelf stays up until Ctrl-C."""
    order = calls.order(arguments)
    bench = order.bench()
    script = order.caller(calls.called_number(order.configuration))

    async def scenario(exchange: Exchange) -> None:
        if exchange.lines:
            failed = await calls.place(exchange, script, 1)
            calls.check(bench, failed, 1)
            print("\nfiles:")
            _print_files(order.folder, bench.store.path)
        if sys.stdout.isatty() or not exchange.lines:
            print("\nThe shelf stays up; Ctrl-C ends it.", flush=True)
            await asyncio.Event().wait()

    print(
        f"shelf: {len(order.configuration.qm.ports)} span(s), QM, HW and VP in one process, real time", flush=True
    )
    try:
        bench.run(scenario, real_time=True, listener=_tell)
    except KeyboardInterrupt:
        print("\nshelf down")
    return 0


def _print_files(folder: Path, store: Path) -> None:
    for recording in sorted((folder / RECORDINGS).glob("*.wav")):
        print(recording)
    print(store)
