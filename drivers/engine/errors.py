"""Return codes of the engine as exceptions."""

from typing import Any

from drivers._native import ffi, lib


class EngineError(Exception):
    """The engine refused a call; `code` is its engine_error (csrc/shelf/engine.h)."""

    def __init__(self, where: str, code: int, text: str = "") -> None:
        """`text` where an adaptor has words of its own; else the engine's."""
        super().__init__(f"{where}: {text or ffi.string(lib.engine_error_text(code)).decode()}")
        self.code = code


def check(where: str, result: int) -> int:
    """Passes a result that is not negative through; raises EngineError for `where` otherwise."""
    if result < 0:
        raise EngineError(where, result)
    return result


def check_made(where: str, made: Any) -> Any:
    """Passes a new C object through; raises EngineError where the engine had no memory or stream for it."""
    if made == ffi.NULL:
        raise EngineError(where, lib.ENGINE_NO_STREAMS)
    return made
