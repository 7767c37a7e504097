"""Ports: where a span's line goes in and out."""

from typing import Any

from drivers._native import ffi
from drivers.errors import UserError


class PortError(UserError):
    """A port cannot be opened; the text says which and why."""


class Port:
    """Owner of a C port until a span takes it over."""

    def __init__(self, native: Any, name: str) -> None:
        self._native = native
        self.name = name

    @property
    def real_time(self) -> bool:
        """Tied to the outside world: its shelf cannot run in virtual time."""
        return bool(self.native.operations.real_time)

    @property
    def native(self) -> Any:
        """The C object, for drivers that know its kind."""
        if self._native is None:
            raise PortError(f"{self.name}: the port is closed, or a span has it")
        return self._native

    def handed_over(self) -> None:
        """A span owns the C object from now on."""
        self._native = None

    def close(self) -> None:
        """Frees the port unless a span has it."""
        native, self._native = self._native, None
        if native is not None:
            native.operations.free(native)


def opened(name: str, native: Any, error: Any) -> Port:
    """A new C port, or the PortError that `error` (a char[]) tells of; without a name it speaks for itself."""
    if native == ffi.NULL:
        why = ffi.string(error).decode(errors="replace")
        raise PortError(f"{name}: {why}" if name else why)
    return Port(native, name)
