"""A voice board: 32 channels on a highway that play, record, send tones and hear digits."""

from typing import NamedTuple

from drivers._native import ffi, lib
from drivers.engine.errors import EngineError, check
from drivers.engine.shelf import EventHandler, Shelf, ShelfElement

CHANNELS = int(lib.VOICE_CHANNELS)
RECORD_RING_OCTETS = int(lib.VOICE_RECORD_RING)


class Tone(NamedTuple):
    """Two sines, each with a level of its own in dBm0; 0 Hz = none."""

    frequency_hz: tuple[float, float]
    level_dbm0: tuple[float, float]


def dtmf_tone(digit: str, level_dbm0: float) -> Tone:
    """The two frequencies of a DTMF digit (Q.23), each at `level_dbm0`; raises ValueError for other characters."""
    options = ffi.new("tone_options *")
    if len(digit) != 1 or lib.tone_options_dtmf(digit.encode("latin-1", "replace"), level_dbm0, options):
        raise ValueError(f"no DTMF digit: {digit!r} (0-9, A-D, * and # are)")
    low, high = options.frequency_hz
    return Tone((low, high), (level_dbm0, level_dbm0))


def alaw_from_linear(samples: bytes) -> bytes:
    """16-bit linear samples in machine order to A-law octets (G.711)."""
    count = len(samples) // 2
    octets = ffi.new("uint8_t[]", count)
    lib.g711_encode(lib.G711_ALAW, ffi.cast("int16_t *", ffi.from_buffer(samples)), octets, count)
    return bytes(ffi.buffer(octets, count))


class Sound:
    """A-law octets in the engine's memory, to be played by any number of channels at once."""

    def __init__(self, octets: bytes) -> None:
        made = lib.sound_new(octets, len(octets))
        if made == ffi.NULL:
            raise EngineError("sound", lib.ENGINE_NO_MEMORY)
        self.native = ffi.gc(made, lib.sound_release, size=len(octets))
        self.samples = len(octets)


class VoiceBoard(ShelfElement):
    """Owner of a voice board on `shelf`; channel c is timeslot c of its highway."""

    def __init__(self, shelf: Shelf) -> None:
        number = ffi.new("uint32_t *")
        super().__init__(shelf, "voice board", lib.shelf_add_voice_board(shelf.native, number))
        self._octets = ffi.new("uint8_t[]", RECORD_RING_OCTETS)
        self.stream = int(lib.voice_board_stream(self.native))
        self._object = int(number[0])

    def listen(self, handler: EventHandler) -> None:
        """Sends the board's events to `handler` from now on."""
        self._shelf.handle(self._object, handler)

    def attach(self, stream: int) -> None:
        """The stream the channels hear."""
        check("voice board", lib.voice_board_attach(self.native, stream))

    def play_sound(self, channel: int, sound: Sound, tag: int) -> None:
        """Queues a sound, without a gap; PLAY_DONE brings `tag` back when its last sample has been sent."""
        check(f"channel {channel}", lib.voice_play_sound(self.native, channel, sound.native, tag))

    def play_tone(self, channel: int, tone: Tone, samples: int, tag: int) -> None:
        """Queues a tone of so many samples (8 to the millisecond)."""
        options = ffi.new("tone_options *", (tone.frequency_hz, tone.level_dbm0))
        check(f"channel {channel}", lib.voice_play_tone(self.native, channel, options, samples, tag))

    def play_silence(self, channel: int, samples: int, tag: int) -> None:
        """Queues a silence of so many samples."""
        check(f"channel {channel}", lib.voice_play_silence(self.native, channel, samples, tag))

    def play_stop(self, channel: int) -> None:
        """Drops what the channel plays and has queued; no PLAY_DONE comes for it."""
        check(f"channel {channel}", lib.voice_play_stop(self.native, channel))

    def record_start(self, channel: int) -> None:
        """Records every octet the channel hears from the next block on."""
        check(f"channel {channel}", lib.voice_record_start(self.native, channel))

    def record_stop(self, channel: int) -> None:
        """Ends the recording after the last block run; what is unread can still be read."""
        check(f"channel {channel}", lib.voice_record_stop(self.native, channel))

    def record_read(self, channel: int) -> bytes:
        """Everything recorded and not yet read."""
        count = check(
            f"channel {channel}",
            lib.voice_record_read(self.native, channel, self._octets, RECORD_RING_OCTETS),
        )
        return bytes(ffi.buffer(self._octets, count))

    def hear_digits(self, channel: int, on: bool) -> None:
        """Reports DTMF digits on a channel, or stops to."""
        check(f"channel {channel}", lib.voice_hear_digits(self.native, channel, on))
