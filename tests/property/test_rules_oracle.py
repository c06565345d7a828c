"""Trees of and, or, not over random talks against their plain truth table at the end, and what a cut recording may still say."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.domain.tags import Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.model import Event, Lexicon, Match, TermsFile
from edge_agent.lexicon.when import Absent, All, Any, Count, Heard, Near, Node, Not, Window
from edge_agent.rulebook.tree import normal
from edge_agent.tagging.tagger import RuleTagger

SOUNDS = dict(zip("abcdef", ["甲甲", "乙乙", "丙丙", "丁丁", "戊戊", "己己"], strict=True))
CUSTOMERS = set("abc")


def base(letter: str) -> Event:
    return Event(
        id=f"x.{letter}", zh=letter, en=letter, definition="", speaker="customer" if letter in CUSTOMERS else "rep",
        kind="occurrence", severity="info", layer="none", match=Match(phrases=[SOUNDS[letter]]),
    )  # fmt: skip


def tagger(node: Node, severity: str = "notice") -> RuleTagger:
    rule = Event(
        id="rule.r", zh="r", en="r", definition="", speaker="rep", kind="composite", when=node, severity=severity, layer="none"
    )
    events = {e.id: e for e in [*map(base, SOUNDS), rule]}
    digests = dict.fromkeys(events, "0" * 64)
    return RuleTagger(
        Lexicon(terms=TermsFile(), industries={}, events=events, extends=[], digest="0" * 64, event_digests=digests)
    )


def talk(spoken: list[tuple[str, str]]) -> tuple[Utterance, ...]:
    return tuple(
        Utterance(
            start_ms=i * 3000, end_ms=i * 3000 + 2000, speaker=Speaker(who), text="。".join(SOUNDS[x] for x in said) or "哪里哪里"
        )
        for i, (who, said) in enumerate(spoken)
    )


def fired(rules: RuleTagger, spoken: list[tuple[str, str]], *, ended: bool = True) -> list[int]:
    said = talk(spoken)
    tags = rules.tag(Conversation(utterances=said, duration_ms=len(said) * 3000, ended=ended))
    return [tag.start_ms for tag in tags if tag.code == "rule.r"]


def heard(spoken: list[tuple[str, str]]) -> list[tuple[str, int, int, bool]]:
    """(letter, turn, place, unknown voice): one hit per event and turn."""
    found: list[tuple[str, int, int, bool]] = []
    turn, before = -1, ""
    for place, (who, said) in enumerate(spoken):
        turn, before = (turn, who) if who == before else (turn + 1, who)
        for letter in said:
            mine = who == "unknown" or (who == "customer") == (letter in CUSTOMERS)
            if mine and not any(h[0] == letter and h[1] == turn for h in found):
                found.append((letter, turn, place, who == "unknown"))
    return found


def truth(node: Node, hits: list[tuple[str, int, int, bool]], *, positive: bool = True) -> bool:  # noqa: PLR0911 - one way for each node
    match node:
        case All():
            return all(truth(p, hits, positive=positive) for p in node.parts)
        case Any():
            return any(truth(p, hits, positive=positive) for p in node.parts)
        case Not():
            return not truth(node.part, hits, positive=not positive)
        case Heard():
            return any(f"x.{h[0]}" in node.events for h in hits)
        case Absent():
            return not any(f"x.{h[0]}" in node.of for h in hits)
        case Count():
            unknown_too = (node.op == "<=") == positive  # an unknown voice counts where it takes the tag away
            counted = sum(f"x.{h[0]}" in node.of and (unknown_too or not h[3]) for h in hits)
            return counted >= node.n if node.op in (">=", "==") else counted <= node.n
        case Near(within=Window()):
            return any(
                f"x.{a[0]}" in node.anchor and f"x.{b[0]}" in node.of and a is not b and abs(a[1] - b[1]) <= node.within.n
                for a in hits
                for b in hits
            )
    raise AssertionError(node)


codes = st.lists(st.sampled_from([f"x.{letter}" for letter in SOUNDS]), min_size=1, max_size=2, unique=True)
leaves = st.one_of(
    st.builds(Heard, events=codes),
    st.builds(Absent, of=codes),
    st.builds(Count, of=codes, n=st.integers(1, 3), op=st.sampled_from([">=", "==", "<="])),
    st.builds(
        Near, anchor=codes, of=codes, side=st.just("around"),
        within=st.integers(1, 4).map(lambda n: Window(n=n, unit="turns")),
    ),
)  # fmt: skip
nodes = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(All, parts=st.lists(inner, min_size=2, max_size=3)),
        st.builds(Any, parts=st.lists(inner, min_size=2, max_size=3)),
        st.builds(Not, part=inner),
    ),
    max_leaves=5,
).map(normal)
sides = st.one_of(
    st.tuples(st.just("customer"), st.text("abc", max_size=2)),
    st.tuples(st.just("rep"), st.text("def", max_size=2)),
    st.tuples(st.just("unknown"), st.text("abcdef", max_size=1)),
)
talks = st.lists(sides, min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(node=nodes, spoken=talks)
def test_at_a_real_end_a_tree_has_fired_once_exactly_if_it_is_true(node: Node, spoken: list[tuple[str, str]]) -> None:
    assert len(fired(tagger(node), spoken)) == truth(node, heard(spoken))


@settings(max_examples=60, deadline=None)
@given(node=nodes, spoken=talks, more=talks)
def test_what_a_cut_recording_says_stays_true_whatever_would_have_come(
    node: Node, spoken: list[tuple[str, str]], more: list[tuple[str, str]]
) -> None:
    rules = tagger(node)
    if fired(rules, spoken, ended=False):
        assert fired(rules, [*spoken, *more])
