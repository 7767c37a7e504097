"""HDLC frames in a file that Wireshark opens."""

from pathlib import Path
from types import TracebackType
from typing import Self

from drivers.engine.analyser import HdlcFrame
from drivers.errors import UserError
from protocols import pcap

NS_PER_BIT_NUMERATOR, NS_PER_BIT_DENOMINATOR = 1_000_000_000, 2_048_000


class PcapFileError(UserError):
    """The file cannot be written; nothing of it is left."""


class PcapFile:
    """A capture of LAPD frames in the making; times count from the recording's first bit. A context manager: an
    error inside it leaves no file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")

    def __enter__(self) -> Self:
        try:
            self._file = self._part.open("wb")
            self._file.write(pcap.pcap_header(pcap.LinkType.LAPD))
        except OSError as error:
            raise self._failed(error) from None
        return self

    def write(self, frame: HdlcFrame) -> None:
        """Adds a frame."""
        time_ns = frame.bit * NS_PER_BIT_NUMERATOR // NS_PER_BIT_DENOMINATOR
        try:
            self._file.write(pcap.pcap_record(time_ns, frame.octets))
        except OSError as error:
            raise self._failed(error) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
            if error is None:
                self._part.replace(self._path)
        except OSError as failure:
            raise self._failed(failure) from None
        finally:
            self._part.unlink(missing_ok=True)

    def _failed(self, error: OSError) -> PcapFileError:
        self._part.unlink(missing_ok=True)
        return PcapFileError(f"{self._path}: {error.strerror}")
