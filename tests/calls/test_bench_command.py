"""The bench command: how rows are judged, and what a user can get wrong; nothing is compiled or measured here."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hil.bench_command import topics
from hil.bench_rows import Judgement, Row, judge, lacking, least, levels, table


def row(**values: Any) -> Row:
    nothing = dict.fromkeys(("memcpy", "bar_memcpy", "peer", "bar_peer", "bar_absolute"), 0.0)
    return Row(**{"name": "work", "unit": "ns/frame", "ours": 1.0, "peer_name": "", **nothing, **values})


def judged(level: str, **values: Any) -> Judgement:
    (judgement,) = judge(row(**values), level)
    return judgement


@pytest.mark.parametrize(
    ("level", "ours", "bar", "met"),
    [
        ("avx512", 1.0, 4.0, True),
        ("avx512", 1.01, 4.0, False),
        ("avx2", 1.01, 12.0, True),
        ("avx2", 3.0, 12.0, True),
        ("avx2", 3.01, 12.0, False),
        ("portable", 99.0, 4.0, None),
    ],
)
def test_bar_in_times_of_memcpy(level: str, ours: float, bar: float, met: bool | None) -> None:
    judgement = judged(level, ours=ours, memcpy=0.25, bar_memcpy=4.0)
    assert (judgement.bar, judgement.bar_kind, judgement.met) == (bar, "memcpy", met)
    assert judgement.ratio == ours / 0.25


@pytest.mark.parametrize(
    ("level", "peer", "bar", "met"),
    [
        ("avx512", 8.0, 8.0, True),
        ("avx512", 7.9, 8.0, False),
        ("avx2", 2.7, 8 / 3, True),
        ("avx2", 2.6, 8 / 3, False),
    ],
)
def test_bar_in_times_of_a_peer(level: str, peer: float, bar: float, met: bool) -> None:
    judgement = judged(level, peer_name="theirs", peer=peer, bar_peer=8.0)
    assert (judgement.bar, judgement.bar_kind, judgement.met, judgement.ratio) == (bar, "peer", met, peer)


@pytest.mark.parametrize(
    ("level", "ours", "met"),
    [("avx512", 15.0, True), ("avx512", 15.1, False), ("avx2", 45.0, True), ("avx2", 46.0, False)],
)
def test_bar_as_a_time(level: str, ours: float, met: bool) -> None:
    judgement = judged(level, ours=ours, bar_absolute=15.0)
    assert (judgement.bar_kind, judgement.met, judgement.ratio) == ("absolute", met, None)


def test_no_verdict_without_bar_or_peer() -> None:
    assert judged("avx512", memcpy=0.25).met is None
    assert judged("avx512", peer_name="theirs", bar_peer=8.0).met is None


def test_each_bar_of_a_row_is_judged() -> None:
    both = judge(row(memcpy=0.25, bar_memcpy=4, peer_name="theirs", peer=2.0, bar_peer=8.0), "avx512")
    assert [(judgement.bar_kind, judgement.met) for judgement in both] == [("memcpy", True), ("peer", False)]


def test_what_the_cpu_lacks_has_no_verdict() -> None:
    (judgement,) = lacking(row(ours=9.0, memcpy=0.25, bar_memcpy=4.0), "avx512")
    assert (judgement.ours, judgement.bar, judgement.met) == (None, 4.0, None)


def test_levels() -> None:
    assert levels("avx512") == (["avx512", "avx2"], [])
    assert levels("avx2") == (["avx2"], ["avx512"])
    assert levels("portable") == (["portable"], ["avx512", "avx2"])


def test_least_of_two_measurements() -> None:
    one = row(ours=2.0, memcpy=0.2, peer=5.0)
    assert least(one, row(ours=1.0, memcpy=0.3, peer=4.0)) == row(ours=1.0, memcpy=0.2, peer=4.0)


def test_table() -> None:
    missed = judged("avx512", ours=1.2, memcpy=0.25, bar_memcpy=4.0)
    shown = table([missed, judged("avx2", peer_name="theirs", peer=9.0)])
    head, first, second = (" ".join(line.split()) for line in shown.splitlines())
    assert head == "name CPU ours unit peer memcpy ratio bar"
    assert first == "work avx512 1.2 ns/frame - 0.25 4.8 <= 4 x memcpy MISSED"
    assert second == "work avx2 1 ns/frame 9 theirs - - - -"


def bench(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import sys; from drivers.command_line import main; sys.exit(main())"]
    return subprocess.run([*command, "bench", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_help_lists_the_topics(tmp_path: Path) -> None:
    result = bench("--help", folder=tmp_path)
    assert result.returncode == 0
    assert {"frame", "switch"} <= set(topics())
    for topic in topics():
        assert topic in result.stdout


def test_unknown_topic(tmp_path: Path) -> None:
    result = bench("frame", "fram", folder=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert "'fram'" in line
    assert all(topic in line for topic in topics())


def test_json_into_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    result = bench("frame", "--json", "nowhere/rows.json", folder=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert "nowhere/rows.json" in line
