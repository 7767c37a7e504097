"""Where alarms go besides the console (firmware/alarms/outlets.py): real sockets, in real time."""

import asyncio
import re
import socket
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from drivers.metrics import Metrics
from drivers.stores.alarm_history import AlarmHistory
from firmware.alarms import outlets as outlets_module
from firmware.alarms.kind import Severity
from firmware.alarms.manager import AlarmManager
from firmware.alarms.outlets import URGENCY, AlarmOutlets
from firmware.configuration.common import AlarmConfiguration
from firmware.runtime import WallClock
from protocols.syslog import Urgency
from tests.firmware.alarms.plant import EPOCH

PATIENCE_S = 60.0
HOST = "shelf-7"

Scenario = Callable[[AlarmManager, AlarmOutlets], Awaitable[None]]


def run(folder: Path, scenario: Scenario) -> None:
    async def main() -> None:
        history = AlarmHistory(folder / "alarms.sqlite", 1000)
        alarms = AlarmManager("qm1", history, AlarmConfiguration(), WallClock(EPOCH))
        outlets = AlarmOutlets(alarms, Metrics(), HOST)
        outlets.configure(AlarmConfiguration())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await scenario(alarms, outlets)
        finally:
            await outlets.close()
            await alarms.close()

    asyncio.run(main())


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def listening() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.settimeout(PATIENCE_S)
    return made


async def received(server: socket.socket) -> str:
    return (await asyncio.to_thread(server.recv, 4096)).decode()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def standing(alarms: AlarmManager) -> dict[str, str]:
    return {alarm.kind.name: alarm.detail for alarm in alarms.active()}


async def samples(port: int) -> dict[str, float]:
    def scrape() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_S) as answer:
            text: str = answer.read().decode()
            return text

    return {
        f"{sample.name}{list(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(await asyncio.to_thread(scrape))
        for sample in family.samples
    }


def test_severities_as_rfc_5674_maps_them() -> None:
    """RFC 5674 2, table 1."""
    assert URGENCY == {
        Severity.CRITICAL: Urgency.ALERT,
        Severity.MAJOR: Urgency.CRITICAL,
        Severity.MINOR: Urgency.ERROR,
        Severity.WARNING: Urgency.WARNING,
    }


def test_what_the_syslog_server_gets(tmp_path: Path) -> None:
    async def scenario(alarms: AlarmManager, outlets: AlarmOutlets) -> None:
        with listening() as server:
            outlets.configure(AlarmConfiguration(syslog=f"127.0.0.1:{server.getsockname()[1]}"))
            alarms.fault("CFG_UNDO_FAILED", detail='port 3: "gone"')
            raised = await received(server)
            alarms.acknowledge(1, "eva")
            acknowledged = await received(server)
            alarms.recover("CFG_UNDO_FAILED")
            cleared = await received(server)
        # local0 is 16: 16 * 8 + 1 for an alert, 5 for a notice.
        pattern = (
            r'<129>1 2026-11-25T\S+Z shelf-7 trunkshelf qm1 CFG_UNDO_FAILED \[alarm@32473 box="qm1" serial="1" '
        )
        assert re.match(pattern + 'code="307" name="CFG_UNDO_FAILED" severity="CRITICAL" object="box" ', raised)
        assert 'news="raised" occurrences="1"] \ufeffALM #1 CRITICAL CFG_UNDO_FAILED box: ' in raised
        assert raised.endswith('it is tried again (port 3: "gone"). Next: DSP CFG;')
        assert acknowledged.startswith("<133>1 ")
        assert "ACKNOWLEDGED by eva" in acknowledged
        assert cleared.startswith("<133>1 ")
        assert 'news="cleared"' in cleared

    run(tmp_path, scenario)


def test_syslog_goes_elsewhere_and_nowhere_at_once(tmp_path: Path) -> None:
    async def scenario(alarms: AlarmManager, outlets: AlarmOutlets) -> None:
        with listening() as one, listening() as two:
            for server, name in ((one, "CFG_TRIAL"), (two, "CFG_PENDING_RESTART")):
                outlets.configure(AlarmConfiguration(syslog=f"127.0.0.1:{server.getsockname()[1]}"))
                alarms.fault(name)
                assert name in await received(server)
            outlets.configure(AlarmConfiguration())
            alarms.fault("CFG_FAILSAFE")
            for server in (one, two):
                server.settimeout(0.05)
                with pytest.raises(TimeoutError):
                    server.recv(4096)

    run(tmp_path, scenario)


def test_syslog_address_that_is_none_is_an_alarm_until_it_is_one(tmp_path: Path) -> None:
    async def scenario(alarms: AlarmManager, outlets: AlarmOutlets) -> None:
        outlets.configure(AlarmConfiguration(syslog="nonsense:port"))
        assert standing(alarms)["SYSLOG_FAILED"] == (
            "syslog server nonsense:port: not HOST:PORT, as in logs.example:514"
        )
        outlets.configure(AlarmConfiguration())
        await until(lambda: not standing(alarms))

    run(tmp_path, scenario)


def test_syslog_server_that_does_not_listen_is_an_alarm_until_it_does(tmp_path: Path) -> None:
    async def scenario(alarms: AlarmManager, outlets: AlarmOutlets) -> None:
        port = free_port(socket.SOCK_DGRAM)
        outlets.configure(AlarmConfiguration(syslog=f"127.0.0.1:{port}"))

        def tell() -> None:
            alarms.fault("CFG_TRIAL")
            alarms.recover("CFG_TRIAL")

        tell()
        await until(lambda: "SYSLOG_FAILED" in standing(alarms))
        assert standing(alarms)["SYSLOG_FAILED"] == f"syslog server 127.0.0.1:{port}: Connection refused"
        # Every other datagram is taken, and refused only afterwards: that is no recovery. Nor does it tell itself.
        before = len(list(alarms.records()))
        for _ in range(5):
            tell()
            await asyncio.sleep(0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", port))
            server.settimeout(PATIENCE_S)
            tell()
            tell()
            assert "CFG_TRIAL" in await received(server)
            await until(lambda: "SYSLOG_FAILED" not in standing(alarms))
            server.settimeout(0.05)
            with pytest.raises(TimeoutError):
                while True:
                    assert b" trunkshelf qm1 CFG_TRIAL " in server.recv(4096)
        told = [record.name for record in alarms.records()][:-before]
        assert set(told) == {"CFG_TRIAL"}

    run(tmp_path, scenario)


def test_metrics_of_alarms(tmp_path: Path) -> None:
    async def scenario(alarms: AlarmManager, outlets: AlarmOutlets) -> None:
        port = free_port(socket.SOCK_STREAM)
        outlets.configure(AlarmConfiguration(metrics_port=port))
        assert outlets.metrics_port == port
        alarms.fault("PORT_NOT_OPENED", "port 3")
        alarms.fault("PORT_BLOCKED", "port 4")
        alarms.event("CFG_UNDONE")
        found = await samples(port)
        assert found["trunkshelf_alarms_active['MAJOR']"] == found["trunkshelf_alarms_active['WARNING']"] == 1
        assert found["trunkshelf_alarms_active['CRITICAL']"] == found["trunkshelf_alarms_active['MINOR']"] == 0
        assert found["trunkshelf_alarm['PORT_NOT_OPENED', 'port 3', 'MAJOR']"] == 1
        assert found["trunkshelf_alarms_told_total['MINOR']"] == 1
        alarms.recover("PORT_BLOCKED", "port 4")
        found = await samples(port)
        assert found["trunkshelf_alarms_active['WARNING']"] == 0
        assert not any("PORT_BLOCKED" in name for name in found)

    run(tmp_path, scenario)


def test_syslog_counts_go_on_over_a_change_of_servers(tmp_path: Path) -> None:
    async def scenario(alarms: AlarmManager, outlets: AlarmOutlets) -> None:
        port = free_port(socket.SOCK_STREAM)
        with listening() as server:
            for number in (1, 2):
                outlets.configure(
                    AlarmConfiguration(syslog=f"127.0.0.1:{server.getsockname()[1]}", metrics_port=port)
                )
                alarms.fault("CFG_TRIAL")
                alarms.recover("CFG_TRIAL")
                await received(server)
                await received(server)
                found = await samples(port)
                assert found["trunkshelf_syslog_messages_total['sent']"] == 2 * number
                outlets.configure(AlarmConfiguration(metrics_port=port))
            assert (await samples(port))["trunkshelf_syslog_messages_total['dropped']"] == 0

    run(tmp_path, scenario)


def test_busy_metrics_port_is_an_alarm_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets_module, "RETRY_S", 0.01)

    async def scenario(alarms: AlarmManager, outlets: AlarmOutlets) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            outlets.configure(AlarmConfiguration(metrics_port=port))
            assert standing(alarms)["METRICS_FAILED"] == (
                f"metrics on 127.0.0.1:{port}: Address already in use; choose another address or port"
            )
            assert outlets.metrics_port == 0
        await until(lambda: outlets.metrics_port == port)
        assert "METRICS_FAILED" not in standing(alarms)

    run(tmp_path, scenario)


def test_metrics_move_and_end_with_the_configuration(tmp_path: Path) -> None:
    async def scenario(_: AlarmManager, outlets: AlarmOutlets) -> None:
        ports = [free_port(socket.SOCK_STREAM) for _ in range(2)]
        for port in ports:
            outlets.configure(AlarmConfiguration(metrics_port=port))
            assert await samples(port)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", ports[0]))
        outlets.configure(AlarmConfiguration())
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", ports[1]))

    run(tmp_path, scenario)
