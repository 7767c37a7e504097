"""`trunkshelf run`: boots a shelf in real time, places a call over its trunk and tells the story as it happens."""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from firmware.embedded import RECORDINGS
from firmware.plant import PlantConfiguration
from hil import calls
from hil.exchange import Exchange
from hil.managed_shelf import ManagedShelf
from hil.teller import Teller
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


def _told(progress: Progress) -> str:
    told = f"{progress.step.value:24} {progress.detail}".rstrip()
    return f"{progress.time_ns / 1e9:8.3f} s  {progress.box:4} {progress.where:20} {told}"


def execute(arguments: argparse.Namespace) -> int:
    """Runs the story; on a terminal, or if every trunk has a port of its own, the shelf stays up until Ctrl-C."""
    order = calls.order(arguments, arguments.state / FILES if arguments.state else None)
    state = arguments.state or order.folder / STATE
    shelf = ManagedShelf(order.configuration, state, order.folder, order.seed)
    teller = Teller()
    told = False

    async def story(exchange: Exchange) -> None:
        before = len(calls.records_in(shelf.store))
        script = order.caller(calls.called_number(shelf.installation.configuration))
        failed = await calls.place(exchange, script, 1)
        record = calls.records_in(shelf.store)[before:]
        calls.check(record, failed, 1)
        teller.say(f"\nfiles:\n{order.folder / RECORDINGS / record[0].recording}\n{shelf.store.path}")

    async def scenario(exchange: Exchange) -> None:
        nonlocal told
        stays = sys.stdout.isatty() or not exchange.lines
        for line in _beginning(shelf, order.configuration):
            teller.say(line)
        if stays:
            teller.say(_how_to_reach(state, arguments.state is not None))
        if exchange.lines and not told:
            try:
                await story(exchange)
            except calls.CallsError as error:  # somebody at a console may have ended the call
                if not stays:
                    raise
                teller.say(f"\n{error}")
        told = True
        if stays:
            teller.say("\nThe shelf stays up; Ctrl-C ends it.")
            await asyncio.Event().wait()

    try:
        while shelf.run(scenario, listener=lambda progress: teller.say(_told(progress))):
            teller.say("\nthe shelf starts again")
    except KeyboardInterrupt:
        teller.say("\nshelf down")
    finally:
        teller.close()
    return 0


def _beginning(shelf: ManagedShelf, asked: PlantConfiguration) -> Iterator[str]:
    installation = shelf.installation
    ports = len(installation.configuration.qm.ports)
    yield f"shelf: {ports} port(s), QM, HW and VP in one process, real time"
    if installation.configuration != asked:
        boxes = ", ".join(f"{box.name} revision {box.service.running_revision}" for box in installation.boxes)
        yield f"the boxes have configurations of their own, which are in force: {boxes}"


def _how_to_reach(state: Path, named: bool) -> str:
    where = f" --state {state}" if named else ""
    return f"consoles: trunkshelf console qm1{where} (or hw1, vp1)"
