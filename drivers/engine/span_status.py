"""What a span says of itself: state, counters, performance."""

import enum
from typing import Any, NamedTuple

from drivers._native import lib


class Alignment(enum.IntEnum):
    """How far the receiver has found its way into the line (G.706)."""

    SEARCHING = lib.ALIGNMENT_SEARCHING
    BASIC = lib.ALIGNMENT_BASIC
    MULTIFRAME = lib.ALIGNMENT_MULTIFRAME
    NON_CRC = lib.ALIGNMENT_NON_CRC


class SpanStatus(NamedTuple):
    """State now, and counters since the span was made, which never wrap (csrc/shelf/span.h)."""

    in_service: bool
    signal_lost: bool
    ais: bool
    alignment: Alignment
    bit_phase: int
    remote_alarm: bool
    cas_aligned: bool
    cas_remote_alarm: bool
    sa_bits: int
    sa_codes: tuple[int, ...]
    near_end_unavailable: bool
    far_end_unavailable: bool
    bits: int
    frames: int
    fas_errors: int
    bit2_errors: int
    crc_blocks: int
    crc_errors: int
    e_bit_errors: int
    multiframe_errors: int
    alignment_losses: int
    ais_frames: int
    remote_alarm_frames: int
    cas_word_errors: int
    cas_losses: int
    events_dropped: int
    bipolar_violations: int
    code_violations: int
    excess_zeros: int
    slips_repeated: int
    slips_deleted: int
    store_restarts: int
    transmit_store_restarts: int
    transmit_slips_repeated: int
    transmit_slips_deleted: int
    port_underruns: int
    port_overruns: int
    port_reconnections: int
    blocks: int


def receiver_fields(receiver: Any) -> dict[str, Any]:
    """What a receiver alone knows, by the field names of SpanStatus."""
    framer = receiver.framer
    return {
        "in_service": bool(receiver.in_service),
        "signal_lost": bool(receiver.signal_lost),
        "ais": bool(receiver.ais),
        "alignment": Alignment(framer.alignment),
        "bit_phase": framer.bit_phase,
        "remote_alarm": bool(framer.remote_alarm),
        "cas_aligned": bool(receiver.cas_aligned),
        "cas_remote_alarm": bool(receiver.cas_remote_alarm),
        "sa_bits": framer.sa_bits,
        "sa_codes": tuple(framer.sa_code),
        "near_end_unavailable": bool(receiver.unavailable[lib.NEAR_END]),
        "far_end_unavailable": bool(receiver.unavailable[lib.FAR_END]),
        "bits": framer.bits,
        "frames": framer.frames,
        "fas_errors": framer.fas_errors,
        "bit2_errors": framer.bit2_errors,
        "crc_blocks": framer.crc_blocks,
        "crc_errors": framer.crc_errors,
        "e_bit_errors": framer.e_bit_errors,
        "multiframe_errors": framer.multiframe_errors,
        "alignment_losses": framer.alignment_losses,
        "ais_frames": receiver.ais_frames,
        "remote_alarm_frames": receiver.remote_alarm_frames,
        "cas_word_errors": receiver.cas_word_errors,
        "cas_losses": receiver.cas_losses,
        "events_dropped": receiver.events_dropped,
    }


def span_status(status: Any) -> SpanStatus:
    """From a C span_status."""
    return SpanStatus(
        **receiver_fields(status.receiver),
        bipolar_violations=status.line_code.bipolar_violations + status.port.bipolar_violations,
        code_violations=status.line_code.code_violations,
        excess_zeros=status.line_code.excess_zeros,
        slips_repeated=status.slips_repeated,
        slips_deleted=status.slips_deleted,
        store_restarts=status.store_restarts,
        transmit_store_restarts=status.transmit_store_restarts,
        transmit_slips_repeated=status.transmit_slips_repeated,
        transmit_slips_deleted=status.transmit_slips_deleted,
        port_underruns=status.port.underruns,
        port_overruns=status.port.overruns,
        port_reconnections=status.port.reconnections,
        blocks=status.blocks,
    )


class PerformanceCounts(NamedTuple):
    """What an interval adds up to (G.826): seconds passed, errored, severely errored, unavailable; background
    block errors among `blocks`, those checked in available seconds that were not severely errored."""

    seconds: int
    es: int
    ses: int
    uas: int
    bbe: int
    blocks: int

    @property
    def errored_second_ratio(self) -> float:
        """Errored seconds among available ones (G.826 3.2.4); 0 where there was none."""
        return self._of_available(self.es)

    @property
    def severely_errored_second_ratio(self) -> float:
        """Severely errored seconds among available ones (G.826 3.2.5)."""
        return self._of_available(self.ses)

    @property
    def background_block_error_ratio(self) -> float:
        """Errored blocks among those outside severely errored seconds (G.826 3.2.6)."""
        return self.bbe / self.blocks if self.blocks else 0.0

    def _of_available(self, count: int) -> float:
        available = self.seconds - self.uas
        return count / available if available else 0.0


def performance_counts(counts: Any) -> PerformanceCounts:
    """From a C performance_counts."""
    return PerformanceCounts(counts.seconds, counts.es, counts.ses, counts.uas, counts.bbe, counts.blocks)
