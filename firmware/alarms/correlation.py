"""Which alarms hide which: consequences are not told while their cause stands, on the same object or around it."""

from collections.abc import Iterator, Mapping

from firmware.alarms.entry import Entry, Key
from firmware.alarms.kind import AlarmKind
from firmware.alarms.places import Places


class Correlation:
    """Looks at the manager's entries; keeps those that are raised and not told."""

    def __init__(self, catalogue: Mapping[str, AlarmKind], entries: Mapping[Key, Entry]) -> None:
        self.places = Places()
        self._entries = entries
        self._hiders = {hider for kind in catalogue.values() for hider in kind.hidden_by}
        self._untold: dict[str, dict[str, Entry]] = {}  # by object and name

    def is_hider(self, entry: Entry) -> bool:
        """Whether anything can be its consequence."""
        return entry.kind.name in self._hiders

    def held_back(self, entry: Entry) -> bool:
        """An alarm that hides it stands, or is about to: it must not be told now."""
        return any(True for _ in self._hiding(entry))

    def hidden(self, entry: Entry) -> bool:
        """An alarm that hides it stands: it is not shown."""
        return any(hider.state.stands for hider in self._hiding(entry))

    def add(self, entry: Entry) -> None:
        """It is raised, and not told yet."""
        self._untold.setdefault(entry.object, {})[entry.kind.name] = entry

    def discard(self, entry: Entry) -> None:
        """It has been told, or is gone."""
        of_object = self._untold.get(entry.object, {})
        of_object.pop(entry.kind.name, None)
        if not of_object:
            self._untold.pop(entry.object, None)

    def untold(self, text: str) -> list[Entry]:
        """What is raised and not told of an object and all that is within it, worst first."""
        objects = sorted(self._untold) if text == "" else list(self.places.inward(text))
        entries = [entry for each in objects for entry in self._untold.get(each, {}).values()]
        return sorted(entries, key=lambda entry: entry.kind.severity.rank)

    def _hiding(self, entry: Entry) -> Iterator[Entry]:
        """Alarms that can hide it, in whatever state; everything is within the box."""
        for text in (*self.places.outward(entry.object), ""):
            for name in entry.kind.hidden_by:
                hider = self._entries.get((name, text))
                if hider is not None:
                    yield hider
