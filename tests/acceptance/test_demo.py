"""The demo finds everything that was planted, loses nothing, and works with no network but loopback."""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from edge_agent import samples

pytestmark = pytest.mark.acceptance

EDGE_AGENT = Path(sys.executable).with_name("edge-agent")
FOLDER = Path(samples.__file__).parent


def _demo(*arguments: str, under: tuple[str, ...] = ()) -> dict[str, Any]:
    done = subprocess.run([*under, str(EDGE_AGENT), "demo", "--json", *arguments], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _truth(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.truth.toml").read_text(encoding="utf-8"))


def _of(found: dict[str, Any], sample: str) -> str:
    (recording,) = [r["id"] for r in found["recordings"] if r["sample"] == sample]
    return str(recording)


def _check_shelf(line: dict[str, Any], truth: dict[str, Any]) -> None:
    """Every planted fault is found at its slot, and no slot is accused that is right."""
    planted = {(fault["kind"], fault["slot"]) for fault in truth["fault"]}
    found = {(tag["code"].removeprefix("shelf."), tag["slot"]) for tag in line["tags"]}
    assert found & {(kind, slot) for kind, slot in found if kind in {"out_of_stock", "misplaced", "price_tag_mismatch"}} == planted


def _check_whole(found: dict[str, Any]) -> None:
    assert found["hq"]["missing"] == 0
    assert found["hq"]["duplicates"] == 0
    assert found["hq"]["rows"] == found["wire"]["messages"] > 0
    assert {r["state"] for r in found["recordings"]} == {"closed"}
    assert all(not sealed["hot"] for sealed in found["sealed"])


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return _demo()


@pytest.mark.parametrize("sample", ["call-1", "call-2"])
def test_every_planted_behaviour_is_found_in_the_call(found: dict[str, Any], sample: str) -> None:
    recording = _of(found, sample)
    heard = [tag for tag in found["tags"] if tag["recording"] == recording]
    missed = [
        f"{planted['code']} at turn {planted['turn']}"
        for planted in _truth(sample)["tag"]
        if not any(
            tag["code"] == planted["code"] and tag["speaker"] == planted["speaker"] and tag["start_ms"] < planted["end_ms"] + 2000
            and tag["end_ms"] > planted["start_ms"] - 2000
            for tag in heard
        )
    ]  # fmt: skip
    assert missed == []


def test_every_planted_shelf_fault_is_found_and_nothing_else(found: dict[str, Any]) -> None:
    (line,) = found["shelf"]
    _check_shelf(line, _truth("shelf-1"))


def test_nothing_is_lost_doubled_or_left_readable(found: dict[str, Any]) -> None:
    _check_whole(found)


@pytest.mark.parametrize("seed", [101, 202, 303])
def test_faults_of_a_scene_nobody_tuned_for_are_found(seed: int, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    found = _demo("--random", str(seed), "--keep", str(kept))
    _check_whole(found)
    (line,) = found["shelf"]
    _check_shelf(line, tomllib.loads((kept / "scene" / "shelf.truth.toml").read_text(encoding="utf-8")))


def test_it_works_with_no_network_but_loopback() -> None:
    assert shutil.which("unshare"), "needs util-linux: apt-get install util-linux"
    up = "ip link set lo up && ! ip route | grep -q . && exec \"$@\""
    _check_whole(_demo(under=("unshare", "-rn", "sh", "-c", up, "sh")))
