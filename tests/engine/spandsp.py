"""spandsp's DTMF sender and receiver (libspandsp2 from Debian, LGPL), through ctypes: a judge of ours."""

import ctypes
from collections.abc import Sequence

DIGITS_MAX = 128


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL("libspandsp.so.2")
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    for name in ("dtmf_rx_init", "dtmf_tx_init"):
        function = getattr(library, name)
        function.restype, function.argtypes = pointer, [pointer] * 3
    for name in ("dtmf_rx", "dtmf_tx"):
        getattr(library, name).argtypes = [pointer, pointer, integer]
    for name in ("dtmf_rx_free", "dtmf_tx_free"):
        getattr(library, name).argtypes = [pointer]
    library.dtmf_rx_get.restype = ctypes.c_size_t
    library.dtmf_rx_get.argtypes = [pointer, ctypes.c_char_p, integer]
    library.dtmf_tx_put.argtypes = [pointer, ctypes.c_char_p, integer]
    library.dtmf_tx_set_level.argtypes = [pointer, integer, integer]
    library.dtmf_tx_set_timing.argtypes = [pointer, integer, integer]
    return library


LIBRARY = _library()


def send(digits: str, level_dbm0: int, twist_db: int, on_ms: int, off_ms: int) -> list[int]:
    """Samples of the digits; the column `twist_db` above the row, which is at `level_dbm0`."""
    sender = LIBRARY.dtmf_tx_init(None, None, None)
    LIBRARY.dtmf_tx_set_level(sender, level_dbm0, twist_db)
    LIBRARY.dtmf_tx_set_timing(sender, on_ms, off_ms)
    LIBRARY.dtmf_tx_put(sender, digits.encode(), -1)
    samples = (ctypes.c_int16 * (8 * (on_ms + off_ms) * len(digits)))()
    count = LIBRARY.dtmf_tx(sender, samples, len(samples))
    LIBRARY.dtmf_tx_free(sender)
    return list(samples[:count])


def receive(samples: Sequence[int]) -> str:
    """The digits spandsp hears."""
    receiver = LIBRARY.dtmf_rx_init(None, None, None)
    LIBRARY.dtmf_rx(receiver, (ctypes.c_int16 * len(samples))(*samples), len(samples))
    heard = ctypes.create_string_buffer(DIGITS_MAX + 1)
    LIBRARY.dtmf_rx_get(receiver, heard, DIGITS_MAX)
    LIBRARY.dtmf_rx_free(receiver)
    return heard.value.decode()
