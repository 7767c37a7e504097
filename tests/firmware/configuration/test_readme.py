"""The configuration file that the README shows is one."""

import re
from pathlib import Path

from firmware import plant
from firmware.qm.configuration import PortConfiguration

README = Path(__file__).parents[3] / "README.md"


def test_the_readme_s_file_is_read(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8").partition("## Configuration files")[2]
    lines = re.findall(r"^    (.*)$|^$", text.partition("\n## ")[0], re.MULTILINE)
    path = tmp_path / "plant.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    read = plant.load(path)
    assert read.qm.ports == {1: PortConfiguration()}
    assert read.qm.console.serial[1].device == "/dev/ttyS0"
    assert read.vp.service.prompt == str(tmp_path / "welcome.wav")
