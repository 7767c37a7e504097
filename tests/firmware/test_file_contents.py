"""A file that somebody names in a configuration is never shown: not what is in it, whoever asks."""

from pathlib import Path

import pytest

from firmware.console import layout
from firmware.console.declaration import Role, Session
from firmware.plant import PlantConfiguration
from hil.exchange import Exchange
from hil.managed_shelf import ManagedShelf

SECRET = "xyzzy:$6$plugh$hash"
CONTENTS = {
    "words": SECRET + "\n",
    "key": f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n",
    "wave": f"RIFF\x24\x00\x00\x00WAVE{SECRET}",
}
LINES = {
    "qm1": 'SET CON:TCP_PORT=7000,TLS_CERTIFICATE="{0}",TLS_KEY="{0}";',
    "vp1": 'SET SVC:PROMPT="{0}";',
}
LOOKS = ("CHK CFG;", "CMT CFG;", "LST CFG;", "DSP CFGDIFF;", "DSP ALM;", "LST CON;", "DSP LOG;")


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("box", LINES)
def test_what_is_in_a_file_is_not_shown(box: str, content: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(CONTENTS[content])
    shelf = ManagedShelf(PlantConfiguration(), tmp_path / "state", tmp_path / "calls", seed=1)
    codes: list[int] = []
    shown: list[str] = []

    async def scenario(_: Exchange) -> None:
        (managed,) = (each for each in shelf.installation.boxes if each.name == box)
        session = Session(1, "admin", Role.ADMINISTRATOR, "unix")
        for line in (LINES[box].format(file), *LOOKS):
            async for answer in managed.console.interpreter.execute(line, session):
                codes.append(answer.code)
                shown.extend(layout.lines(answer))

    shelf.run(scenario, lambda _: None, real_time=False)
    assert codes[:3] == [0, 0, 3004]  # in the candidate, checked, and refused when it is read
    assert str(file) in "".join(shown)
    assert not [line for line in shown if "xyzzy" in line or "plugh" in line]
