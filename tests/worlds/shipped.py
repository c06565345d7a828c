"""The lexicons as they are shipped, read once for all tests of a process: reading and indexing them takes seconds."""

from functools import cache

from edge_agent.assets import bundled
from edge_agent.lexicon.load import load
from edge_agent.lexicon.model import Lexicon
from edge_agent.tagging.tagger import RuleTagger


@cache
def lexicon() -> Lexicon:
    return load(bundled("lexicons"))


@cache
def tagger() -> RuleTagger:
    """Keeps nothing of a talk, so that tests may share it."""
    return RuleTagger(lexicon())
