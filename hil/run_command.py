"""`trunkshelf run`: boots a shelf in real time, places a call over its trunk and tells the story as it happens."""

import argparse
import asyncio
import sys
from pathlib import Path

from firmware.embedded import RECORDINGS
from hil import calls
from hil.exchange import Exchange
from hil.managed_shelf import ManagedShelf
from protocols.messages import Progress

HELP = "boot a shelf, place a real call on its trunk and tell the story live"
STATE = "boxes"  # beside the files; with --state it is the other way round
FILES = "calls"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    calls.configure(parser)
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="where the boxes keep configuration, users, alarms and calls over restarts (default: the new folder)",
    )


def _tell(progress: Progress) -> None:
    told = f"{progress.step.value:24} {progress.detail}".rstrip()
    print(f"{progress.time_ns / 1e9:8.3f} s  {progress.box:4} {progress.where:20} {told}", flush=True)


def execute(arguments: argparse.Namespace) -> int:
    """Runs the story; on a terminal, or if every trunk has a port of its own, the shelf stays up until Ctrl-C."""
    order = calls.order(arguments, arguments.state / FILES if arguments.state else None)
    state = arguments.state or order.folder / STATE
    shelf = ManagedShelf(order.configuration, state, order.folder, order.seed)
    told = False

    async def story(exchange: Exchange) -> None:
        before = len(calls.records_in(shelf.store))
        script = order.caller(calls.called_number(shelf.installation.configuration))
        failed = await calls.place(exchange, script, 1)
        record = calls.records_in(shelf.store)[before:]
        calls.check(record, failed, 1)
        print(f"\nfiles:\n{order.folder / RECORDINGS / record[0].recording}\n{shelf.store.path}")

    async def scenario(exchange: Exchange) -> None:
        nonlocal told
        ports = len(shelf.installation.configuration.qm.ports)
        print(f"shelf: {ports} port(s), QM, HW and VP in one process, real time", flush=True)
        stays = sys.stdout.isatty() or not exchange.lines
        if exchange.lines and not told:
            try:
                await story(exchange)
            except calls.CallsError as error:  # somebody at a console may have ended the call
                if not stays:
                    raise
                print(f"\n{error}")
        told = True
        if stays:
            print(f"\n{_how_to_reach(state, arguments.state is not None)}", flush=True)
            await asyncio.Event().wait()

    try:
        while shelf.run(scenario, listener=_tell):
            print("\nthe shelf starts again", flush=True)
    except KeyboardInterrupt:
        print("\nshelf down")
    return 0


def _how_to_reach(state: Path, named: bool) -> str:
    where = f" --state {state}" if named else ""
    return f"The shelf stays up; Ctrl-C ends it. Consoles: trunkshelf console qm1{where} (or hw1, vp1)"
