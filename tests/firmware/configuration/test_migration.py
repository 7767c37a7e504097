"""Kept samples of every schema, read by this program; newer ones are refused with the reason."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from firmware import plant
from firmware.configuration.check import InvalidConfigurationError, convert
from firmware.configuration.common import (
    AlarmConfiguration,
    ConsoleConfiguration,
    SerialConsole,
    SiteConfiguration,
)
from firmware.configuration.file import ConfigurationFileError
from firmware.configuration.kind import BoxKind
from firmware.hw.configuration import HighwayBoxConfiguration
from firmware.plant import KINDS, PlantConfiguration
from firmware.qm.configuration import (
    ClockConfiguration,
    PortConfiguration,
    QueuingMachineConfiguration,
    SignallingConfiguration,
)
from firmware.qm.kind import QUEUING_MACHINE
from firmware.vp.configuration import DEFAULT_PROMPT, ServiceConfiguration, VoiceBoxConfiguration

SAMPLES = Path(__file__).parent.parent / "samples"


def test_schema_1() -> None:
    alike = PortConfiguration(framing="double-frame", line_code="ami", recognition_ms=24)
    assert plant.load(SAMPLES / "schema-1-plant.toml") == PlantConfiguration(
        qm=QueuingMachineConfiguration(
            ports={
                1: replace(alike, url="satop://192.0.2.1"),
                2: replace(alike, url="dahdi:1"),
                3: replace(alike, url="line:"),
            },
            clock=ClockConfiguration(
                sources=(2, 1),
                revertive=False,
                ssm_bit=4,
                hold_off_ms=500,
                wait_to_restore_s=60.0,
                holdover_h=12.5,
            ),
            signalling=SignallingConfiguration(called_digits=7),
        ),
        vp=VoiceBoxConfiguration(
            boards=2,
            service=ServiceConfiguration(
                prompt=str(SAMPLES / "sounds" / "hello.wav"), digit_timeout_s=5.5, maximum_message_s=120.0
            ),
        ),
    )


def test_schema_1_with_little_in_it() -> None:
    configuration = plant.load(SAMPLES / "schema-1-least.toml")
    assert configuration.qm.ports == {1: PortConfiguration(), 2: PortConfiguration()}
    assert configuration.qm.clock.sources == (1,)
    assert configuration.vp.service.prompt_file == DEFAULT_PROMPT


def test_schema_2() -> None:
    assert plant.load(SAMPLES / "schema-2-plant.toml") == PlantConfiguration(
        qm=QueuingMachineConfiguration(
            site=SiteConfiguration(name="Bern", contact="+41 31 000 00 00"),
            console=ConsoleConfiguration(
                idle_logout_s=600,
                sessions=4,
                serial={1: SerialConsole(device="/dev/ttyS0", speed=115200, modem_control=True)},
                tcp_address="0.0.0.0",
                tcp_port=2323,
                tls_certificate=str(SAMPLES / "tls" / "box.pem"),
                tls_key="/etc/box.key",
            ),
            alarms=AlarmConfiguration(syslog="192.0.2.9:514", metrics_port=9100),
            ports={
                1: PortConfiguration(name="Thun", url="e1d:/0/0", framing="automatic"),
                16: PortConfiguration(line_state_rule="ets300233"),
            },
            clock=ClockConfiguration(sources=(16, 1)),
            signalling=SignallingConfiguration(called_digits=4),
        ),
        hw=HighwayBoxConfiguration(),
        vp=VoiceBoxConfiguration(boards=3, service=ServiceConfiguration(prompt=str(SAMPLES / "hello.wav"))),
    )


def test_there_is_a_sample_of_every_schema_and_a_migration_from_each() -> None:
    for kind in KINDS:
        assert len(kind.migrations) == kind.failsafe.schema - 1
        for schema in range(1, kind.failsafe.schema + 1):
            assert list(SAMPLES.glob(f"schema-{schema}-*.toml"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_step_leads_to_a_tree_of_the_next_schema(kind: BoxKind[Any]) -> None:
    types = [*(migration.tree_type for migration in kind.migrations), kind.tree_type]
    for migration, tree_type in zip(kind.migrations, types[1:], strict=True):
        assert convert(tree_type, migration.upgrade(migration.tree_type())).problems == []


def test_newer_schema_is_refused_with_the_reason() -> None:
    with pytest.raises(InvalidConfigurationError, match=r"schema: 3 is newer than .* to 2"):
        QUEUING_MACHINE.decode(b"schema = 3\nfrequency = 7\n")


@pytest.mark.parametrize("schema", ["0", "-1", "true", "'2'", "2.0", "[2]"])
def test_schema_that_cannot_be(schema: str) -> None:
    with pytest.raises(InvalidConfigurationError, match=r"schema: .* is no schema"):
        QUEUING_MACHINE.decode(f"schema = {schema}\n".encode())


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("[qm]\nspans = 1\nports = ['satop://a', 'satop://b']\n", ["qm.ports: 2 of them for 1 span(s)"]),
        ("[qm]\nspans = 1\n[clock]\nsources = [2]\n", ["clock.sources: there is no port 2; permitted: 1"]),
        (
            "[clock]\nssm_bit = 3\n[vp]\nboards = 0\n[hw]\ncolour = 1\n[ivr]\n",
            [
                "ivr: there is no such table; permitted: [qm], [hw], [vp]",
                "clock.ssm_bit: 3 is not permitted; permitted: 0, 4, 5, 6, 7, 8",
                "hw.colour: there is no such field",
                "vp.boards: 0 is not permitted; permitted: a whole number 1-16",
            ],
        ),
        (
            "[qm.signalling]\ncalled_digits = 5\n",
            [
                "qm.signalling: there is no such field",
                "qm.schema: is missing, so this was read as schema 1; the present one is 2",
            ],
        ),
        ("[qm]\nschema = 2\n[clock]\n", ["clock: belongs into [qm.clock] since schema 2"]),
        ("qm = 1\n", ["qm: there is no such table; permitted: [qm]"]),
        ("[vp]\nschema = 2\n[vp.service]\nprompt = 5\n", ["vp.service.prompt: 5 is not permitted"]),
        ("[vp\n", ["not TOML"]),
        ("[vp]\nschema = 9\n", ["vp.schema: 9 is newer than this program"]),
    ],
)
def test_faults_of_a_file_are_told_in_its_own_words(tmp_path: Path, text: str, lines: list[str]) -> None:
    path = tmp_path / "plant.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationFileError) as raised:
        plant.load(path)
    told = str(raised.value).splitlines()
    assert len(told) == len(lines)
    for line, expected in zip(told, lines, strict=True):
        assert line.startswith(f"{path}: {expected}")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "long.toml").write_bytes(b"#" * 1_000_001)
    (tmp_path / "latin.toml").write_bytes(b"[qm]\n# caf\xe9\n")
    for name, reason in (("none.toml", "No such file"), ("long.toml", "longer"), ("latin.toml", "not TOML")):
        with pytest.raises(ConfigurationFileError, match=reason):
            plant.load(tmp_path / name)
