"""A wheel built from a clone does the whole job in a new environment, with the clone gone."""

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from demo_truth import check_shelf, check_whole, missed_behaviours, play, truth

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]


def test_the_wheel_works_with_the_checkout_moved_away(tmp_path: Path) -> None:
    clone, dist, away = tmp_path / "clone", tmp_path / "dist", tmp_path / "away"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(dist), str(clone)]
    subprocess.run(build, check=True, capture_output=True)
    shutil.rmtree(clone)
    (wheel,) = dist.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"edge_agent/_bundled/models/manifest.toml", "edge_sync/wire.py", "edge_agent/samples/shelf-1.mp4"} <= set(names)
    assert {"edge_agent/_bundled/systemd/install.sh", "edge_agent/_bundled/systemd/edge-agent-worker.service"} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "sync/", "lexicons/", "models/", "systemd/"))]

    venv.create(away, with_pip=True)
    install = [away / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", f"{wheel}[demo]"]
    subprocess.run([str(part) for part in install], check=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    where = [str(away / "bin" / "python"), "-c", "import edge_agent, edge_sync; print(edge_agent.__file__, edge_sync.__file__)"]
    found_at = subprocess.run(where, check=True, capture_output=True, text=True, cwd=empty).stdout
    assert str(ROOT) not in found_at

    found = play(away / "bin" / "edge-agent", cwd=empty)
    samples = next(away.glob("lib/python3*/site-packages/edge_agent/samples"))
    check_whole(found)
    check_shelf(found, truth(samples / "shelf-1.truth.toml"))
    for sample in ("call-1", "call-2"):
        assert missed_behaviours(found, sample, truth(samples / f"{sample}.truth.toml")) == []
