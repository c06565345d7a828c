"""Spoken consent with real speech: a call whose rep says that it is recorded is analysed, the other leaves only its seal."""

import pytest
from conftest import SAMPLES, Box

pytestmark = [pytest.mark.acceptance, pytest.mark.model]


def test_only_the_call_that_holds_its_own_notice_is_analysed(box_with_models: Box) -> None:
    box = box_with_models
    meta = box.root / "spoken.meta.toml"
    said = (SAMPLES / "call-1.meta.toml").read_text(encoding="utf-8")
    meta.write_text(said.replace('basis = "notice"', 'basis = "spoken"'), encoding="utf-8")
    assert "spoken" in meta.read_text(encoding="utf-8")
    lines = box.json("ingest", SAMPLES / "call-1.ogg", SAMPLES / "call-2.ogg", "--meta", meta)["files"]
    assert [(line["state"], line["reason"]) for line in lines] == [("closed", ""), ("sealed", "no-notice")]
    heard, silent = (line["recording"] for line in lines)
    assert "consent.recording_notice" in {tag["code"] for tag in box.json("tags", "--recording", heard)["tags"]}
    assert box.json("tags", "--recording", silent)["tags"] == []
    kinds = dict(box.query("SELECT recording, group_concat(kind) FROM objects GROUP BY recording"))
    assert kinds == {heard: "media,transcript", silent: "media"}
    assert {path.stem for path in (box.state / "vault" / "objects").iterdir()} == {
        one for (one,) in box.query("SELECT id FROM objects")
    }
    assert box.query("SELECT COUNT(*) FROM outbox")[0][0] >= 1
    assert box.query(f"SELECT COUNT(*) FROM analyses WHERE recording = '{silent}'") == [(0,)]
