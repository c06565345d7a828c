"""The opportunity card: the latest word counts and the place of the earlier stays, unknown is absent, only sides matter."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import card_talks
import pytest
from box_world import BoxWorld
from card_talks import AT, Labelled, labelled, line, tagger
from ledger_world import DIGEST

from edge_agent import app, cli, pipeline
from edge_agent.config import Config, Insights
from edge_agent.domain.insights import CardEntry, Field
from edge_agent.domain.notes import Notes
from edge_agent.domain.transcript import Speaker, Transcript, Utterance
from edge_agent.ledger.reading import LedgerReader
from edge_agent.review.card_words import Words


def talk(said: str, **label: object) -> Labelled:
    return labelled({"id": "talk", "said": f"{said} / （结束）", **label})


def only(one: Labelled, field: Field) -> CardEntry:
    (entry,) = [entry for entry in one.entries() if entry.field is field]
    return entry


def test_a_later_budget_replaces_the_earlier_and_its_place_is_kept() -> None:
    one = talk("销售：预算定了吗？ / 客户：我们批了八万。 / 销售：好的。 / 客户：哦对了，刚开完会，预算砍到六万了。")
    entry = only(one, Field.BUDGET)
    assert (entry.value, entry.unit, entry.at.utterance) == ("60000", "CNY", 3)
    assert [at.utterance for at in entry.earlier] == [1]


def test_a_budget_said_again_changes_nothing() -> None:
    entry = only(talk("客户：我们批了二十万。 / 销售：好。 / 客户：我们批了二十万。"), Field.BUDGET)
    assert (entry.value, entry.at.utterance, entry.earlier) == ("200000", 0, ())


def test_nothing_said_is_nothing_known() -> None:
    assert talk("销售：您好。 / 客户：我就随便看看。").entries() == ()
    refused = talk("销售：您心理价位大概是多少？ / 客户：预算不方便说，你先报价吧。")
    assert [entry for entry in refused.entries() if entry.field is Field.BUDGET] == []


def test_a_step_moved_to_another_day_has_the_new_day() -> None:
    entry = only(
        talk("销售：我下周二下午三点给您打电话回访，行不？ / 客户：没问题，下周三下午三点吧，下周三可以。"), Field.NEXT_STEP
    )
    assert (entry.code, entry.due[:10]) == ("callback", "2026-11-25")
    assert [at.utterance for at in entry.earlier] == [0]


@pytest.mark.parametrize(
    ("accepted", "due"), [("行，三点见", "2026-11-24"), ("行，下周二下午三点", "2026-11-24T15:00"), ("行", "2026-11-24")]
)
def test_an_hour_that_is_added_goes_with_its_day(accepted: str, due: str) -> None:
    assert only(talk(f"销售：我下周二带样品过去，行吗？ / 客户：{accepted}。"), Field.NEXT_STEP).due == due


def test_a_proposal_nobody_agreed_to_is_no_next_step() -> None:
    fields = {entry.field for entry in talk("销售：周四我过来？ / 客户：到时候再说吧。").entries()}
    assert Field.NEXT_STEP not in fields


def test_what_the_customer_asked_for_and_the_rep_promised_is_one_action() -> None:
    entry = only(talk("客户：把合同发我看看。 / 销售：好，我明天上午把合同发您。 / 客户：好。"), Field.ACTION)
    assert (entry.code, entry.side, entry.due) == ("contract", Speaker.REP, "2026-11-21")


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("设备科报，院长批，需求我来提", "hospital-director"),
        ("质量总监最后签字，试验归我管", "director"),
        ("我自己的店，我拍板", "self"),
        ("得跟我老公商量", "spouse"),
        ("还没想好", ""),
    ],
)
def test_who_decides_is_the_one_before_the_deciding_word(text: str, who: str) -> None:
    assert Words(tagger().lexicon.card).decider(text, (0, len(text))) == who


@pytest.mark.parametrize(
    ("text", "todo"),
    [
        ("周四上午十点带陈列物料过去", ["visit"]),
        ("我明天把报价单发过去", ["quote"]),
        ("下周三带样机上门", ["visit", "sample"]),
        ("我打电话告诉您报价", ["quote"]),
        ("明天给您回个电话", ["callback"]),
        ("好的", []),
    ],
)
def test_what_is_to_be_done_is_an_act_and_the_thing_it_is_about(text: str, todo: list[str]) -> None:
    assert Words(tagger().lexicon.card).actions(text) == todo


FOUR = (
    (Speaker.REP, 1, "您好，这批设备你们批了多少预算？"),
    (Speaker.CUSTOMER, 2, "我们批了二十万。"),
    (Speaker.UNKNOWN, 0, "我们批了八十万。"),
    (Speaker.REP, 1, "最后是哪位签字？"),
    (Speaker.CUSTOMER, 3, "采购总监签字。"),
    (Speaker.CUSTOMER, 2, "六月底前上线。"),
    (Speaker.UNKNOWN, 0, "澜星也给了方案。"),
    (Speaker.REP, 1, "我后天上午十点带样品过去，行吗？"),
    (Speaker.CUSTOMER, 3, "行，后天十点我在。"),
)
"""Two customers, the rep, and somebody nobody knows."""


def meeting() -> tuple[Utterance, ...]:
    return tuple(
        Utterance(start_ms=n * 3000, end_ms=n * 3000 + 2500, speaker=side, voice=voice, text=text)
        for n, (side, voice, text) in enumerate(FOUR)
    )


def test_of_four_voices_only_the_sides_matter() -> None:
    together = card_talks.of("meeting", meeting(), {"context": ["b2b"]})
    alone = card_talks.of("meeting", tuple(replace(said, voice=0) for said in meeting()), {"context": ["b2b"]})
    assert [line(entry) for entry in together.entries()] == [line(entry) for entry in alone.entries()]
    said = {line(entry): entry for entry in together.entries()}
    assert said["budget 200000 CNY"].earlier == ()
    assert "decision-maker director" in said
    assert "timing @../2027-06-30" in said
    assert "next-step visit @2026-11-22T10:00" in said
    rival = said["competitor rival-1"]
    assert (rival.side, rival.confidence < 0.6) == (Speaker.UNKNOWN, True)


def test_a_place_counts_utterances_as_the_transcript_has_them() -> None:
    """Of two that begin at once the tagger hears the shorter first; the transcript keeps its own order."""
    said = (
        Utterance(start_ms=0, end_ms=4000, speaker=Speaker.REP, text="我们这款是双膜的，零陈水，滤芯三年一换，您看看。"),
        Utterance(start_ms=0, end_ms=2000, speaker=Speaker.CUSTOMER, text="我们批了二十万。"),
    )
    (entry,) = [entry for entry in card_talks.of("at-once", said, {}).entries() if entry.field is Field.BUDGET]
    assert (entry.at.utterance, entry.value) == (1, "200000")
    assert "二十万" in said[1].text[entry.at.char_start : entry.at.char_end + 3]


class Meeting:
    """Hears the meeting of four in whatever it is given."""

    def transcribe(self, media: BinaryIO, *, channels: tuple[Speaker, ...], terms: Sequence[str]) -> Transcript:
        said = meeting()
        return Transcript(model="m", model_digest=DIGEST, duration_ms=said[-1].end_ms, rtf=0.1, utterances=said)


def test_a_meeting_of_four_goes_through_the_pipeline_into_the_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Config(state=str(tmp_path), insights=Insights(scorecards=["bant"]))
    world = BoxWorld(tmp_path)
    kit = replace(
        world.kit,
        transcriber=Meeting(),
        tagger=tagger(),
        notetaker=app.Notepad(settings),
        reviewer=app.reviewer(settings, tagger()),
    )
    world.drop(b"four voices")
    (arrival,) = world.arrivals()
    recording = pipeline.advance(kit, pipeline.take_in(kit, arrival))
    world.ledger.verify_chain()
    world.close()
    reader = LedgerReader.open(world.path)
    found = reader.insights(recording.id)
    reader.close()
    assert found is not None
    assert {entry.field for entry in found.card} >= {Field.BUDGET, Field.DECIDER, Field.TIMING, Field.NEXT_STEP}
    assert found.scorecards[0].card == "bant"
    assert cli.main(["--state", str(tmp_path), "card", recording.id, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [entry["value"] for entry in shown["entries"] if entry["field"] == "budget"] == ["200000"]
    assert not any(text in json.dumps(shown, ensure_ascii=False) for _, _, text in FOUR)
    assert cli.main(["--state", str(tmp_path), "card", recording.id]) == 0
    assert "商机卡" in capsys.readouterr().out


def test_switched_off_there_is_no_card() -> None:
    one = next(card_talks.read("dev"))
    off = Config(state="unused", insights=Insights(card=False, claims=False, scorecards=[]))
    assert app.reviewer(off, tagger()).review(one.talk, one.tags, one.notes).card == ()
    on = Config(state="unused", insights=Insights(card=True, claims=False, scorecards=[]))
    assert app.reviewer(on, tagger()).review(one.talk, one.tags, one.notes).card


def test_without_facts_the_card_has_codes_and_no_numbers() -> None:
    one = next(card_talks.read("dev"))
    bare = replace(one, notes=Notes()).entries()
    assert bare
    assert all(not entry.due and (not entry.value or entry.field is Field.DECIDER) for entry in bare)


def test_a_dialogue_file_is_tried_and_nothing_is_stored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "talk.toml"
    turn = '[[turn]]\nspeaker = "customer"\nstart_ms = 0\nend_ms = 2000\ntext = "我们批了二十万，六月底前上线。"\n'
    file.write_text(turn, "utf-8")
    state = tmp_path / "state"
    at = AT.isoformat()
    assert cli.main(["--state", str(state), "card", "--file", str(file), "--at", at, "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)["entries"]
    assert {(one["field"], one["value"], one["due"]) for one in entries} == {
        ("budget", "200000", ""),
        ("timing", "", "../2027-06-30"),
    }
    assert cli.main(["--state", str(state), "scores", "--file", str(file), "--scorecard", "bant", "--json"]) == 0
    (card,) = json.loads(capsys.readouterr().out)["scorecards"]
    assert (card["card"], card["total"]) == ("bant", 50.0)
    assert not (state / "ledger").exists()
