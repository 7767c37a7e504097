"""The compiled engine (CFFI, API mode). Only the packages of `drivers` import this."""

from drivers._native._engine import ffi, lib

__all__ = ["ffi", "lib"]
