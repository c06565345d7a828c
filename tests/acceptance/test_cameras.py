"""A store's cameras over a real RTSP server: recorded, sealed and scored; the server is killed, and nothing else stops.

The outage lasts seconds; with EDGE_AGENT_TEST_OUTAGE_S=60 the whole minute.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from conftest import SAMPLES, Box

pytestmark = [pytest.mark.acceptance, pytest.mark.model, pytest.mark.alone]

SERVER = Path(__file__).parents[1] / "worlds" / "rtsp_server.py"
OUTAGE_S = float(os.environ.get("EDGE_AGENT_TEST_OUTAGE_S", "3"))
PASSWORD = "p@ss w/rd#1"
PLAIN = (b"matroska", b"x264 - core")
"""What stands in every plain recording: the name of its container, the encoder's own."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(port: int, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    if subprocess.run(
        ["/usr/bin/python3", "-c", "import gi; gi.require_version('GstRtspServer', '1.0')"], check=False
    ).returncode:
        pytest.fail("the RTSP server is missing: apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good")
    command = ["/usr/bin/python3", str(SERVER), str(port), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        try:
            yield server
        finally:
            server.kill()


def with_cameras(box: Box, *cameras: str) -> None:
    box.config.write_text(box.config.read_text() + "".join(f"[[cameras]]\n{one}\n" for one in cameras))


def noted(box: Box, camera: str) -> list[tuple[str, dict[str, str]]]:
    rows = [(kind, json.loads(body)) for kind, body in box.query("SELECT kind, body FROM audit WHERE kind LIKE 'camera.%'")]
    return [(kind.removeprefix("camera."), body) for kind, body in rows if body["camera"] == camera and kind != "camera.watched"]


def sealed(box: Box, camera: str, states: str = "'sealed', 'analysed', 'closed'") -> int:
    found = box.query(
        f"SELECT COUNT(*) FROM recordings WHERE state IN ({states}) AND json_extract(circumstances, '$.camera') = '{camera}'"
    )
    return int(found[0][0])


def plain_on_disk(folder: Path) -> list[str]:
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_relative_to(folder / "models") and not path.is_relative_to(folder / "bays"):
            content = path.read_bytes()
            found += [path.name for mark in (*PLAIN, PASSWORD.encode()) if mark in content]
    return found


def test_a_camera_whose_server_is_killed_resumes_its_gap_is_recorded_and_nothing_else_stops(box_with_models: Box) -> None:
    box, port, other = box_with_models, free_port(), free_port()
    shutil.copytree(SAMPLES / "bay-a", box.state / "bays" / "bay-a")
    with_cameras(
        box,
        f'id = "cam-1"\nurl = "rtsp://127.0.0.1:{port}/cam"\nbay = "bay-a"\nbasis = "not-personal"\nsegment_s = 4\nsilent_s = 5',
        f'id = "cam-2"\nurl = "rtsp://127.0.0.1:{other}/cam"\nbay = "bay-b"\nsegment_s = 2\nsilent_s = 5',
    )
    with serving(other), serving(port, SAMPLES / "shelf-1.mp4") as server:
        box.start("worker")
        box.start("watch")
        box.until(lambda: sealed(box, "cam-1") >= 1)
        server.kill()
        server.wait()
        killed_at = time.time()
        box.until(lambda: [kind for kind, _ in noted(box, "cam-1")] == ["lost"])
        assert [one["state"] for one in box.json("status")["cameras"]] == ["lost", "recording"]
        before = sealed(box, "cam-2")
        time.sleep(max(0.0, OUTAGE_S - (time.time() - killed_at)))
        back_at = time.time()
        kept = sealed(box, "cam-1")
        with serving(port, SAMPLES / "shelf-1.mp4"):
            box.until(lambda: sealed(box, "cam-1") >= kept + 1)
            assert sealed(box, "cam-2") > before
            status = box.json("status")
            assert box.stop("watch") == 0
    box.until(lambda: sealed(box, "cam-1", "'closed'") >= kept + 1, seconds=500)
    (_, lost), (_, gap), *_, (_, unwatched) = noted(box, "cam-1")
    begun, over = (datetime.fromisoformat(gap[key]).timestamp() for key in ("from", "to"))
    assert lost["from"] == gap["from"]
    assert abs(begun - killed_at) < 5
    assert over >= back_at
    assert datetime.fromisoformat(unwatched["from"]).timestamp() > over
    assert [kind for kind, _ in noted(box, "cam-2")] == ["unwatched"], "the other camera had no outage"
    first, second = status["cameras"]
    assert (first["gaps"] >= 1, first["dropped"]) == (True, 0)
    assert (second["state"], second["gaps"]) == ("recording", 0)
    scores = [json.loads(score) for (score,) in box.query("SELECT score FROM analyses WHERE score <> ''")]
    assert len(scores) >= kept + 1, "before and after the outage"
    assert sum(one["frames_used"] >= 2 for one in scores) >= 2, "what the outage or the end cut short may be too short to judge"
    assert {(state, parked) for state, parked in box.query(
        "SELECT state, parked FROM recordings WHERE json_extract(circumstances, '$.camera') = 'cam-2'"
    )} == {("sealed", "no-consent")}  # fmt: skip
    assert plain_on_disk(box.state) == []
    assert box.processes["worker"].poll() is None, "the worker goes on"
    box.run("audit", "verify")


def test_a_password_reaches_the_camera_and_nobody_else(box: Box, tmp_path: Path) -> None:
    port, secret = free_port(), tmp_path / "camera.secret"
    secret.write_text(f"shop:{PASSWORD}\n")
    secret.chmod(0o600)
    with_cameras(
        box, f'id = "cam-1"\nurl = "rtsp://127.0.0.1:{port}/cam"\nbay = "bay-a"\nsegment_s = 2\ncredentials = "{secret}"'
    )
    with serving(port, SAMPLES / "shelf-1.mp4", secret.read_text().strip()):
        box.start("watch")
        box.until(lambda: sealed(box, "cam-1") >= 1)
        listed = subprocess.run(["ps", "axeww"], capture_output=True, text=True, check=True).stdout
        pulling = [one for one in listed.splitlines() if "cameras.puller" in one]
        assert pulling
        assert not [one for one in pulling if "shop" in one]
        assert box.stop("watch") == 0
    assert b"shop" not in box.logs()
    assert plain_on_disk(box.state) == []


def test_a_kill_of_who_watches_costs_no_more_than_what_was_open(box: Box) -> None:
    port = free_port()
    with_cameras(box, f'id = "cam-1"\nurl = "rtsp://127.0.0.1:{port}/cam"\nbay = "bay-a"\nsegment_s = 2')
    with serving(port):
        box.start("watch")
        box.until(lambda: sealed(box, "cam-1") >= 2 and sealed(box, "cam-1", "'captured'") == 1)
        box.processes["watch"].send_signal(signal.SIGKILL)
        box.processes.pop("watch").wait()
        kept = sealed(box, "cam-1")
        began = time.monotonic()
        while "cameras.nursery" in subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout:
            assert time.monotonic() - began < 20, "the nursery outlived who it worked for"
        box.start("worker")
        box.until(lambda: sealed(box, "cam-1", "'rejected'") == 1)
        assert sealed(box, "cam-1") == kept
        assert plain_on_disk(box.state) == []
        assert box.stop("worker") == 0
