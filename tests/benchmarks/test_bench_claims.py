"""How far a verdict on a rep's claim can be relied on: talks of several trades, with what must come of each claim.

Rules and words were written while looking at `dev` of claims.toml. `report` was written after they were fixed and opened once: 30
of 30 claims called wrong were wrong, three of 33 were missed, 73 of 83 talks came out exactly; general rules for two shapes were
then added. Two sets opened before it joined `dev`: there 16 of 17 and 18 of 19 called wrong were (a question was taken for a
statement, a second bottle at half price for the price). `first_opened` adds up the three.

`wrong_on_unknown`: talks in which no row covers a claim for sure and one is called wrong all the same. Beside it stands what one
would write first: the first number in an utterance with a product of the table must be its price.
"""

import json
import math
import re
import tomllib

import pytest
from review_world import AT, BEHAVIOUR, held, tagger, talk

from edge_agent.domain.transcript import Speaker
from edge_agent.facts import find
from edge_agent.review import fact_files

pytestmark = pytest.mark.bench

FACTS = BEHAVIOUR / "facts"
FIRST_OPENED = (64, 66)
"""Called wrong and wrong, called wrong: of the three sets, each when it was first opened."""


def test_a_claim_that_is_called_wrong_is_wrong() -> None:
    sets = tomllib.loads((BEHAVIOUR / "claims.toml").read_text("utf-8"))
    measured = {name: measure(talks) for name, talks in sets.items()}
    naive = {name: first_thought(talks) for name, talks in sets.items()}
    first = {
        "wrong_said": FIRST_OPENED[1],
        "wrong_precision": ratio(*FIRST_OPENED),
        "wrong_precision_wilson": wilson(*FIRST_OPENED),
    }
    print(json.dumps({"bench": "claims", **measured, "first_opened": first, "first_thought": naive}))
    for one in measured.values():
        assert one["wrong_precision"] >= 0.95
        assert one["wrong_on_unknown"] == 0
        assert one["wrong_recall"] >= 0.85
    assert naive["report"]["wrong_precision"] < measured["report"]["wrong_precision"]


def measure(talks: list[list]) -> dict[str, float]:
    said = right = wanted = on_unknown = exact = 0
    for text, expected in talks:
        got = [f"{one.kind} {one.verdict.value}" for one in held(text, FACTS)]
        exact += got == expected
        here, there = wrongs(got), wrongs(expected)
        said, wanted, right = said + len(here), wanted + len(there), right + len(overlap(here, there))
        on_unknown += bool(here) and not there and not any(one.endswith("right") for one in expected)
    return {
        "talks": len(talks), "exact": round(exact / len(talks), 4), "wrong_said": said, "wrong_precision": ratio(right, said),
        "wrong_precision_wilson": wilson(right, said), "wrong_recall": ratio(right, wanted), "wrong_on_unknown": on_unknown,
    }  # fmt: skip


def first_thought(talks: list[list]) -> dict[str, float]:
    """A product of the table and a number in one utterance of the rep's: they must be its price."""
    table = fact_files.load(FACTS)
    prices = {row.subject: float(row.value) for row in table.rows if row.kind == "price" and not row.attribute}
    names = {name: code for code, name in products()}
    said = right = 0
    for text, expected in talks:
        got = []
        for utterance in talk(text).utterances:
            product = next((names[name] for name in names if name in utterance.text), None)
            if utterance.speaker is not Speaker.REP or product not in prices:
                continue
            numbers = [one.value for one in find(utterance.text, AT) if re.fullmatch(r"[\d.]+", one.value)]
            got += ["price wrong" for one in numbers[:1] if float(one) != prices[product]]
        said, right = said + len(got), right + len(overlap(got, wrongs(expected)))
    return {"wrong_said": said, "wrong_precision": ratio(right, said)}


def products() -> list[tuple[str, str]]:
    lexicon = tagger().lexicon
    listed = [*lexicon.terms.product, *(one for file in lexicon.industries.values() for one in file.product)]
    return [(one.id, name) for one in listed for name in one.names]


def wrongs(lines: list[str]) -> list[str]:
    return [one for one in lines if one.endswith("wrong")]


def overlap(got: list[str], wanted: list[str]) -> list[str]:
    left = list(wanted)
    found = []
    for one in got:
        if one in left:
            left.remove(one)
            found.append(one)
    return found


def ratio(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def wilson(part: int, whole: int, z: float = 1.96) -> float:
    """The lower end of the 95 % interval of a share (Wilson 1927)."""
    if not whole:
        return 0.0
    p = part / whole
    middle = p + z * z / (2 * whole)
    room = z * math.sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    return round((middle - room) / (1 + z * z / whole), 4)
