"""Every alarm that the sources tell of: which, where, and of what object, as far as reading them shows."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple

import firmware
from firmware.alarms.catalogue import CATALOGUE
from firmware.alarms.catalogue.port import PORT
from firmware.alarms.kind import BOX

WAYS = ("fault", "recover", "event")
BY_PORT = "set"  # of a port's own PortAlarms: port.alarms.set("LOS", True)
ALARM_LIKE = re.compile(r"[A-Z][A-Z0-9_]{2,}")
OBJECTS = {kind.object for kind in CATALOGUE.values()} - {BOX}


class Told(NamedTuple):
    """A call. `names` are all that it may tell, `objects` all that it may tell of (BOX: the box)."""

    where: str
    way: str
    names: frozenset[str]
    objects: frozenset[str]


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(firmware.__path__, "firmware."):
        if not found.name.startswith("firmware.alarms.catalogue"):
            yield importlib.import_module(found.name)


def told_in(module: ModuleType) -> Iterator[Told]:
    tree = ast.parse(inspect.getsource(module))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        where = f"{module.__name__} line {node.lineno}"
        if node.func.attr in WAYS:
            yield Told(where, node.func.attr, _names(node, module, tree), _objects(node, tree))
        elif node.func.attr == BY_PORT and ast.unparse(node.func.value).endswith(".alarms"):
            yield Told(where, "fault", _names(node, module, tree), frozenset({PORT}))


def alarm_like(module: ModuleType, tree: ast.AST) -> frozenset[str]:
    """Strings of a module, its own and those it uses by their names, that look like an alarm's name."""
    written = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    used = [getattr(module, node.id, None) for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return frozenset(text for text in [*written, *used] if isinstance(text, str) and ALARM_LIKE.fullmatch(text))


def _names(call: ast.Call, module: ModuleType, tree: ast.AST) -> frozenset[str]:
    """The one that it says; of a variable, all that the module knows."""
    name = call.args[0]
    if isinstance(name, ast.Constant) and isinstance(name.value, str):
        return frozenset({name.value})
    if isinstance(name, ast.Name) and isinstance(value := getattr(module, name.id, None), str):
        return frozenset({value})
    return alarm_like(module, tree)


def _objects(call: ast.Call, tree: ast.AST) -> frozenset[str]:
    """The one that it says; of a function, what that returns; of anything else, all there are."""
    keyword = next((each.value for each in call.keywords if each.arg == "object"), None)
    thing = call.args[1] if len(call.args) > 1 else keyword
    if isinstance(thing, ast.Call) and isinstance(thing.func, ast.Name):
        thing = _returned(thing.func.id, tree)
    if thing is None or (isinstance(thing, ast.Constant) and thing.value == ""):
        return frozenset({BOX})
    if isinstance(thing, ast.JoinedStr) and isinstance(first := thing.values[0], ast.Constant):
        return frozenset({str(first.value).rstrip(" ")})
    return frozenset({BOX, *OBJECTS})


def _returned(function: str, tree: ast.AST) -> ast.expr | None:
    (found,) = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == function)
    (returned,) = (node for node in ast.walk(found) if isinstance(node, ast.Return))
    return returned.value
