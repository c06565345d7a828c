"""Every example of every event, with every difference: nothing moves. Half a minute."""

import json

import pytest

from edge_agent.assets import bundled
from edge_agent.tagging.probes import probe
from edge_agent.tagging.tagger import RuleTagger

pytestmark = pytest.mark.bench


def test_nothing_moves_in_the_whole_catalogue() -> None:
    found = probe(RuleTagger.load(bundled("lexicons")))
    print(json.dumps({"bench": "ethics", "examples": found.examples, "compared": found.tried, "moved": len(found.moved)}))
    assert found.moved == ()
    assert found.examples > 2_000
    assert min(found.tried.values()) > 1_000
