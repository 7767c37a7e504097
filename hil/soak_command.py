"""`trunkshelf soak`: spans in real time under a bit-error test, and how well this machine kept their time."""

import argparse

from drivers.errors import UserError
from hil.soak import PLANTS, Outcome, soak

HELP = "run spans in real time under a bit-error test and count what the machine's clock does to them"


MINUTES_MAX = 7 * 1440


class SoakError(UserError):
    """A soak that cannot be run as asked."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument(
        "--spans", type=int, choices=range(1, 17), default=4, metavar="N", help="default %(default)s"
    )
    parser.add_argument("--minutes", type=float, default=10.0, metavar="M", help="default %(default)s")
    parser.add_argument(
        "--port", choices=sorted(PLANTS), default="line", help="what joins them (default %(default)s)"
    )


def _report(outcome: Outcome) -> bool:
    """Prints it all; true if nothing was lost."""
    for number, clock in enumerate(outcome.clocks, 1):
        kind = "SCHED_FIFO" if clock.fifo else "no SCHED_FIFO"
        print(
            f"shelf {number}: {clock.blocks} blocks of 1 ms, {clock.late_blocks} late by more than 8 ms, "
            f"worst {clock.worst_late_ns / 1e6:.2f} ms ({kind})"
        )
    print("pair  end   bits compared  errors  underruns  slips  alignment losses")
    for number, span in enumerate(outcome.spans):
        end = f"{number // 2 + 1:4}  {('near', 'far')[number % 2]:4}"
        figures = (
            f"{span.bits:13}  {span.errors:6}  {span.underruns:9}  {span.slips:5}  {span.alignment_losses:16}"
        )
        print(f"{end}  {figures}")
    return not any(span.errors or span.underruns for span in outcome.spans)


def execute(arguments: argparse.Namespace) -> int:
    """Exit code 0 without an underrun or an error, else 1."""
    if not 0 < arguments.minutes <= MINUTES_MAX:
        raise SoakError(f"--minutes {arguments.minutes:g}: more than 0, at most {MINUTES_MAX}")
    outcome = soak(arguments.port, arguments.spans, arguments.minutes * 60)
    whole = _report(outcome)
    print("no underrun, no bit error" if whole else "underruns or errors: see above")
    return 0 if whole else 1
