"""Touch documents as an integrator hands them over: checked, queued while no worker runs, accepted when sealed, counted once."""

import json
from pathlib import Path

import pytest
from conftest import Box
from leaks import leaks
from touch_world import FILES, document, raw

pytestmark = pytest.mark.acceptance

CODE, REP, WORDS = "KUNDE-KANARI-5", "E-KANARI-77", "这批货的暗号是青岚七号仓库"


@pytest.fixture
def ready(box: Box) -> Box:
    """With events about touches in the company's folder, so that what is found is known here."""
    events = box.root / "lexicons" / "events"
    events.mkdir(parents=True)
    for family, text in FILES.items():
        (events / f"{family}.toml").write_text(f'family = "{family}"\n{text}', encoding="utf-8")
    plain = f'lexicons = "{events.parent}"\n' + box.config.read_text()
    box.config.write_text(plain + "[capture]\nallow_plain = true\n")
    return box


def test_a_touch_is_handed_over_survives_a_kill_and_counts_once(ready: Box) -> None:
    box = ready
    names = {one["name"]: one["type"] for one in box.json("channel", "facts")["facts"]}
    assert names["dwell_s"] == "number"
    assert names["internal_viewer"] == "true/false"
    opened, talk, wrong = box.root / "opened.json", box.root / "talk.json", box.root / "wrong.json"
    opened.write_bytes(raw(document(customer=CODE)))
    wrong.write_bytes(raw(document(channel="传真", note=WORDS, facts={"dwell_s": "太贵"})))
    at = document()["at"]
    messages = [{"at": at, "from": "customer", "text": f"太贵了，{WORDS}"}]
    talk.write_bytes(raw(document(id="t-1", channel="wechat", facts=None, ended=True, messages=messages, customer=CODE)))

    assert box.json("channel", "check", opened) == {"ok": True, "channel": "document", "messages": 0, "facts": 3, "faults": []}
    found = box.run("channel", "check", wrong, "--json", code=1)
    assert [one["key"] for one in json.loads(found.stdout)["faults"]] == ["channel", "note", "facts.dwell_s"]
    assert not {"传真", WORDS, "太贵"} & set(found.stdout + found.stderr)

    assert box.json("channel", "send", opened)["status"] == "queued", "no worker runs yet"
    assert box.json("status")["touches"] == 1
    box.start("worker")
    box.until(lambda: box.finished(1))
    assert box.json("channel", "send", opened)["status"] == "duplicate"
    sent = box.json("channel", "send", talk)
    assert sent["status"] == "accepted"
    box.kill("worker")
    assert box.query(f"SELECT id FROM recordings WHERE id = '{sent['recording']}'"), "what was accepted is kept"
    refused = json.loads(box.run("channel", "send", wrong, "--json", code=1).stdout)
    assert (refused["status"], len(refused["faults"])) == ("refused", 3)
    (box.state / "inbox" / "wrong.touch.json").write_bytes(wrong.read_bytes())
    box.start("worker")
    box.until(lambda: box.finished(3))
    box.until(lambda: b"arrival.refused" in box.logs())
    assert json.loads(box.run("channel", "send", wrong, "--json", code=1).stdout)["faults"]
    assert box.stop("worker") == 0

    assert sorted(row[0] for row in box.query("SELECT state FROM recordings")) == ["closed", "closed", "rejected"]
    codes = {row[0] for row in box.query("SELECT code FROM tags")}
    assert {"document.pdf_opened", "price.objection"} <= codes
    for (payload,) in box.query("SELECT payload FROM outbox WHERE payload IS NOT NULL"):
        assert leaks(payload, frozenset({CODE, REP, WORDS})) == set()
    box.run("subject", "export", "--customer", CODE, "-o", box.root / "copy")
    copy = json.loads((box.root / "copy" / "subject.json").read_text())["recordings"]
    assert [(one["kind"], one["channel"]) for one in copy[:2]] == [("channel", "document"), ("channel", "document")]
    assert {"dwell_s": 25.5, "internal_viewer": False, "open_count": 1.0} in [one["facts"] for one in copy]
    box.run("subject", "erase", "--customer", CODE)
    status = box.json("status")
    assert (status["recordings"], status["audit_ok"]) == ({"expired": 3}, True)
    (left,) = (box.state / "inbox").glob("*.json")
    left.unlink()  # the refused one stays until its owner takes it away
    for path in box.state.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [one for one in (CODE, CODE.lower(), WORDS) if one.encode() in content], path.name
    assert leaks(box.logs(), frozenset({CODE, WORDS})) == set()
    assert not list(Path(box.state / "inbox").iterdir())


def test_switched_off_nothing_is_looked_at(ready: Box) -> None:
    box = ready
    box.config.write_text(box.config.read_text() + "[channel]\naccept = false\n")
    file = box.root / "t.json"
    file.write_bytes(raw(document()))
    box.start("worker")
    box.until(lambda: b"worker.started" in box.logs())
    assert "switched off" in box.run("channel", "send", file, code=1).stderr
    (box.state / "inbox" / "t.touch.json").write_bytes(raw(document()))
    box.drop(b"somebody's words", "1.wav", 'kind = "call"\nstarted_at = 2026-11-20T09:30:00+08:00\n[consent]\nbasis = "none"\n')
    box.until(lambda: len(box.query("SELECT 1 FROM recordings WHERE parked <> ''")) == 1)
    assert box.stop("worker") == 0
    assert box.query("SELECT kind FROM recordings") == [("call",)]
    assert not (box.state / "inbox" / ".channel.sock").exists()
