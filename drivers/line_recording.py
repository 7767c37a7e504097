"""A recording of line bits: a file that a span's tap fills."""

from pathlib import Path

from drivers._native import ffi, lib
from drivers.engine.port import Port, PortError
from drivers.ports import open_file


class LineRecording:
    """Raw bits into `path`, which is overwritten; give `port` to Span.tap; `finish` before the shelf closes."""

    def __init__(self, path: Path) -> None:
        self.port: Port = open_file("", record=str(path), overwrite=True)
        self._native = self.port.native

    def finish(self) -> int:
        """Writes what still waits; returns how many octets the file has. Raises PortError if any were lost."""
        error = ffi.new("char[]", lib.FILE_PORT_ERROR_OCTETS)
        if lib.file_port_finish(self._native, error):
            raise PortError(ffi.string(error).decode(errors="replace"))
        statistics = ffi.new("file_port_statistics *")
        lib.file_port_read_statistics(self._native, statistics)
        return int(statistics.recorded_octets)
