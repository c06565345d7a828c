"""Runs `edge-agent demo --json` and holds what came out against what was planted."""

import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

FAULTS = {"out_of_stock", "misplaced", "price_tag_mismatch"}
SLACK_MS = 2000
"""Recognised times are not the script's to the syllable; a finding must overlap the planted sentence within this."""


def play(program: Path, *arguments: str, under: tuple[str, ...] = (), cwd: Path | None = None) -> dict[str, Any]:
    """One demo, its document parsed; stdout holds nothing else."""
    done = subprocess.run(
        [*under, str(program), "demo", "--json", *arguments], capture_output=True, text=True, timeout=900, check=False, cwd=cwd
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def truth(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def missed_behaviours(found: dict[str, Any], sample: str, planted: dict[str, Any]) -> list[str]:
    """Every planted behaviour that no tag of that recording covers in code, speaker and time."""
    (recording,) = (line["id"] for line in found["recordings"] if line["sample"] == sample)
    heard = [tag for tag in found["tags"] if tag["recording"] == recording]
    return [
        f"{one['code']} at {one['start_ms']}"
        for one in planted["tag"]
        if not any(
            tag["code"] == one["code"] and tag["speaker"] == one["speaker"]
            and tag["start_ms"] < one["end_ms"] + SLACK_MS and tag["end_ms"] > one["start_ms"] - SLACK_MS
            for tag in heard
        )
    ]  # fmt: skip


def check_shelf(found: dict[str, Any], planted: dict[str, Any]) -> None:
    """Every planted fault is found at its slot, and no right slot is accused."""
    (line,) = found["shelf"]
    seen = {(tag["code"].removeprefix("shelf."), tag["slot"]) for tag in line["tags"]}
    assert {one for one in seen if one[0] in FAULTS} == {(f["kind"], f["slot"]) for f in planted["fault"] if f["kind"] in FAULTS}
    assert line["coverage"] > 0.7
    assert line["osa"] < 1
    assert line["planogram_compliance"] < 1


def check_whole(found: dict[str, Any]) -> None:
    """Nothing lost, nothing double, everything closed."""
    assert found["hq"]["missing"] == 0
    assert found["hq"]["duplicates"] == 0
    assert found["hq"]["rows"] == found["wire"]["messages"] > 0
    assert {line["state"] for line in found["recordings"]} == {"closed"}
    assert found["sealed"]
    assert not any(line["hot"] for line in found["sealed"])
