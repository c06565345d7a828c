"""The rules in business language as their writers work on them: checked, said back, tried on the past, tested on examples."""

from edge_agent.documents.base import Document
from edge_agent.documents.lexicon import FailedExample, LexiconProblem
from edge_agent.rulebook.questions import Question
from edge_agent.rulebook.tree import Rule


class RuleLine(Document, frozen=True, kw_only=True):
    """One rule that was understood. `judged`: in a `talk`, over `days` of a person, or `never`, and why."""

    rule: str
    enabled: bool
    kind: str
    layer: str
    said_back: str
    judged: str
    why: str


class RulesChecked(Document, frozen=True, kw_only=True):
    """`ok` without problems; those of the lexicons they stand on are named too."""

    ok: bool
    rules: list[RuleLine]
    problems: list[LexiconProblem]


class RuleExplained(Document, frozen=True, kw_only=True):
    """Either a tree and what it says, or a question that has to be answered first."""

    ok: bool
    tree: Rule | None
    said_back: str | None
    question: Question | None


class RuleFired(Document, frozen=True, kw_only=True):
    """A recording in which the rule would have fired, and how often."""

    recording: str
    times: int


class RuleRehearsed(Document, frozen=True, kw_only=True):
    """A rule run over the tags that are kept; nothing was written. `recordings`: those looked at, of the last `days`.

    `fired`: how often in all. `why`: the reason where it can never fire here. What only shows in words that brought no tag about
    (turns, the real end) is estimated: recordings count as ended, turns without a tag as alternating.
    """

    ok: bool
    said_back: str | None
    question: Question | None
    days: int
    recordings: int
    fired: int
    where: list[RuleFired]
    why: str


class RulesTested(Document, frozen=True, kw_only=True):
    """Every example of every event, extension and rule (those not enabled included).

    `inert`: events that cannot fire on this box. `skipped`: examples that nothing here can judge.
    """

    ok: bool
    events: int
    key_nodes: int
    rules: int
    examples: int
    passed: int
    failed: int
    skipped: int
    inert: int
    failures: list[FailedExample]
    problems: list[LexiconProblem]
