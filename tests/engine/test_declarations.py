"""Every declaration that CFFI has read from the headers, used once: drift shows when a type is first used."""

import re
from pathlib import Path

import pytest

from drivers._native import ffi, lib

TYPEDEFS, STRUCTS, UNIONS = ffi.list_types()

# The public headers, without comments and preprocessor lines.
CSRC = Path(__file__).resolve().parents[2] / "csrc"
HEADERS = sorted(path for path in CSRC.rglob("*.h") if not path.stem.endswith("_internal"))
TEXT = re.sub(r"/\*.*?\*/|^\s*#.*?$", "", "\n".join(path.read_text() for path in HEADERS), flags=re.S | re.M)


def names_declared(pattern: str) -> set[str]:
    return set(re.findall(pattern, TEXT, flags=re.M | re.S))


def is_opaque(name: str) -> bool:
    return re.search(rf"^typedef struct \w+ {name};", TEXT, flags=re.M) is not None and not re.search(
        rf"^struct {name} \{{", TEXT, flags=re.M
    )


@pytest.mark.parametrize("name", TYPEDEFS)
def test_type_is_as_the_compiler_has_it(name: str) -> None:
    """CFFI compares sizes and offsets with the compiler's when a type is first used."""
    kind = ffi.typeof(name)
    if is_opaque(name):
        with pytest.raises(ffi.error):
            ffi.sizeof(kind)
    elif kind.kind == "enum":
        assert kind.relements
    else:
        assert kind.kind == "struct"
        made = ffi.new(f"{name} *")
        assert ffi.sizeof(kind) >= sum(ffi.sizeof(field.type) for _, field in kind.fields)
        for field, _ in kind.fields:
            getattr(made, field)


@pytest.mark.parametrize("name", dir(lib))
def test_function_or_constant_is_there(name: str) -> None:
    assert getattr(lib, name) is not None


def test_nothing_is_left_out() -> None:
    """Against a reading of the headers that is not CFFI's."""
    assert names_declared(r"\}\s*(\w+);") | names_declared(r"^typedef struct \w+ (\w+);") == set(TYPEDEFS)
    functions = names_declared(r"^[\w ]+?[ *](\w+)\([^;{]*\);")
    enumerators = {
        name
        for body in re.findall(r"enum\s*\{(.*?)\}", TEXT, flags=re.S)
        for name in re.findall(r"\b([A-Z]\w+)", body)
    }
    variables = names_declared(r"^extern const \w+ (\w+)\[")
    assert functions | enumerators | variables == set(dir(lib))
    assert STRUCTS == [] or set(STRUCTS) <= set(re.findall(r"struct (\w+)", TEXT))
    assert UNIONS == []
