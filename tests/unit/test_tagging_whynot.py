"""Why an event did not come about: for every example that must not match there is a reason, and nearly always a telling one."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
import shipped

from edge_agent import cli
from edge_agent.lexicon.examples import is_facts, scene
from edge_agent.tagging.explain import Explanation
from edge_agent.tagging.rules.build import inert
from edge_agent.tagging.trial import staged

TAGGER = shipped.tagger()
EVENTS = [event for event in TAGGER.events if not inert(event, event.temporal.context)]
SAID = [event.id for event in EVENTS if event.kind == "occurrence"]
DERIVED = [event.id for event in EVENTS if event.kind not in {"occurrence", "metric"}]
VAGUE = re.compile(r"nothing said comes near it|its timing did not hold")


@cache
def told(code: str) -> tuple[tuple[str, Explanation], ...]:
    """Each example of an event that must not match, and what is said of it."""
    event = TAGGER.lexicon.events[code]
    texts = [text for text in event.examples.must_not if not is_facts(text)]
    return tuple((text, TAGGER.why_not(code, staged(TAGGER, scene(text, event.speaker), "*", event))) for text in texts)


@pytest.mark.parametrize("code", [*SAID, *DERIVED])
def test_every_example_that_must_not_match_has_a_reason_of_its_event(code: str) -> None:
    for _, why in told(code):
        assert len(why.zh) == len(why.en) > 0
        assert all(line.partition("：")[2] for line in why.zh)
        assert all(line.partition(": ")[2] for line in why.en)
        assert not any("did fire" in line or "is inert" in line for line in why.en)


def test_hardly_any_reason_is_a_vague_one() -> None:
    """At most one example in ten of what is heard directly, and of each such event at least one is told precisely."""
    reasons = {code: [VAGUE.search(" ".join(why.en)) is not None for _, why in told(code)] for code in SAID}
    every = [vague for vagues in reasons.values() for vague in vagues]
    assert len(every) > 1000
    assert sum(every) <= len(every) / 10
    assert sum(all(vagues) for vagues in reasons.values() if vagues) <= len(reasons) / 10
    derived = [" ".join(why.en) for code in DERIVED for _, why in told(code)]
    assert sum(VAGUE.search(line) is not None for line in derived) <= len(derived) / 10


def test_no_reason_holds_what_was_said() -> None:
    """Four characters in a row of the talk would be a quote, unless they are the event's own name."""
    for code in [*SAID, *DERIVED]:
        event = TAGGER.lexicon.events[code]
        for text, why in told(code):
            words = re.sub(r"[（(].*?[）)]|销售：|客户：|未知：", "", text)
            parts = {words[at : at + 4] for at in range(len(words) - 3) if re.fullmatch(r"[一-鿿]{4}", words[at : at + 4])}
            rest = [line.removeprefix(event.zh) for line in why.zh]
            assert not [part for part in parts if any(part in line for line in rest)], code


@pytest.mark.parametrize(
    ("text", "code", "missing"),
    [
        ("销售：太贵了吗？", "price.objection", "not said by customer"),
        ("销售：嗯。", "price.objection", "the customer said nothing"),
        ("客户：你们退货流程怎么走？", "need.decision_process_stated", "shares only 2 characters"),
        ("客户：太贵了。 / 销售：嗯。 / 客户：还是贵。", "price.objection_repeated", "it takes 3, 2 came"),
        (
            "客户：三千六太贵了。 / 销售：一级能效，一年省一百多块电费。", "price.objection_resolved",
            "the chain lacks price.objection_accepted",
        ),
    ],
)  # fmt: skip
def test_the_nearest_missing_condition_is_named(text: str, code: str, missing: str) -> None:
    assert missing in " ".join(TAGGER.why_not(code, staged(TAGGER, scene(text, "customer"), "*")).en)


def test_command_line_tells_why_not_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "talk.toml"
    file.write_text('[[turn]]\nspeaker = "rep"\nstart_ms = 0\nend_ms = 900\ntext = "这个太贵了"\n', "utf-8")
    where = ("--state", str(tmp_path / "state"), "--json")
    assert cli.main(["tag", str(file), "--why-not", "price.objection", *where]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["fired"], found["basis"]) == (False, "text")
    assert "not said by customer" in found["en"][0]
    assert "太贵" not in json.dumps(found["zh"], ensure_ascii=False)
    assert cli.main(["tag", str(file), "--why-not", "no.such", *where]) == 1
