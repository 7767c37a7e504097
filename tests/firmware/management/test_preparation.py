"""What a change of a box's alarms needs is opened before it is stored: refused, it changes nothing."""

import asyncio
import socket
from pathlib import Path

import msgspec
import pytest

from firmware.configuration.common import AlarmConfiguration
from firmware.configuration.target import PreparationError
from firmware.plant import PlantConfiguration
from hil.exchange import Exchange
from hil.managed_shelf import ManagedShelf


def refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_metrics_port(tmp_path: Path) -> None:
    shelf = ManagedShelf(PlantConfiguration(), tmp_path / "state", tmp_path, seed=1)

    async def scenario(_: Exchange) -> None:
        box = shelf.installation.hw
        old = box.service.in_force
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            new = msgspec.structs.replace(old, alarms=AlarmConfiguration(metrics_port=port))
            with pytest.raises(PreparationError) as refusal:
                await box.prepare(old, new)
            assert [problem.path for problem in refusal.value.problems] == ["alarms.metrics_port"]
            assert "Address already in use" in str(refusal.value)
        (await box.prepare(old, new)).abort()
        assert refused(port)
        (await box.prepare(old, new)).apply()
        assert not refused(port)
        (await box.prepare(new, new)).apply()  # the one it has is not in its way
        assert not refused(port)
        (await box.prepare(new, old)).apply()
        assert refused(port)
        await asyncio.sleep(1)
        assert "METRICS_FAILED" not in {alarm.kind.name for alarm in box.alarms.active()}

    shelf.run(scenario, listener=lambda _: None, real_time=False)
