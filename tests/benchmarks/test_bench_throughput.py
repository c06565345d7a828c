"""The whole catalogue over talk, on one core: characters a second, what 50,000 terms cost, and what a loop of `re` would.

Talk = the labelled dialogues of `behaviour`, as written text and as recognised speech (compared by sound too). Terms are
products and brands of a company's folder, random words of everyday characters. The loop is what one writes first for the same
knowledge: every saying, every veto and every term as an expression, each searched in each sentence; it knows no speaker, context
or time. Beside them what jieba and pypinyin take to read the same text, doing nothing with it.
"""

import json
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dialogue_scoring import conversation, read, said

from edge_agent.assets import bundled
from edge_agent.domain.tags import Conversation
from edge_agent.lexicon.load import load
from edge_agent.lexicon.notation import Saying
from edge_agent.tagging.matcher import Matcher
from edge_agent.tagging.slots import PATTERNS
from edge_agent.tagging.tagger import RuleTagger

pytestmark = pytest.mark.bench

COMMON = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里价贵钱便宜货单"
SHARE = 10
"""One expression in so many is searched for, and the time taken so many times: compiling all would be most of the bench."""
MOST_TERMS, MANY_TERMS, FEW_TERMS = 50_000, 10_000, 1_000


@pytest.fixture(autouse=True)
def one_core() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


def company(folder: Path, terms: int) -> Path:
    """A company's folder with so many products and rivals' brands in the trade of every test talk."""
    random_ = random.Random(5)
    words = list(dict.fromkeys("".join(random_.choices(COMMON, k=random_.randint(3, 6))) for _ in range(terms * 2)))[:terms]
    half = len(words) // 2
    rows = [f'[[product]]\nid = "p{n}"\nnames = ["{word}"]\n' for n, word in enumerate(words[:half])]
    rows += [f'[[brand]]\nid = "b{n}"\nnames = ["{word}"]\nside = "rival"\n' for n, word in enumerate(words[half:])]
    (folder / "industries").mkdir(parents=True)
    (folder / "industries" / "bench.toml").write_text('id = "bench"\nzh = "测试"\n' + "\n".join(rows), encoding="utf-8")
    return folder


def talks(confidence: float) -> list[Conversation]:
    return [
        replace(
            conversation(talk, tuple(replace(one, confidence=confidence) for one in said(talk))), industry="bench"
        )
        for talk in map(read, sorted((Path(__file__).parent / "behaviour" / "dialogues").glob("*.toml")))
    ]  # fmt: skip


def rate(work: Callable[[], object], characters: int, times: int = 2) -> float:
    """Characters a second of processor time, the best of `times`."""
    best = float("inf")
    for _ in range(times):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return characters / best


def expression(saying: Saying) -> str:
    steps = []
    for step in saying.steps:
        ways = [*map(re.escape, step.literals), *(PATTERNS[kind] for kind in step.slots if kind in PATTERNS)]
        steps.append((step.gap, "(?:" + "|".join(ways or ["(?!)"]) + ")"))
    return "".join(f".{{0,{gap}}}{one}" if place else one for place, (gap, one) in enumerate(steps))


def test_the_whole_catalogue_over_talk(tmp_path: Path) -> None:
    import jieba
    from pypinyin import lazy_pinyin

    few, many, most = (
        RuleTagger(load(bundled("lexicons"), company(tmp_path / str(terms), terms)))
        for terms in (FEW_TERMS, MANY_TERMS, MOST_TERMS)
    )  # fmt: skip
    written, heard = talks(1.0), talks(0.8)
    text = [one.text for talk in written for one in talk.utterances]
    characters = sum(map(len, text))
    for tagger in (few, many, most):  # the matcher, the tables of sounds and jieba's dictionary are built at the first talk
        tagger.tag(heard[0])

    def over(tagger: RuleTagger, what: list[Conversation]) -> Callable[[], object]:
        return lambda: [tagger.tag(talk) for talk in what]

    figures = {
        "written_chars_per_s": rate(over(many, written), characters),
        "heard_chars_per_s": rate(over(many, heard), characters),
        "with_1000_terms": rate(over(few, heard), characters),
        "with_50000_terms": rate(over(most, heard), characters),
        "jieba_alone": rate(lambda: [jieba.lcut(one) for one in text], characters),
        "pypinyin_alone": rate(lambda: [lazy_pinyin(one) for one in text], characters),
    }
    ways = Matcher(many.lexicon, "").ways
    sayings = [way.saying for way in ways if way.saying is not None]
    vetoes = [saying for way in ways for _, saying in (*way.guard.exclude.entries, *way.guard.exclude_sentence.entries)]
    trade = many.lexicon.industries["bench"]
    named = [name for entry in (*trade.product, *trade.brand) for name in entry.names]
    expressions = sorted({*map(expression, [*sayings, *vetoes]), *map(re.escape, named)})
    loop = [re.compile(one) for one in expressions[::SHARE]]
    some = text[:40]
    searched = rate(lambda: [one.search(line) is not None for line in some for one in loop], sum(map(len, some)), times=1)
    figures["loop_of_re_chars_per_s"] = searched / SHARE
    cost = figures["with_1000_terms"] / figures["with_50000_terms"]
    times = figures["heard_chars_per_s"] / figures["loop_of_re_chars_per_s"]
    print(json.dumps({
        "bench": "throughput", "characters": characters, "events": len(many.events), "sayings": len(sayings), "terms": MANY_TERMS,
        "expressions_in_loop": len(expressions),
        **{name: round(value) for name, value in figures.items()},
        "cost_of_50000_terms": round(cost, 2), "times_faster_than_loop": round(times, 1),
    }))  # fmt: skip
    assert cost <= 1.3
    assert figures["heard_chars_per_s"] >= 0.1 * figures["jieba_alone"]
    assert times >= 2.5
