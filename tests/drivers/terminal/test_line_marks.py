"""BREAKs and damaged octets among what a serial port read, however the reads cut them."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.terminal.line_marks import LineMarks

# What the line carries, and how a tty with PARMRK tells it (POSIX.1-2017 11.2.2, "Input Modes").
OCTET = st.integers(0, 254).map(lambda octet: (bytes((octet,)), bytes((octet,)), 0, 0))
ALL_ONES = st.just((b"\xff", b"\xff\xff", 0, 0))
BREAK = st.just((b"", b"\xff\0\0", 1, 0))
DAMAGED = st.integers(1, 255).map(lambda octet: (b"", b"\xff\0" + bytes((octet,)), 0, 1))


@given(st.lists(OCTET | ALL_ONES | BREAK | DAMAGED, max_size=40), st.lists(st.integers(1, 5)))
def test_marks_are_taken_out(line: list[tuple[bytes, bytes, int, int]], cuts: list[int]) -> None:
    marks, told = LineMarks(), b"".join(each[1] for each in line)
    clean, breaks, damaged = b"", 0, 0
    while told:
        cut = cuts.pop() if cuts else len(told)
        received = marks.take(told[:cut])
        told = told[cut:]
        clean, breaks, damaged = clean + received.octets, breaks + received.breaks, damaged + received.damaged
    assert (clean, breaks, damaged) == (
        b"".join(each[0] for each in line),
        sum(each[2] for each in line),
        sum(each[3] for each in line),
    )
