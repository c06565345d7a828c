"""The facts of a whole talk: dictated over several utterances, switched on and off, masked, and printed."""

import io
import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from edge_agent import app, facts, pipeline
from edge_agent.cli import main
from edge_agent.config import Config, Speech
from edge_agent.domain.notes import Fact, FactKind
from edge_agent.domain.transcript import Speaker, Transcript, Utterance

AT = datetime(2026, 11, 25, 2, tzinfo=UTC)


def talk(*said: tuple[Speaker, str]) -> Transcript:
    utterances = tuple(
        Utterance(start_ms=n * 2000, end_ms=n * 2000 + 1500, speaker=speaker, text=text) for n, (speaker, text) in enumerate(said)
    )
    return Transcript(model="m", model_digest="d", duration_ms=60_000, rtf=0.1, utterances=utterances)


DICTATED = talk(
    (Speaker.CUSTOMER, "我电话一三八。"),
    (Speaker.REP, "嗯。"),
    (Speaker.CUSTOMER, "零零一三。"),
    (Speaker.REP, "好。"),
    (Speaker.CUSTOMER, "八零零零，下周三联系。"),
)


def test_number_dictated_over_several_utterances_is_one():
    found = [one for one in facts.note(DICTATED, AT) if one.kind is FactKind.PHONE]
    assert [(one.utterance, one.value) for one in found] == [(0, "13800138000"), (2, "13800138000"), (4, "13800138000")]
    said = [DICTATED.utterances[one.utterance].text[one.char_start : one.char_end] for one in found]
    assert said == ["一三八", "零零一三", "八零零零"]


def test_numbers_of_two_speakers_are_not_read_as_one():
    both = talk((Speaker.CUSTOMER, "我要一三八"), (Speaker.REP, "零零一三八零零零是订单吗您再说一下"))
    assert [one.value for one in facts.note(both, AT) if one.kind is FactKind.PHONE] == []


def test_masked_talk_shows_no_digit_of_a_telephone():
    shown, notes = facts.masked(facts.with_digits(DICTATED), app.Notepad(Config()).note(DICTATED, started_at=AT))
    assert [one.text for one in shown.utterances] == ["我电话[电话]。", "嗯。", "[电话]。", "好。", "[电话]，下周三联系。"]
    printed = msgspec.json.encode((shown, notes)).decode()
    assert not any(part in printed for part in ("138", "一三八", "零零一三", "八零零零"))
    dates = [one for one in notes.facts if one.kind is FactKind.DATE]
    assert [shown.utterances[one.utterance].text[one.char_start : one.char_end] for one in dates] == ["下周三"]


def test_an_older_note_of_the_number_in_a_telephone_is_not_shown():
    heard = talk((Speaker.CUSTOMER, "下周三打13800138000，要三箱"))
    noted = app.Notepad(Config()).note(heard, started_at=AT)
    older = [
        Fact(kind=FactKind.NUMBER, value=value, char_start=start, char_end=end, utterance=0) for value, start, end in NUMBERS
    ]
    shown, notes = facts.masked(heard, replace(noted, facts=(*noted.facts, *older)))
    assert shown.utterances[0].text == "下周三打[电话]，要三箱"
    told = [(one.kind, shown.utterances[0].text[one.char_start : one.char_end]) for one in notes.facts]
    assert told == [(FactKind.DATE, "下周三"), (FactKind.PHONE, "[电话]"), (FactKind.QUANTITY, "三箱")]
    assert "138" not in msgspec.json.encode(notes).decode()


NUMBERS = (("13800138000", 4, 15), ("138", 4, 7), ("138000", 9, 15), ("313800138000", 2, 16))
"""(value, start, end): what one may have noted of the same number: all of it, a part of it, and more than it."""


def test_sealed_transcript_is_shown_masked_with_everything_else_in_place():
    heard = facts.with_digits(DICTATED)
    notes = app.Notepad(Config()).note(heard, started_at=AT)
    sealed = pipeline.written(heard, notes)
    shown = json.loads(facts.masked_document(sealed))
    assert shown["utterances"][0]["text"] == "我电话[电话]。"
    assert not any(part in json.dumps(shown, ensure_ascii=False) for part in ("138", "一三八", "零零一三", "八零零零"))
    plain = json.loads(sealed)
    assert {name: shown[name] for name in shown if name not in {"utterances", "notes"}} == {
        name: plain[name] for name in plain if name not in {"utterances", "notes"}
    }


def test_facts_are_noted_only_where_they_are_switched_on():
    on, off = Config(), Config(speech=Speech(facts=False))
    assert app.Notepad(on).note(DICTATED, started_at=AT).facts
    assert app.Notepad(off).note(DICTATED, started_at=AT).facts == ()


class Recogniser:
    def transcribe(self, media, *, channels, terms):
        return talk((Speaker.CUSTOMER, "价格是九千八"), (Speaker.REP, "好"))


@pytest.mark.parametrize(("on", "normalised"), [(True, ["价格是9800", ""]), (False, ["", ""])])
def test_sentences_are_written_in_digits_only_where_that_is_switched_on(on, normalised):
    speech = app.Speech(Config(speech=Speech(numbers=on)))
    speech.engine = Recogniser()
    found = speech.transcribe(io.BytesIO(), channels=(), terms=())
    assert [one.normalised for one in found.utterances] == normalised
    assert [one.text for one in found.utterances] == ["价格是九千八", "好"]


def printed(capsys, monkeypatch, text: str, *arguments: str) -> dict:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["facts", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_command_prints_the_facts_of_each_line(capsys, monkeypatch):
    found = printed(capsys, monkeypatch, "下周三九千八\n\n我手机幺三八零零幺三八零零零\n", "--at", "2026-11-25T10:00+08:00")
    assert found["at"] == "2026-11-25T10:00:00+08:00"
    assert [[(one["kind"], one["value"]) for one in line["facts"]] for line in found["lines"]] == [
        [("date", "2026-12-02"), ("number", "9800")], [], [("phone", "13800138000")],
    ]  # fmt: skip
    assert [line["normalised"] for line in found["lines"]] == ["下周三9800", "", "我手机13800138000"]


def test_command_masks_when_asked(capsys, monkeypatch):
    found = printed(capsys, monkeypatch, "我手机幺三八零零幺三八零零零\n", "--mask")
    assert found["lines"][0]["text"] == found["lines"][0]["normalised"] == "我手机[电话]"
    assert found["lines"][0]["facts"][0]["value"] == ""


def test_a_moment_that_is_none_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["facts", "--at", "tomorrow"])
    assert ended.value.code == 2
    assert "YYYY-MM-DD" in capsys.readouterr().err


def test_tomorrow_is_counted_in_the_configured_time_zone_or_else_the_machines(monkeypatch):
    late = datetime(2026, 11, 25, 17, tzinfo=UTC)  # already the 26th in Shanghai
    said = talk((Speaker.CUSTOMER, "明天再说。"))
    (there,) = app.Notepad(Config(timezone="Asia/Shanghai")).note(said, started_at=late).facts
    (here,) = app.Notepad(Config(timezone="UTC")).note(said, started_at=late).facts
    assert (there.value, here.value) == ("2026-11-27", "2026-11-26")
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        (own,) = app.Notepad(Config()).note(said, started_at=late).facts
    finally:
        monkeypatch.undo()
        time.tzset()
    assert own.value == there.value
