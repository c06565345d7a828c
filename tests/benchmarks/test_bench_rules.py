"""What rules cost: reading a sentence against loading the lexicons, and a call judged with as many rules more against without."""

import json
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from statistics import median

import msgspec
import pytest

from edge_agent.assets import bundled
from edge_agent.domain.tags import Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.load import load
from edge_agent.lexicon.model import RuleRow
from edge_agent.rulebook.events import event
from edge_agent.rulebook.names import Book
from edge_agent.rulebook.reading import read
from edge_agent.tagging.tagger import RuleTagger

GOLDEN = tomllib.loads((Path(__file__).parents[1] / "golden" / "rules" / "sentences.toml").read_text("utf-8"))
SAID = [
    "这个太贵了。",
    "九十六一箱，给您报的是九十六。",
    "我再看看别家。",
    "要不给您演示一下？",
    "先不看演示了。",
    "我要投诉你们。",
]

pytestmark = pytest.mark.bench


def cost(run: Callable[[], object]) -> float:
    before = time.process_time()
    run()
    return time.process_time() - before


def test_a_sentence_is_read_in_less_than_the_lexicons_take_to_load() -> None:
    loading = min(cost(lambda: load(bundled("lexicons"))) for _ in range(3))
    lexicon = load(bundled("lexicons"))
    book = Book(lexicon)
    texts = [row["text"] for row in GOLDEN["rule"]]
    read(texts[0], book)
    costs = sorted(cost(lambda text=text: read(text, book)) for text in texts)
    rules = []
    for number, text in enumerate(texts):
        found = read(text, book)
        assert found.rule is not None
        rules.append(event(RuleRow(id=f"r{number}", text=text), found.rule, book))
    events = {**lexicon.events, **{rule.id: rule for rule in rules}}
    digests = dict.fromkeys(events, "0" * 64)
    plain, ruled = RuleTagger(lexicon), RuleTagger(msgspec.structs.replace(lexicon, events=events, event_digests=digests))
    voices = [Speaker.CUSTOMER, Speaker.REP]
    said = tuple(
        Utterance(start_ms=n * 3000, end_ms=n * 3000 + 2500, speaker=voices[n % 2], text=SAID[n % len(SAID)]) for n in range(240)
    )
    talk = Conversation(utterances=said, duration_ms=240 * 3000)
    for tagger in (plain, ruled):
        tagger.tag(talk)
    without, with_rules = (min(cost(lambda one=one: one.tag(talk)) for _ in range(3)) for one in (plain, ruled))
    print(json.dumps({
        "bench": "rules", "sentences": len(texts), "read_ms_median": round(median(costs) * 1000, 1),
        "read_ms_worst": round(costs[-1] * 1000, 1), "load_ms": round(loading * 1000, 1), "rules": len(rules),
        "call_ms": round(without * 1000, 1), "call_with_rules_ms": round(with_rules * 1000, 1),
    }))  # fmt: skip
    assert median(costs) < loading / 2
    assert with_rules < 2.5 * without
