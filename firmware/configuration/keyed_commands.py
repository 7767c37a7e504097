"""Commands of things under numbers: LST, ADD, MOD, RMV."""

import copy
from typing import Any

from firmware.configuration.assignment import assigned, heading, row, shown_leaves, something
from firmware.configuration.changes import value_at
from firmware.configuration.console import OF, Commands, ConfigurationConsole, refusals
from firmware.configuration.description import Keyed
from firmware.configuration.objects import KeyedObject
from firmware.configuration.parameters import effects, filters, leaves, parameters, typed, untyped
from firmware.console import return_codes
from firmware.console.declaration import Command, Integer, IntegerSet, Invocation, Parameter, Role, Verb
from firmware.console.report import Report, Table


class KeyedCommands:
    """The handlers of a keyed object's commands."""

    def __init__(self, item: KeyedObject, keyed: Keyed) -> None:
        self._object, self._keyed, self._table = item, keyed, keyed.item

    def _path(self, invocation: Invocation) -> str:
        return f"{self._object.path}.{invocation[self._object.key]}"

    def _passes(self, values: dict[str, Any], invocation: Invocation) -> bool:
        for name, (field, leaf) in leaves(self._table).items():
            wanted = invocation.get(name)
            found = values.get(field)
            if wanted is None:
                continue
            if isinstance(found, str) and not leaf.choices:
                if wanted.lower() not in found.lower():
                    return False
            elif typed(leaf, found) != typed(leaf, untyped(leaf, wanted)):
                return False
        return True

    async def show(self, console: ConfigurationConsole, invocation: Invocation) -> Report:
        """LST: what passes the filters, by number."""
        source, values = console.values(invocation)
        numbers = invocation.get(self._object.key)
        items = value_at(values, self._object.path) or {}
        rows = [
            [int(key), *row(self._table, items[key])]
            for key in sorted(items, key=int)
            if (numbers is None or int(key) in numbers) and self._passes(items[key], invocation)
        ]
        columns = (self._object.key, *(heading(*shown) for shown in shown_leaves(self._table)))
        return Report(blocks=(Table(f"{self._object.plural} ({source})", columns, rows),))

    async def add(self, console: ConfigurationConsole, invocation: Invocation) -> Report:
        """ADD: a new one, with defaults for what is not said."""
        path = self._path(invocation)
        values = assigned(self._table, invocation, path)
        candidate = console.candidate(invocation)
        before = copy.deepcopy(candidate.values)
        with refusals():
            candidate.add(path, values)
        return console.edited(candidate, before)

    async def modify(self, console: ConfigurationConsole, invocation: Invocation) -> Report:
        """MOD: only what is said changes."""
        path = self._path(invocation)
        values = something(assigned(self._table, invocation, path), self._table)
        candidate = console.candidate(invocation)
        before = copy.deepcopy(candidate.values)
        with refusals():
            candidate.get(path)
            for field, value in values.items():
                candidate.set(f"{path}.{field}", value)
        return console.edited(candidate, before)

    async def remove(self, console: ConfigurationConsole, invocation: Invocation) -> Report:
        """RMV: by number."""
        candidate = console.candidate(invocation)
        before = copy.deepcopy(candidate.values)
        with refusals():
            candidate.remove(self._path(invocation))
        return console.edited(candidate, before)

    def commands(self) -> Commands:
        """Their declarations."""
        it, table = self._object, self._table
        low, high = self._keyed.low, self._keyed.high
        key = Parameter(it.key, Integer(low, high), f"number of the {it.text}", mandatory=True)
        numbers = Parameter(it.key, IntegerSet(low, high), f"only these {it.plural}", default="all")
        one, beyond = f"{it.key}={it.number}", f"{it.key}={high + 1}"
        effect = effects(table)
        return (
            Command(
                Verb.ADD, it.object, f"add a {it.text} to the candidate", self.add, it.role,
                f"ADD {it.object}:{one},{it.sample};", f"ADD {it.object}:{beyond},{it.sample};",
                return_codes.BAD_VALUE, (key, *parameters(table, adding=True)), effect,
            ),
            Command(
                Verb.MOD, it.object, f"change a {it.text} in the candidate", self.modify, it.role,
                f"MOD {it.object}:{one},{it.sample};", f"MOD {it.object}:{one},{it.bad};",
                return_codes.BAD_VALUE, (key, *parameters(table, adding=False)), effect,
            ),
            Command(
                Verb.LST, it.object, f"list the {it.plural}, as configured", self.show, Role.GUEST,
                f"LST {it.object}:{it.key}={low}&&{high};", f"LST {it.object}:{beyond};",
                return_codes.BAD_VALUE, (numbers, *filters(table), OF),
            ),
            Command(
                Verb.RMV, it.object, f"remove a {it.text} from the candidate", self.remove, it.role,
                f"RMV {it.object}:{one};", f"RMV {it.object}:{beyond};",
                return_codes.BAD_VALUE, (key,), "Changes this session's candidate; counts after CMT CFG",
            ),
        )  # fmt: skip
