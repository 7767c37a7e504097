"""WAV files on disk: speech read whole, recordings written so that a half-written one is never seen."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from drivers.engine import alaw_from_linear
from drivers.errors import UserError
from drivers.stores.named_file import NamedFileError, read_named_file
from drivers.stores.whole_file import sync_folder
from protocols import wav

SPEECH_OCTETS_MAX = 32 << 20  # half an hour of 16-bit samples


class SpeechFileError(UserError):
    """A speech file cannot be read or is not what the voice boards play."""


class RecordingError(UserError):
    """A recording cannot be written; nothing of it is left on disk."""


def read_speech(path: Path) -> bytes:
    """A-law octets of an 8 kHz mono WAV file, 16-bit linear or A-law; raises SpeechFileError."""
    try:
        speech = wav.parse(read_named_file(path, SPEECH_OCTETS_MAX))
    except (NamedFileError, wav.WavError) as error:
        raise SpeechFileError(f"{path}: {error}") from None
    # The engine takes samples in machine order; every machine it is built for is little-endian, as WAV is.
    return speech.data if speech.encoding == wav.ALAW else alaw_from_linear(speech.data)


class RecordingFile:
    """An A-law WAV in the making: `NAME.part` until `finish` makes it `NAME`, or `discard` leaves nothing.

    Every method raises RecordingError, after which nothing of the file is left. A context manager: leaving it
    unfinished discards it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.octets = 0
        self._part = path.with_name(path.name + ".part")
        try:
            # Unbuffered: what could not be written must not be tried again when the file is closed.
            self._file = self._part.open("xb", buffering=0)
        except OSError as error:
            raise RecordingError(f"{path}: cannot record: {error.strerror}") from None
        self._write(wav.alaw_header(0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    @property
    def closed(self) -> bool:
        """Finished or discarded."""
        return self._file.closed

    def append(self, octets: bytes) -> None:
        """Adds A-law octets."""
        self._write(octets)
        self.octets += len(octets)

    def finish(self) -> None:
        """Completes the header, syncs file and folder, and gives the file its name."""
        if self.octets % 2:
            self._write(b"\0")
        try:
            self._file.seek(0)
            self._write(wav.alaw_header(self.octets))
            os.fsync(self._file.fileno())
            os.link(self._part, self.path)  # unlike a renaming, this never replaces a message that is there
            self._part.unlink()
            self._file.close()
            sync_folder(self.path.parent)
        except OSError as error:
            raise self._failed(error) from None

    def discard(self) -> None:
        """Leaves nothing, unless the file is finished."""
        if not self._file.closed:
            self._file.close()
            self._part.unlink(missing_ok=True)

    def _write(self, octets: bytes) -> None:
        left = memoryview(octets)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> RecordingError:
        self.discard()
        return RecordingError(f"{self.path}: recording stopped: {error.strerror}")
