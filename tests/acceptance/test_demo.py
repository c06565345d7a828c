"""The demo finds everything that was planted, loses nothing, and works with no network but loopback."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from demo_truth import check_shelf, check_whole, missed_behaviours, play, truth

from edge_agent import samples

pytestmark = pytest.mark.acceptance

EDGE_AGENT = Path(sys.executable).with_name("edge-agent")


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return play(EDGE_AGENT)


@pytest.mark.parametrize("sample", ["call-1", "call-2"])
def test_every_planted_behaviour_is_found_in_the_call(found: dict[str, Any], sample: str) -> None:
    assert missed_behaviours(found, sample, truth(samples.folder() / f"{sample}.truth.toml")) == []


def test_every_planted_shelf_fault_is_found_and_nothing_else(found: dict[str, Any]) -> None:
    check_shelf(found, truth(samples.folder() / "shelf-1.truth.toml"))


def test_nothing_is_lost_doubled_or_left_readable(found: dict[str, Any]) -> None:
    check_whole(found)


@pytest.mark.parametrize("seed", [101, 303, 404])
def test_faults_of_a_scene_nobody_tuned_for_are_found(seed: int, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    found = play(EDGE_AGENT, "--random", str(seed), "--keep", str(kept))
    check_whole(found)
    check_shelf(found, truth(kept / "scene" / "truth.toml"))
    assert all(Path(picture).read_bytes().startswith(b"\x89PNG") for picture in found["pictures"])


def test_it_works_with_no_network_but_loopback() -> None:
    assert shutil.which("unshare"), "needs util-linux: apt-get install util-linux"
    assert shutil.which("ip"), "needs iproute2: apt-get install iproute2"
    up = 'ip link set lo up && test -z "$(ip route)" && exec "$@"'
    check_whole(play(EDGE_AGENT, under=("unshare", "-rn", "sh", "-c", up, "sh")))
