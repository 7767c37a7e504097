"""A port of osmo-e1d on a plant in real time: what its adaptor cannot do, and what becomes of it when it goes."""

import asyncio
from pathlib import Path

from firmware.console import return_codes
from firmware.qm.configuration import PortConfiguration
from hil.e1d_daemon import E1dDaemon
from tests.firmware.plants import Plant

LIMIT_S = 30


async def until_it_says(plant: Plant, name: str, stands: bool = True) -> None:
    async with asyncio.timeout(LIMIT_S):
        while (name in plant.heard["qm1"].on("port 2")) is not stands:
            await asyncio.sleep(0.02)


def test_port_of_a_daemon_that_comes_and_goes(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")
    daemon = E1dDaemon(tmp_path / "e1d.ctl", [1])
    port = PortConfiguration(url=f"e1d:{tmp_path}/e1d.ctl/0/0")

    async def scenario(plant: Plant) -> None:
        daemon.start()
        with daemon.serving():
            await plant.commit(p2=port)
        answer = await plant.give("LOP PORT:PN=2,LOOP=LOCAL;")
        assert answer.code == return_codes.ENGINE_REFUSED
        assert "the adaptor frames this line" in answer.text
        assert plant.qm.ports[2].channels[1].holds == set()
        assert (await plant.give("TST PORT:PN=2,ERROR=CRC;")).code == return_codes.ENGINE_REFUSED
        await plant.ok("LOP PORT:PN=2,LOOP=PAYLOAD;")
        assert (await plant.pairs("DSP PORTSTAT:PN=2;"))["kind of port"] == "e1d"
        daemon.kill()
        await until_it_says(plant, "PORT_ADAPTOR_LOST")
        await plant.commit(p2=PortConfiguration())  # the bench's line again
        await until_it_says(plant, "PORT_ADAPTOR_LOST", stands=False)
        async with asyncio.timeout(LIMIT_S):
            while not plant.qm.ports[2].span.status().cas_aligned:
                await asyncio.sleep(0.02)

    try:
        plant.run(scenario, real_time=True)
    finally:
        daemon.kill()
