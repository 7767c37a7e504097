"""Every layout of protocols/ against the vectors that stand beside it, worked by hand from the Recommendation."""

import importlib
import pkgutil
from typing import Any

import pytest

import protocols

MODULES = [
    importlib.import_module(f"protocols.{module.name}") for module in pkgutil.iter_modules(protocols.__path__)
]
VECTORS = [
    pytest.param(*vector, id=f"{module.__name__}-{number}")
    for module in MODULES
    for number, vector in enumerate(getattr(module, "VECTORS", []))
]


def test_there_are_vectors() -> None:
    assert {module.__name__ for module in MODULES if hasattr(module, "VECTORS")} >= {
        "protocols.e1",
        "protocols.line_signalling",
    }


@pytest.mark.parametrize(("layout", "values", "octets"), VECTORS)
def test_vector_both_ways(layout: Any, values: dict[str, Any], octets: bytes) -> None:
    assert layout.build(values) == octets
    parsed = layout.parse(octets)
    assert {name: parsed[name] for name in values} == values
