"""A touch through a real box: sealed, judged, sent, erased and shredded like a recording, and nothing of it lies plain."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from errno import EACCES
from pathlib import Path
from typing import Any

import pytest
from box_world import Party
from touch_world import TouchWorld, chat, document, raw, tagger

from edge_agent import facts, pipeline
from edge_agent.capture.spool import Spool, Touching, waiting
from edge_agent.domain.consent import Policy
from edge_agent.domain.recording import Kind, State
from edge_agent.domain.tags import Conversation
from edge_agent.errors import BadInput
from edge_agent.ledger.reading import LedgerReader

CODE, REP, WORDS = "KUNDE-KANARI-5", "E-KANARI-77", "这批货的暗号是青岚七号仓库"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[TouchWorld]:
    made = TouchWorld(tmp_path)
    yield made
    made.close()


def test_a_document_that_was_opened_becomes_its_tag(world: TouchWorld) -> None:
    done = world.touch(document(customer=CODE))
    assert (done.state, done.circumstances.kind) == (State.CLOSED, Kind.CHANNEL)
    assert world.codes(done) == ["document.pdf_opened"]
    with closing(LedgerReader.open(world.path)) as book:
        assert book.facts(done.id) == {"dwell_s": 25.5, "internal_viewer": False, "open_count": 1.0}
        (stored,) = book.tags(done.id)
    assert [one.detail for one in stored.tag.evidence] == ["open_count >= 1", "dwell_s >= 3", "internal_viewer == false"]
    assert (stored.tag.speaker, stored.tag.turn, stored.tag.start_ms, stored.tag.confidence) == ("customer", -1, 0, 1.0)
    assert any("测得 dwell_s >= 3" in line for line in tagger().explain(stored.tag).zh)
    assert list(world.inbox.iterdir()) == []
    assert world.at_hq(world.root / "hq.db") == {"document.pdf_opened": "final"}
    assert world.ledger.verify_chain() > 0


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({"open_count": 1, "dwell_s": 3, "internal_viewer": False}, ["document.pdf_opened"]),
        ({"open_count": 1, "dwell_s": 2.9, "internal_viewer": False}, []),
        ({"open_count": 1, "dwell_s": 3}, []),  # whose eyes they were is not known
        ({"last_from_customer": True, "substantive": True, "idle_h": 24}, ["chat.customer_unanswered_24h"]),
        ({"marketing": True, "local_hour": 23}, ["chat.off_hours_push"]),
        ({"marketing": True, "local_hour": 8}, []),
        ({"marketing": True}, []),
        ({"active_contacts": 1, "b2b": True}, ["process.single_threaded"]),
        ({"active_contacts": 1}, []),
    ],
)
def test_facts_are_judged_as_the_event_says_and_a_missing_one_is_no_verdict(given: dict[str, float], codes: list[str]) -> None:
    talk = Conversation(utterances=(), duration_ms=0, channel="crm", facts=tuple(given.items()))
    assert [tag.code for tag in tagger().tag(talk)] == codes


def test_a_flag_of_the_deployment_is_a_fact() -> None:
    talk = Conversation(
        utterances=(), duration_ms=0, channel="crm", facts=(("active_contacts", 1.0),), context=frozenset({"b2b"})
    )
    assert [tag.code for tag in tagger().tag(talk)] == ["process.single_threaded"]


def test_a_chat_is_tagged_like_a_talk_and_kept_like_one(world: TouchWorld, tmp_path: Path) -> None:
    at = world.clock.now() - timedelta(hours=3)
    messages = (("customer", 0, "太贵了，金谷才八十八"), ("system", 0.1, "[自动回复] 您好"), ("rep", 5, "好的"))
    done = world.touch(chat(*messages, at=at, customer=CODE, competitors=["金谷"]))
    assert "price.objection" in world.codes(done)
    media, transcript = world.objects(done.id)
    kept = json.loads(world.opened_by_two(transcript, tmp_path / "text"))
    assert [one["text"] for one in kept["utterances"]] == [messages[0][2], messages[2][2]]
    assert "八十八" in world.opened_by_two(media, tmp_path / "touch").decode()
    assert not world.vault.is_hot(media)


def test_a_quote_that_was_sent_as_a_file_is_seen(world: TouchWorld) -> None:
    sent = {"at": "2026-11-20T09:31:00+08:00", "from": "rep", "kind": "file", "text": "十二家门店报价单_v2.pdf"}
    assert world.codes(world.touch(document(channel="wechat", messages=[sent], facts=None))) == ["document.quote_sent"]


def test_in_writing_nothing_is_measured_of_time(world: TouchWorld) -> None:
    at = world.clock.now() - timedelta(hours=9)
    lines = [("customer" if n % 2 else "rep", 12.0 * n, "那我们再看看") for n in range(20)]
    done = world.touch(chat(*lines, at=at))
    assert done.state is State.CLOSED
    timed = {event.id for event in tagger().events if event.kind == "metric" or event.temporal.until_s is not None}
    assert len(timed) >= 3
    assert not timed & set(world.codes(done))
    assert world.query("SELECT metrics FROM analyses") == [("",)]


@pytest.mark.parametrize(
    ("ended", "codes"), [(True, ["price.objection", "price.objection_unclosed"]), (False, ["price.objection"])]
)
def test_only_a_chat_that_ended_leaves_something_unresolved(world: TouchWorld, ended: bool, codes: list[str]) -> None:
    at = world.clock.now() - timedelta(hours=3)
    done = world.touch(chat(("customer", 0, "太贵了"), ("rep", 1, "这款支持多门店"), at=at, ended=ended))
    assert [code for code in world.codes(done) if code.startswith("price.objection")] == codes


def test_the_same_document_again_counts_once_and_another_id_counts_anew(world: TouchWorld) -> None:
    world.touch(document())
    world.deliver(json.dumps(document(), indent=2).encode(), name="again")
    world.work()
    world.deliver(document(id="m-2"), name="other")
    world.work()
    assert sorted(row[0] for row in world.query("SELECT state FROM recordings")) == ["closed", "closed", "rejected"]
    assert len(world.query("SELECT 1 FROM tags")) == 2


def test_other_content_under_the_same_id_is_refused_and_does_not_count(world: TouchWorld) -> None:
    at = world.clock.now() - timedelta(hours=3)
    world.touch(chat(("customer", 0, "太贵了"), at=at))
    longer = Touching(raw(chat(("customer", 0, "太贵了"), ("rep", 1, "好的"), at=at)), world.read)
    with pytest.raises(BadInput) as found:
        pipeline.take_in(world.kit, longer)
    assert found.value.kind == "other-content"
    world.work()
    assert sorted(row[0] for row in world.query("SELECT state FROM recordings")) == ["closed", "rejected"]
    assert len(world.query("SELECT 1 FROM tags WHERE code = 'price.objection'")) == 1
    plan = world.query("EXPLAIN QUERY PLAN SELECT id FROM recordings WHERE reference = 'x' AND reference <> ''")
    assert "recordings_reference" in str(plan)
    assert world.touch(chat(("customer", 0, "太贵了"), at=at, id="M-1")).state is State.CLOSED, "case matters in an id"
    assert world.touch(chat(("customer", 0, "太贵了"), at=at, channel="email")).state is State.CLOSED


def test_without_consent_it_is_sealed_and_never_read(world: TouchWorld) -> None:
    done = world.touch(document(consent={"basis": "none"}))
    assert (done.state, done.parked) == (State.SEALED, "no-consent")
    world.policy = Policy(jurisdiction="eu")
    assert world.touch(document(id="2", consent={"basis": "notice"})).parked == "basis-insufficient"
    assert world.touch(document(id="3", rep=REP)).parked == "no-employee-consent"
    assert world.query("SELECT 1 FROM tags") == []
    world.register(REP)
    world.work()
    assert len(world.query("SELECT 1 FROM tags")) == 1


def test_a_person_who_is_erased_takes_their_touches_along(world: TouchWorld) -> None:
    at = world.clock.now() - timedelta(hours=3)
    done = world.touch(chat(("customer", 0, f"太贵了 {WORDS}"), at=at, customer=CODE))
    other = world.touch(document(customer="C2"))
    objects = world.objects(done.id)
    assert len(objects) == 2
    assert world.erase(Party.CUSTOMER, CODE) == [done.id]
    assert world.ledger.recording(done.id).state is State.EXPIRED
    assert not set(objects) & set(world.vault.objects())
    assert set(world.at_hq(world.root / "hq.db", done.id).values()) == {"withdrawn"}
    assert world.ledger.recording(other.id).state is State.CLOSED
    assert world.ledger.verify_chain() > 0


def test_its_period_is_its_own(world: TouchWorld) -> None:
    done = world.touch(document())
    world.clock.pass_(timedelta(days=29))
    assert world.tick() == 0
    world.clock.pass_(timedelta(days=2))
    assert world.tick() == 1
    assert world.ledger.recording(done.id).state is State.EXPIRED


def test_no_code_and_no_word_lies_plain_anywhere_or_leaves(world: TouchWorld, capfd: pytest.CaptureFixture[str]) -> None:
    at = world.clock.now() - timedelta(hours=3)
    world.register(REP)
    world.touch(chat(("customer", 0, f"太贵了 {WORDS}"), at=at, customer=CODE, rep=REP, id="KANARI-ID"))
    world.deliver(document(rep=REP, customer=CODE, note=WORDS), name="refused")
    world.work()
    (left,) = world.inbox.iterdir()
    left.unlink()  # a refused file stays where its owner put it, which is not ours
    secrets = [one.encode() for one in (CODE, CODE.lower(), REP, REP.lower(), WORDS, "KANARI-ID")]
    files = [path for path in world.root.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        content = path.read_bytes()
        assert not [one for one in secrets if one in content], path.name
    sent = b"".join(row.payload for row in world.outgoing())
    said, logged = capfd.readouterr()
    for text in (sent, said.encode(), logged.encode()):
        assert not [one for one in secrets if one in text]
    assert "arrival" not in said


def test_a_refused_file_is_said_once_and_offered_again_when_it_changes(world: TouchWorld) -> None:
    world.deliver(document(channel="fax"))
    (arrival,) = world.spool.arrivals()
    with pytest.raises(BadInput):
        pipeline.take_in(world.kit, arrival)
    assert world.spool.arrivals() == []
    world.deliver(document())
    assert len(world.spool.arrivals()) == 1
    assert [path.name for path in world.inbox.iterdir()] == ["t.touch.json"]


def test_one_file_that_may_not_be_read_holds_no_other_up(world: TouchWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    barred, opened = world.inbox / "barred.touch.json", os.open

    def guarded(path: Any, *args: Any, **more: Any) -> int:
        if Path(path) == barred and not barred.stat().st_mode & 0o004:
            raise PermissionError(EACCES, "denied")
        return opened(path, *args, **more)

    monkeypatch.setattr(os, "open", guarded)  # root may read anything
    world.deliver(document(id="m-1"), name="barred")
    world.deliver(document(id="m-2"))
    barred.chmod(0o600)
    first, second = world.spool.arrivals()
    with pytest.raises(BadInput) as found:
        pipeline.take_in(world.kit, first)
    assert found.value.kind == "unreadable"
    pipeline.take_in(world.kit, second)
    assert world.spool.arrivals() == []
    barred.chmod(0o644)
    assert [one.path for one in world.spool.arrivals()] == [barred]


@pytest.mark.parametrize("name", [".t.touch.json", "t.touch.json.part", "t.touch.json.tmp", "t.json"])
def test_what_is_still_being_written_or_has_another_name_does_not_exist(world: TouchWorld, name: str) -> None:
    (world.inbox / name).write_bytes(raw(document()))
    assert world.spool.arrivals() == []


def test_a_link_a_pipe_and_a_large_file_are_refused(world: TouchWorld, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(raw(document()))
    (world.inbox / "link.touch.json").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(world.inbox / "pipe.touch.json")
    (world.inbox / "large.touch.json").write_bytes(b" " * (257 << 10))
    (world.inbox / "folder.touch.json").mkdir()
    kinds = set()
    for arrival in world.spool.arrivals():
        with pytest.raises(BadInput) as found:
            pipeline.take_in(world.kit, arrival)
        kinds.add(found.value.kind)
    assert kinds == {"not-a-file", "too-large"}
    assert world.spool.arrivals() == []


def test_what_lies_there_is_counted(world: TouchWorld) -> None:
    world.deliver(document(channel="fax"))
    assert waiting(world.inbox) == 1
    assert waiting(world.inbox, since_s=600) == 0
    assert waiting(world.inbox, since_s=600, now_s=lambda: time.time() + 700) == 1
    assert waiting(world.inbox / "none") == 0


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert Spool(tmp_path / "none", lambda _: pytest.fail("read")).arrivals() == []


def test_what_persons_wrote_is_masked_when_it_is_shown(world: TouchWorld) -> None:
    at = world.clock.now() - timedelta(hours=3)
    touching = Touching(raw(chat(("customer", 0, "我电话13912345678"), at=at)), world.read)
    touching.circumstances()
    content = b"".join(touching.chunks())
    assert b"13912345678" in content
    shown = facts.masked_touch(content)
    assert b"13912345678" not in shown
    assert pipeline.touched(shown).messages[0].text.startswith("我电话")


def test_what_an_older_release_sealed_otherwise_is_rejected_with_a_reason() -> None:
    with pytest.raises(BadInput) as found:
        pipeline.touched(b'{"messages": 3}')
    assert found.value.kind == "touch"
