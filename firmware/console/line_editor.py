"""What a line editor does for a session, and the help that both editors give while a line is typed."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol

KEY_OCTETS_MAX = 500  # sent for a key: half a second at 9 600 bit/s
REDRAW_OCTETS = 120  # to take the line away and to draw it again, besides its characters
LINE_CHARACTERS_MAX = 4200  # more than a command may have: it is refused whole, never cut


class BrokenOffError(Exception):
    """Ctrl-C: the line is given up."""


class EndOfInputError(Exception):
    """Ctrl-D on an empty line."""


class Candidates(NamedTuple):
    """How a line may go on: the words that may stand from `start` on (what is typed of them is replaced)."""

    start: int
    words: Sequence[str]


class Assistance(Protocol):
    """Knows commands: what Tab and ? ask."""

    def candidates(self, line: str) -> Candidates:
        """How the line up to the cursor may go on."""

    def help(self, line: str) -> list[str]:
        """What may stand where the line up to the cursor ends."""

    def is_text(self, line: str) -> bool:
        """The line ends inside a string or a comment, where ? is a character like any other."""


class LineEditor(Protocol):
    """Reads a line from a terminal. Notices are shown above it whenever there are any."""

    async def command(self, prompt: str) -> str:
        """A line, with completion and help. Raises BrokenOffError, EndOfInputError, HungUpError."""


Notices = Callable[[], list[str]]  # takes the lines that wait to be shown
ShowHelp = Callable[[list[str], int], Awaitable[None]]  # lines, and the octets a key may show


class Completion(NamedTuple):
    """What Tab does: the line that comes of it, and words to choose from, if it is not clear."""

    line: str
    words: Sequence[str]


def complete(assistance: Assistance, line: str) -> Completion:
    """Takes a line as far as it is clear how it goes on."""
    start, words = assistance.candidates(line)
    typed = line[start:]
    if not words:
        return Completion(line, ())
    common = _common_characters(words)
    if common > len(typed):
        return Completion(line[:start] + words[0][:common], ())
    return Completion(line, words if len(words) > 1 else ())


def _common_characters(words: Sequence[str]) -> int:
    """With how many characters all of them begin, in either case."""
    first, last = min(words, key=str.upper).upper(), max(words, key=str.upper).upper()
    return next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))


def room(row: str) -> int:
    """How many octets a key may show above the line, of which so much is drawn again."""
    return KEY_OCTETS_MAX - REDRAW_OCTETS - len(row.encode())


def listing(words: Sequence[str], octets: int) -> str:
    """As many words in one line as fit so many octets; how many more there are."""
    shown: list[str] = []
    left = octets - len(f"  ... {len(words)} more\r\n")
    for word in words:
        left -= len(word.encode()) + 2
        if left < 0:
            break
        shown.append(word)
    more = f"  ... {len(words) - len(shown)} more" if len(shown) < len(words) else ""
    return "  ".join(shown) + more
