"""The touch document's closed schema: what it takes, and that it tells all mistakes at once without repeating a value."""

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from touch_world import document, raw

from edge_agent.capture import touch
from edge_agent.domain.recording import Consent, Kind
from edge_agent.domain.touch import Channel, Form, Message, Sender, Touch
from edge_agent.domain.transcript import Speaker
from edge_agent.errors import BadInput

NAMES = {"open_count": float, "dwell_s": float, "internal_viewer": bool}
SECRET = "客户说太贵了"


def pseudonym(purpose: str, code: str) -> str:
    return f"{purpose}:{len(code)}"


def read(given: object) -> touch.Read:
    return touch.read(given if isinstance(given, bytes) else raw(given), names=NAMES, pseudonym=pseudonym)


def refused(given: object) -> str:
    with pytest.raises(BadInput) as found:
        read(given)
    assert found.value.kind == "touch"
    assert found.value.remedy
    assert found.value.zh
    return str(found.value)


def message(**changes: object) -> dict[str, object]:
    return {"at": "2026-11-20T09:31:00+08:00", "from": "customer", "text": SECRET, **changes}


def test_every_key_is_taken_over_and_persons_become_pseudonyms() -> None:
    around, content = read(
        document(
            channel="wechat", industry="fmcg", context=["b2b"], own=["麦田食品"], competitors=["金谷"], rep="E1024",
            customer="wx_77 张三", messages=[message(kind="file", text="报价单.pdf"), message(at="2026-11-20T09:30:30+08:00")],
            seen_at="2026-11-20T09:32:00+08:00",
        )
    )  # fmt: skip
    assert (around.kind, around.channel, around.consent) == (Kind.CHANNEL, "wechat", Consent.WRITTEN)
    assert around.started_at == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert (around.rep, around.customer, around.context) == ("rep:5", "customer:8", frozenset({"b2b"}))
    assert touch.sealed(content) == Touch(
        id="m-1", channel=Channel.WECHAT, started_at=around.started_at,
        messages=(
            Message(at_ms=30_000, sender=Sender.CUSTOMER, form=Form.TEXT, text=SECRET),
            Message(at_ms=60_000, sender=Sender.CUSTOMER, form=Form.FILE, text="报价单.pdf"),
        ),
        facts=(("dwell_s", 25.5), ("internal_viewer", False), ("open_count", 1.0)), ended=False, seen_ms=120_000,
    )  # fmt: skip
    for code in ("E1024", "wx_77", "张三", "rep:5"):
        assert code not in content.decode()


def test_the_same_document_spelled_otherwise_has_the_same_content() -> None:
    given = document()
    turned = dict(reversed([*given.items()]), at="2026-11-20T01:30:00Z")
    assert read(given).content == read(json.dumps(turned, indent=3).encode()).content


WRONG = [
    ({"schema": "edge-agent/touch/2"}, "schema"),
    ({"schema": None}, "schema"),
    ({"id": ""}, "id"),
    ({"id": "客户说太贵了"}, "id"),
    ({"id": "x" * 129}, "id"),
    ({"id": "a\n"}, "id"),
    ({"channel": "fax"}, "channel"),
    ({"at": "2026-11-20T09:30:00"}, "at"),
    ({"at": 7}, "at"),
    ({"at": "0001-01-01T00:00:00+08:00"}, "at"),
    ({"consent": None}, "consent"),
    ({"consent": {"basis": "spoken"}}, "consent"),
    ({"consent": {"basis": "written", "by": SECRET}}, "consent"),
    ({"industry": "Fast Moving"}, "industry"),
    ({"context": ["secret"]}, "context"),
    ({"own": [""]}, "own"),
    ({"competitors": ["长" * 41]}, "competitors"),
    ({"rep": " E1"}, "rep"),
    ({"customer": 13912345678}, "customer"),
    ({"ended": "yes"}, "ended"),
    ({"seen_at": "2026-11-20T09:29:00+08:00"}, "seen_at"),
    ({"seen_at": "2027-11-20T09:29:00+08:00"}, "seen_at"),
    ({"messages": {}}, "messages"),
    ({"messages": [message()] * 501}, "messages"),
    ({"messages": [SECRET]}, "messages[1]"),
    ({"messages": [message(), message(at="2026-11-20T09:29:59+08:00")]}, "messages[2].at"),
    ({"messages": [message(at="2026-11-28T09:30:00+08:00")]}, "messages[1].at"),
    ({"messages": [message(at="soon")]}, "messages[1].at"),
    ({"messages": [message(**{"from": "boss"})]}, "messages[1].from"),
    ({"messages": [message(kind="poem")]}, "messages[1].kind"),
    ({"messages": [message(text="x" * 8001)]}, "messages[1].text"),
    ({"messages": [message(text="a\u0000b")]}, "messages[1].text"),
    ({"messages": [message(text=" \n")]}, "messages[1].text"),
    ({"messages": [message(who=SECRET)]}, "messages[1].who"),
    ({"facts": {"dwell_h": 1}}, "facts.dwell_h"),
    ({"facts": {SECRET: 1}}, "facts.a key"),
    ({"facts": {"dwell_s": True}}, "facts.dwell_s"),
    ({"facts": {"dwell_s": "25"}}, "facts.dwell_s"),
    ({"facts": [1]}, "facts"),
    ({"facts": {f"dwell_{n}": 1 for n in range(65)}}, "facts"),
    ({"facts": {"dwell_s": 1e10}}, "facts.dwell_s"),
    ({"facts": {"dwell_s": 10**40}}, "facts.dwell_s"),
    ({"facts": {"internal_viewer": 0}}, "facts.internal_viewer"),
    ({"facts": {}}, "messages, facts"),
    ({"note": SECRET}, "note"),
    ({SECRET: 1}, "a key"),
    ({"consent": {"basis": "not-personal"}, "customer": "C1"}, "consent"),
    ({"consent": {"basis": "not-personal"}, "messages": [message()]}, "consent"),
]


@pytest.mark.parametrize(("changes", "place"), WRONG)
def test_a_mistake_is_named_by_its_place_and_no_value_is_repeated(changes: dict[str, object], place: str) -> None:
    said = refused(document(**changes))
    assert f"{place} — " in said
    for value in (SECRET, "太贵", "fax", "soon", "boss", "poem", "secret", "Fast", "yes", "13912345678", "长长", "xxx"):
        assert value not in said


def test_all_mistakes_are_told_at_once_and_bounded() -> None:
    said = refused(document(channel="fax", at="x", id=7, facts={"a": 1, "b": 2}, messages=[message(kind="q")], more=1))
    for place in ("channel", "at", "id", "facts.a", "facts.b", "messages[1].kind", "more"):
        assert f"{place} — " in said
    assert len(refused(document(**{f"k{n}": n for n in range(10_000)}))) < 20_000


RAW = [
    b"", b"{", b"[]", b"7", b'"text"', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b'{"schema": NaN}',
    b'{"facts": {"dwell_s": 1e999}}', b'{"facts": {"dwell_s": Infinity}}', b'{"id": "\\ud800"}', b'{"id": "a", "id": "b"}',
    b'{"facts": {"dwell_s": 1, "dwell_s": 2}}', b'{"id": ' + b"9" * 5000 + b"}", b"{} {}", b'{"secret sentence": }',
]  # fmt: skip


@pytest.mark.parametrize("content", RAW, ids=lambda one: repr(one[:20]))
def test_what_is_no_sound_json_is_refused_without_quoting_it(content: bytes) -> None:
    assert "secret" not in refused(content)


def test_a_document_that_is_too_large_is_not_read() -> None:
    with pytest.raises(BadInput) as found:
        read(b" " * (touch.MAX_BYTES + 1))
    assert found.value.kind == "too-large"


def test_the_largest_document_that_is_allowed_stands() -> None:
    lines = [message(text="字" * 150) for _ in range(500)]
    given = raw(document(messages=lines))
    assert 200_000 < len(given) < touch.MAX_BYTES
    assert len(touch.sealed(read(given).content).messages) == 500


def test_without_a_key_a_named_person_is_not_silently_left_out() -> None:
    with pytest.raises(BadInput, match="no key here"):
        touch.read(raw(document(rep="E1")), names=NAMES)


def test_the_published_schema_takes_what_is_taken_and_refuses_what_its_types_refuse() -> None:
    file = Path(touch.__file__).parents[1] / "schemas" / "touch.json"
    validator = jsonschema.Draft202012Validator(json.loads(file.read_text(encoding="utf-8")))
    assert list(validator.iter_errors(document(messages=[message()]))) == []
    for changes in ({"channel": "fax"}, {"consent": {"basis": "spoken"}}, {"more": 1}, {"facts": {"a": "b"}}, {"id": "a b"}):
        assert list(validator.iter_errors(document(**changes)))


def wrote(sender: Sender, at_ms: int, text: str = "好") -> Message:
    return Message(at_ms=at_ms, sender=sender, form=Form.TEXT, text=text)


def talk(*messages: Message, **changes: object) -> Touch:
    began = datetime(2026, 11, 20, tzinfo=UTC)
    return Touch(id="1", channel=Channel.WECHAT, started_at=began, messages=messages, **changes)


def test_messages_of_one_moment_keep_their_order_and_nobody_said_what_the_programme_did() -> None:
    said = talk(wrote(Sender.REP, 0), wrote(Sender.SYSTEM, 0), wrote(Sender.CUSTOMER, 0), wrote(Sender.REP, 5)).utterances
    assert [(one.speaker, one.start_ms, one.end_ms) for one in said] == [
        (Speaker.REP, 0, 0), (Speaker.CUSTOMER, 1, 1), (Speaker.REP, 5, 5),
    ]  # fmt: skip
    assert {one.confidence for one in said} == {1.0}


@pytest.mark.parametrize(("minutes", "over"), [(-1, False), (29, False), (31, True)])
def test_half_an_hour_that_somebody_looked_at_is_an_end(minutes: int, over: bool) -> None:
    assert talk(wrote(Sender.REP, 60_000), seen_ms=minutes * 60_000).over is over


def test_its_sender_may_say_that_it_is_over() -> None:
    assert talk(wrote(Sender.REP, 0), ended=True).over
    assert not talk(wrote(Sender.REP, 0)).over


@pytest.mark.parametrize("messages", [(), (wrote(Sender.SYSTEM, 0),)])
def test_where_nobody_wrote_nothing_was_left_out(messages: tuple[Message, ...]) -> None:
    assert not talk(*messages, ended=True, seen_ms=10**7).over
