"""`trunkshelf e1`: generate, analyse and capture raw E1 lines, without a shelf."""

import argparse
import json
import sys
from pathlib import Path

import msgspec

from drivers.errors import UserError
from drivers.stores.whole_file import WholeFile
from drivers.tools import e1_capture, e1_generation
from drivers.tools.e1_analysis import Analysis, analyse
from drivers.tools.e1_generation import GenerationError, Order, parse_impairments
from drivers.tools.e1_report import report
from drivers.tools.pcap_file import PcapFile
from protocols.e1 import CHANNEL_TIMESLOTS

HELP = "generate, analyse and capture raw E1 lines (files of 2 048 kbit/s bits)"


FRAMES_MAX = 86_400 * 8000


class ArgumentError(UserError):
    """An argument that argparse alone cannot judge."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's verbs and their options."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _configure_generate(verbs.add_parser("generate", help="write a file of framed line bits"))
    _configure_analyse(verbs.add_parser("analyse", help="tell everything that a recorded line holds"))
    _configure_capture(verbs.add_parser("capture", help="record a port's received bits"))


def _configure_generate(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(verb_execute=_generate)
    parser.add_argument("--frames", type=int, required=True, metavar="N", help="how many (256 bits, 125 us each)")
    parser.add_argument(
        "--crc4",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="CRC-4 multiframe (default) or double frame",
    )
    parser.add_argument("--seed", type=int, default=1, help="of payload and impairments (default %(default)s)")
    parser.add_argument("--bit-phase", type=int, default=0, metavar="P", help="0-511: bit at which a FAS begins")
    parser.add_argument("--rai", action="store_true", help="send the remote alarm (bit A)")
    parser.add_argument("--sa", default="11111", metavar="BITS", help="Sa4-Sa8 (default %(default)s)")
    parser.add_argument(
        "--cas",
        action="append",
        default=[],
        metavar="TS=ABCD",
        help="signalling bits of a timeslot, as 5=1001 (others send 1101); may be repeated",
    )
    parser.add_argument("--no-cas", action="store_true", help="payload in timeslot 16, too")
    keys = "; ".join(f"{key}={text}" for key, (text, _) in e1_generation.IMPAIRMENTS.items())
    parser.add_argument("--impair", action="append", default=[], metavar="KEY=VALUE[,…]", help=keys)
    parser.add_argument("file", type=Path, metavar="OUT.e1")


def _configure_analyse(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(verb_execute=_analyse)
    parser.add_argument("--json", action="store_true", help="everything, as one JSON object")
    parser.add_argument("--no-cas", action="store_true", help="timeslot 16 carries no signalling bits")
    parser.add_argument(
        "--hdlc",
        action="append",
        default=[],
        metavar="TS[+TS…]",
        help="read HDLC frames off a timeslot or a bundle (1+2+3); may be repeated",
    )
    parser.add_argument(
        "--fcs", type=int, choices=(16, 32), default=16, help="bits of the HDLC frames' check sequence"
    )
    parser.add_argument("--pcap", type=Path, metavar="OUT.pcap", help="write the HDLC frames for Wireshark (LAPD)")
    parser.add_argument("file", type=Path, metavar="FILE.e1")


def _configure_capture(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(verb_execute=e1_capture.execute)
    e1_capture.configure(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Does what the verb says."""
    return int(arguments.verb_execute(arguments))


def _bits(text: str, count: int, what: str) -> int:
    if len(text) != count or set(text) - {"0", "1"}:
        raise ArgumentError(f"{what}: {text!r} is not {count} bits (0 and 1)")
    return int(text, 2)


def _cas(words: list[str]) -> dict[int, int]:
    signalling = {}
    for word in words:
        timeslot, _, abcd = word.partition("=")
        if not timeslot.isdecimal() or int(timeslot) not in CHANNEL_TIMESLOTS:
            raise ArgumentError(f"--cas {word}: {timeslot!r} is no timeslot with signalling (1-15, 17-31)")
        signalling[int(timeslot)] = _bits(abcd, 4, f"--cas {word}")
        if signalling[int(timeslot)] == 0:
            raise ArgumentError(f"--cas {word}: 0000 is forbidden; it mimics the alignment word (G.704 5.1.3.2.2)")
    return signalling


def _generate(arguments: argparse.Namespace) -> int:
    if not 1 <= arguments.frames <= FRAMES_MAX:
        raise GenerationError(f"--frames {arguments.frames}: 1 to {FRAMES_MAX}, a day of line")
    if not 0 <= arguments.bit_phase <= 511:
        raise GenerationError(f"--bit-phase {arguments.bit_phase}: 0 to 511")
    if not arguments.crc4 and any("crc=" in word for word in arguments.impair):
        raise GenerationError("--impair crc=N and --no-crc4 exclude each other")
    if arguments.no_cas and arguments.cas:
        raise GenerationError("--no-cas and --cas exclude each other")
    order = Order(
        frames=arguments.frames,
        crc4=arguments.crc4,
        seed=arguments.seed,
        bit_phase=arguments.bit_phase,
        remote_alarm=arguments.rai,
        sa_bits=_bits(arguments.sa, 5, "--sa"),
        cas=None if arguments.no_cas else _cas(arguments.cas),
        impairment=parse_impairments(arguments.impair),
    )
    e1_generation.generate(order, arguments.file)
    return 0


def _bundle(word: str) -> list[int]:
    timeslots = word.split("+")
    if not all(timeslot.isdecimal() and 1 <= int(timeslot) <= 31 for timeslot in timeslots):
        raise ArgumentError(f"--hdlc {word}: timeslots are 1-31, joined by + to a bundle")
    return sorted({int(timeslot) for timeslot in timeslots})


def _same_file(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _analyse(arguments: argparse.Namespace) -> int:
    bundles = [_bundle(word) for word in arguments.hdlc]
    if arguments.pcap is not None and not bundles:
        raise ArgumentError("--pcap: say with --hdlc which timeslots carry the frames")
    if arguments.pcap is not None and _same_file(arguments.pcap, arguments.file):
        raise ArgumentError(f"--pcap {arguments.pcap}: is the recording itself")
    cas = not arguments.no_cas and not any(16 in bundle for bundle in bundles)
    fcs_octets = arguments.fcs // 8
    if arguments.pcap is None:
        analysis = analyse(arguments.file, bundles, fcs_octets, cas)
    else:
        with WholeFile(arguments.pcap) as file:
            analysis = analyse(arguments.file, bundles, fcs_octets, cas, PcapFile(file).write)
    _print(analysis, arguments)
    return 0


def _print(analysis: Analysis, arguments: argparse.Namespace) -> None:
    if arguments.json:
        json.dump(msgspec.to_builtins(analysis), sys.stdout, indent=1)
        print()
        return
    for line in report(analysis):
        print(line)
