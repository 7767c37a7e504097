"""An analysis for people to read."""

from collections.abc import Iterator, Sequence

from drivers.tools.e1_analysis import FRAMES_PER_S, Analysis

LISTED_MAX = 20


def _time(frame: int) -> str:
    return f"{frame / FRAMES_PER_S:10.4f} s  frame {frame:<9}"


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    """A titled list, cut where it gets long."""
    if not lines:
        return
    yield f"{title}:"
    yield from (f"  {line}" for line in lines[:LISTED_MAX])
    if len(lines) > LISTED_MAX:
        yield f"  … and {len(lines) - LISTED_MAX} more (--json lists all)"


def report(analysis: Analysis) -> Iterator[str]:
    """Lines of text, most important first."""
    names = {"crc4": "CRC-4 multiframe", "double": "double frame, no CRC-4", "none": "no frame alignment found"}
    yield f"{analysis.frames} frames, {analysis.frames / FRAMES_PER_S:.3f} s; framing: {names[analysis.framing]}"
    if analysis.bit_phase is not None:
        yield f"bit phase {analysis.bit_phase}; Sa4-Sa8 {analysis.sa}"
    yield (
        f"errors: {analysis.fas_errors} FAS, {analysis.crc_errors} CRC-4 sub-multiframes, "
        f"{analysis.e_bit_errors} E bits; frames with RAI {analysis.rai_frames}, with AIS {analysis.ais_frames}"
    )
    for end, counts in analysis.g826.items():
        yield f"G.826 {end} end: ES {counts.es}  SES {counts.ses}  BBE {counts.bbe}  UAS {counts.uas}"
    yield from _listed(
        "alignment",
        [
            f"{_time(change.frame)} {change.state}" + (f" ({change.reason})" if change.reason else "")
            for change in analysis.alignment
        ],
    )
    yield from _listed(
        "alarms",
        [
            f"{_time(change.frame)} {change.alarm} {'raised' if change.raised else 'cleared'}"
            for change in analysis.alarms
        ],
    )
    yield from _listed("slips", [f"{_time(slip.frame)} {slip.bits:+d} bits" for slip in analysis.slips])
    for timeslot in sorted(analysis.cas, key=int):
        changes = [f"{change.abcd} @ {change.frame}" for change in analysis.cas[timeslot]]
        more = f" … and {len(changes) - LISTED_MAX} more" if len(changes) > LISTED_MAX else ""
        yield f"timeslot {timeslot:>2} abcd: {', '.join(changes[:LISTED_MAX])}{more}"
    for bundle, link in analysis.hdlc.items():
        yield (
            f"HDLC on {bundle}: {link.frames} frames, {link.octets} octets; {link.fcs_errors} FCS errors, "
            f"{link.aborts} aborts, {link.non_octet} not of whole octets, "
            f"{link.too_short} too short, {link.too_long} too long"
        )
