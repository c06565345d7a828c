"""Trees inside a talk: an unknown voice excuses and never accuses, windows bind every count, and the work grows with the talk."""

import time

import pytest

from edge_agent.domain.transcript import Speaker
from edge_agent.lexicon.model import Event
from edge_agent.lexicon.when import All, Any, Count, Fact, First, Heard, Near, Node, Not, Row, Window
from edge_agent.tagging.hits import Hit
from edge_agent.tagging.rules.base import Finding, Moment
from edge_agent.tagging.rules.build import machine
from edge_agent.tagging.turns import Turns

COMMON = {"zh": "r", "en": "r", "definition": "", "speaker": "rep"}
TURNS = Window(n=3, unit="turns")
MINUTES = Window(n=10, unit="minutes")


def at(code: str, turn: int, *, unknown: bool = False) -> Hit:
    speaker = Speaker.UNKNOWN if unknown else Speaker.CUSTOMER
    start = turn * 3000
    return Hit(
        code=f"x.{code}", speaker=speaker, turn=turn, start_ms=start, end_ms=start + 2000, utterance=turn, candidate=unknown,
        slots={},
    )  # fmt: skip


def fired(node: Node, *hits: Hit, severity: str = "critical", ended: bool = True, **facts: float) -> list[Finding]:
    event = Event(**COMMON, id="rule.r", kind="composite", when=node, severity=severity, layer="none")
    said = [Event(**COMMON, id=code, kind="occurrence", severity="info", layer="none") for code in ("x.a", "x.b", "x.c")]
    rule = machine(event, {one.id: one for one in (event, *said)})
    turns = Turns(words=())
    seen: dict[str, list[Hit]] = {}
    found: list[Finding] = []
    for hit in hits:
        moment = Moment(now_ms=hit.end_ms, turns=turns, seen=seen, facts=facts)
        found += [*rule.hit(hit, moment), *rule.settled(moment)]
        seen.setdefault(hit.code, []).append(hit)
    last = Moment(now_ms=hits[-1].end_ms if hits else 0, turns=turns, seen=seen, facts=facts)
    return [*found, *rule.ended(last, really=ended)]


A, B, C = ["x.a"], ["x.b"], ["x.c"]


@pytest.mark.parametrize(
    "node",
    [
        Near(anchor=A, side="before", of=B, absent=True, within=TURNS),
        Near(anchor=A, side="around", of=B, absent=True, within=TURNS),
        All(parts=[Heard(events=A), Count(of=B, op="<", n=1)]),
        All(parts=[Heard(events=A), Not(part=First(of=B))]),
        All(parts=[Heard(events=A), Not(part=Count(of=B, n=1))]),
        All(parts=[Heard(events=A), Not(part=Count(of=B, n=1, window=MINUTES))]),
        All(parts=[Heard(events=A), Not(part=Near(anchor=A, side="around", of=B, within=TURNS))]),
        All(parts=[Heard(events=A), Not(part=Near(anchor=B, side="after", of=A))]),
        Count(of=A, n=2, window=MINUTES, without=B),
    ],
    ids=lambda node: type(node).__name__,
)
def test_an_unknown_voice_excuses(node: Node) -> None:
    assert fired(node, at("a", 0), at("a", 4))
    nearby = [at("b", 0, unknown=True), at("a", 1), at("b", 2, unknown=True), at("a", 3)]
    assert fired(node, *nearby) == []


@pytest.mark.parametrize(
    "node",
    [
        Near(anchor=A, side="before", of=B, absent=True, within=TURNS),
        Near(anchor=A, side="around", of=C, within=TURNS),
        Count(of=A, op="==", n=1),
        Not(part=Count(of=A, op="<", n=1)),
        Not(part=All(parts=[Count(of=A, op="<", n=1), Not(part=Row(of=A, n=2))])),
    ],
    ids=lambda node: type(node).__name__,
)
def test_an_unknown_voice_never_brings_an_adverse_tag_about(node: Node) -> None:
    assert fired(node, at("a", 1), at("c", 1))
    assert fired(node, at("a", 1, unknown=True), at("c", 1, unknown=True)) == []


@pytest.mark.parametrize(("op", "apart", "near"), [("==", 0, 1), ("<", 1, 0), ("<=", 1, 0), (">=", 0, 1), (">", 0, 1)])
def test_a_window_binds_every_sign(op: str, apart: int, near: int) -> None:
    n = {"<=": 1, ">": 1}.get(op, 2)
    node = Count(of=A, op=op, n=n, window=MINUTES)
    assert len(fired(node, at("a", 0), at("a", 300), at("a", 600))) == apart
    assert len(fired(node, at("a", 0), at("a", 2), at("a", 600))) == near


@pytest.mark.parametrize(
    "node",
    [
        Not(part=Count(of=B, n=2)),
        Not(part=Row(of=B, n=3)),
        Not(part=First(of=B)),
        Not(part=All(parts=[Heard(events=A), Heard(events=B)])),
        Not(part=Any(parts=[Heard(events=B), Fact(name="vip", op="==", value=5)])),
        Not(part=Near(anchor=A, side="around", of=B, within=TURNS)),
        Not(part=Near(anchor=A, side="around", of=A, absent=True, within=TURNS)),
    ],
    ids=lambda node: type(node.part).__name__,
)
def test_what_did_not_come_is_evidence(node: Node) -> None:
    (found,) = fired(node, at("a", 1), at("a", 2), vip=4.0)
    assert found.evidence


@pytest.mark.parametrize("side", ["before", "around"])
@pytest.mark.parametrize("absent", [True, False])
def test_work_grows_with_the_talk_and_not_with_its_square(side, *, absent: bool) -> None:
    """Anchors that are each decided, or none of which is: four times as long a talk is not eight times the work."""
    node = Near(anchor=A, side=side, of=B if absent else C, absent=absent, within=TURNS)

    def spent(turns: int) -> float:
        hits = [at("ba"[turn % 2], turn) for turn in range(turns)]
        began = time.process_time()
        assert fired(node, *hits) == []
        return time.process_time() - began

    spent(100)
    short = min(spent(400) for _ in range(3))
    assert spent(1600) < 8 * short
