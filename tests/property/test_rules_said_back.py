"""What a rule says is understood as that very rule: every tree survives being said and read again, and the sentence is one."""

import shipped
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edge_agent.lexicon.check import SILENT
from edge_agent.rulebook.names import Book
from edge_agent.rulebook.reading import read
from edge_agent.rulebook.saying import say
from edge_agent.rulebook.scope import MOST_JOINED
from edge_agent.rulebook.tree import (
    Absent,
    Action,
    All,
    Any,
    Clock,
    Count,
    Fact,
    First,
    Heard,
    Near,
    Node,
    Not,
    Row,
    Rule,
    Window,
    normal,
)
from edge_agent.rulebook.words import cut

BOOK = Book(shipped.lexicon())
CODES = sorted(BOOK.events.keys() - SILENT)
SETS = [list(name.events) for name in BOOK.lexicon.names]

one = st.sampled_from(CODES).map(lambda code: [code])
several = st.lists(st.sampled_from(CODES), min_size=2, max_size=3, unique=True)
codes = st.deferred(lambda: st.one_of(one, one, several, st.sampled_from(SETS)))
turns = st.integers(1, 40).map(lambda n: Window(n=n, unit="turns"))
days = st.integers(1, 400).map(lambda n: Window(n=n, unit="days"))
minutes = st.sampled_from([0.5, 1, 1.5, 10, 30, 45, 60, 90, 120, 600]).map(lambda n: Window(n=n, unit="minutes"))
few = st.integers(1, 9)

counts = st.one_of(
    st.builds(
        Count, of=codes, n=few, op=st.sampled_from([">=", ">", "==", "<=", "<"]), window=st.one_of(st.none(), turns, minutes),
        distinct=st.sampled_from(["", "topic"]), without=st.one_of(st.just([]), codes),
    ),
    st.builds(
        Count, of=codes, n=few, op=st.sampled_from([">=", ">", "=="]), window=days, per=st.sampled_from(["account", "rep"]),
        distinct=st.sampled_from(["", "conversation"]), without=st.one_of(st.just([]), codes),
    ),
)  # fmt: skip
rows = st.one_of(
    st.builds(Row, of=codes, n=st.integers(2, 9), reset_by=st.one_of(st.just([]), codes)),
    st.builds(
        Row, of=codes, n=st.integers(2, 9), opportunity=codes, within_turns=st.one_of(st.none(), few),
        reset_by=st.one_of(st.just([]), codes),
    ),
)  # fmt: skip
absents = st.one_of(
    st.builds(Absent, of=codes), st.builds(Absent, of=codes, until=st.sampled_from(["turn", "second"]), n=st.integers(1, 300))
)
nears = st.one_of(
    st.builds(
        Near, anchor=codes, side=st.sampled_from(["after", "before"]), of=codes, absent=st.booleans(),
        within=st.one_of(st.none(), turns, days, minutes),
    ),
    st.builds(
        Near, anchor=codes, side=st.just("before"), of=codes, absent=st.just(True), first_only=st.just(True),
        within=st.one_of(st.none(), turns),
    ),
    st.builds(Near, anchor=codes, side=st.just("around"), of=codes, absent=st.booleans(), within=st.one_of(turns, minutes)),
)  # fmt: skip
SIGNS = [">=", ">", "==", "<=", "<"]


def known(kind) -> st.SearchStrategy[Fact]:
    if kind.unit == "yesno":
        return st.builds(Fact, name=st.just(kind.name), op=st.just("=="), value=st.booleans(), unit=st.just("yesno"))
    number = st.integers(1, 99).map(lambda n: n / 100) if kind.unit == "share" else st.integers(1, 200_000).map(float)
    return st.builds(Fact, name=st.just(kind.name), op=st.sampled_from(SIGNS), value=number, unit=st.just(kind.unit))


facts = st.sampled_from(sorted(BOOK.facts.values(), key=lambda f: f.name)).flatmap(known)
weekdays = st.lists(st.integers(1, 7), min_size=1, max_size=7, unique=True).map(sorted)
clocks = st.one_of(
    st.builds(Clock, days=weekdays),
    st.builds(
        Clock, days=st.one_of(st.just([]), weekdays), from_minute=st.integers(0, 1439), to_minute=st.integers(1, 1440)
    ),
)  # fmt: skip
leaves = st.one_of(st.builds(Heard, events=codes), counts, rows, st.builds(First, of=codes), absents, nears, facts, clocks)
nodes = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(All, parts=st.lists(inner, min_size=2, max_size=3)),
        st.builds(Any, parts=st.lists(inner, min_size=2, max_size=3)),
        st.builds(Not, part=inner),
    ),
    max_leaves=5,
).map(normal)
within = st.sampled_from([None, 0, 90, 600, 1800, 7200, 86400, 5400])
actions = st.one_of(
    st.just(Action(layer="none")),
    st.builds(Action, layer=st.just("tip"), to=st.just("rep"), within_s=within),
    st.builds(Action, layer=st.just("alert"), to=st.just("manager"), within_s=within),
    st.builds(Action, layer=st.just("escalate"), to=st.sampled_from(["manager", "compliance"]), within_s=within),
    st.builds(Action, layer=st.just("intercept"), to=st.just("rep"), within_s=within),
)
rules = st.builds(
    Rule,
    when=nodes,
    then=st.lists(actions, min_size=1, max_size=3, unique_by=repr),
    unless=st.one_of(st.none(), st.none(), nodes),
)


@st.composite
def any_rule(draw: st.DrawFn) -> Rule:
    return draw(rules)


@st.composite
def any_node(draw: st.DrawFn) -> Node:
    return draw(nodes)


@settings(max_examples=80, deadline=None)
@given(any_rule())
def test_what_is_said_is_read_as_the_same_rule(rule):
    said = say(rule, BOOK)
    found = read(said, BOOK)
    if found.question is not None and found.question.kind == "too-long":
        assert said.count("且") + said.count("或") > MOST_JOINED
        assume(False)
    assert found.rule == rule, (said, found.question)
    assert found.said_back == said


@settings(max_examples=60, deadline=None)
@given(any_node())
def test_the_normal_form_is_its_own_normal_form(node):
    assert normal(node) == node


def test_every_event_and_every_word_for_several_can_be_named():
    for events in [*([code] for code in CODES), *SETS]:
        named = [word for word in cut(BOOK.label(events), BOOK) if word.kind == "EVENT"]
        assert [code for word in named for code in word.value] == events
