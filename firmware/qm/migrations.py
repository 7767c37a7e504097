"""Earlier schemas of the queuing machine's configuration, as they were, and the way up from each."""

from typing import Annotated, Any, Literal

import msgspec

from firmware.configuration.check import InvalidConfigurationError, plain
from firmware.configuration.fields import Effect, setting
from firmware.configuration.migration import Migration
from firmware.configuration.target import Problem


def _old(text: str, **limits: Any) -> msgspec.Meta:
    return setting(text, effect=Effect.BOX_RESTART, **limits)


class Clock1(msgspec.Struct, frozen=True):
    """[clock] of schema 1."""

    sources: Annotated[tuple[Annotated[int, msgspec.Meta(ge=1, le=16)], ...], _old("spans to follow")] = (1,)
    revertive: Annotated[bool, _old("back to a better source")] = True
    ssm_bit: Annotated[Literal[0, 4, 5, 6, 7, 8], _old("Sa bit of the status message")] = 0
    hold_off_ms: Annotated[int, _old("hold-off", low=0, high=1800)] = 300
    wait_to_restore_s: Annotated[float, _old("wait to restore", low=0, high=720)] = 300.0
    holdover_h: Annotated[float, _old("holdover", low=0, high=168)] = 24.0


class QueuingMachine1(msgspec.Struct, frozen=True):
    """[qm] of schema 1, all of whose spans were alike; the plant's [clock] belongs to it."""

    schema: Annotated[int, _old("schema")] = 1
    spans: Annotated[int, _old("trunk E1s", low=1, high=16)] = 1
    framing: Annotated[Literal["crc4", "double-frame", "automatic"], _old("framing")] = "crc4"
    line_code: Annotated[Literal["hdb3", "ami"], _old("line code")] = "hdb3"
    recognition_ms: Annotated[int, _old("recognition", unit="ms", low=10, high=30, multiple_of=2)] = 20
    called_digits: Annotated[int, _old("digits of the called number", low=1, high=20)] = 5
    ports: Annotated[tuple[Annotated[str, msgspec.Meta()], ...], _old("the first spans' URLs")] = ()
    clock: Clock1 = Clock1()


def _upgrade_1(old: QueuingMachine1) -> dict[str, Any]:
    """Every span becomes a port of its own; those without a URL were lines of the bench."""
    if len(old.ports) > old.spans:
        reason = f"{len(old.ports)} of them for {old.spans} span(s)"
        raise InvalidConfigurationError([Problem("ports", reason, f"at most {old.spans}")])
    urls = [*old.ports, *["line:"] * (old.spans - len(old.ports))]
    shared = {"framing": old.framing, "line_code": old.line_code, "recognition_ms": old.recognition_ms}
    return {
        "schema": 2,
        "ports": {str(number): {"url": url, **shared} for number, url in enumerate(urls, 1)},
        "clock": plain(old.clock),
        "signalling": {"called_digits": old.called_digits},
    }


MIGRATIONS = (Migration(QueuingMachine1, _upgrade_1),)
