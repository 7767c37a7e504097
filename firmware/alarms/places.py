"""Which objects are placed within which: a clock source within its port, a timeslot within its span's port."""

from collections.abc import Iterator


class Places:
    """A forest of objects, each named by its text."""

    def __init__(self) -> None:
        self._outer: dict[str, str] = {}
        self._inner: dict[str, set[str]] = {}

    def place(self, inner: str, within: str) -> None:
        """Puts an object within another, out of where it was. ValueError: it would come to be within itself."""
        if inner in self.outward(within):
            raise ValueError(f"{inner} cannot be within {within}, which is within {inner}")
        self.remove(inner)
        self._outer[inner] = within
        self._inner.setdefault(within, set()).add(inner)

    def remove(self, inner: str) -> None:
        """Takes an object out of what it is within; what is within it stays there."""
        within = self._outer.pop(inner, None)
        if within is not None:
            self._inner[within].remove(inner)

    def outward(self, text: str) -> Iterator[str]:
        """The object itself, then what it is within, and so on."""
        here: str | None = text
        while here is not None:
            yield here
            here = self._outer.get(here)

    def inward(self, text: str) -> Iterator[str]:
        """The object itself and all that is within it."""
        yield text
        for inner in sorted(self._inner.get(text, ())):
            yield from self.inward(inner)
