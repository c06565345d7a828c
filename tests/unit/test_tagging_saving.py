"""A talk's state as bytes: whatever is none is refused, never taken in part or with values of another kind."""

from typing import Any

import msgspec
import pytest

from edge_agent.errors import BadInput
from edge_agent.tagging import saving

WRITTEN = msgspec.json.decode(saving.write([{}], {}))


def state(value: object) -> bytes:
    return msgspec.json.encode({**WRITTEN, "parts": [[["x", value]]]})


@pytest.mark.parametrize(
    "value",
    [
        [1], {}, {"a": 1, "b": 2}, {"nothing": []}, {"Speaker": "zz"}, {"Hit": 5}, {"Hit": "a"}, {"Hit": -1}, {"Utterance": 5},
        {"Utterance": [1, 2, "rep", 1.0, False, False, 1]}, {"Utterance": ["a", "b", "rep", 1.0, False, False]}, {"Turn": []},
        {"Turn": ["one", {"Speaker": "rep"}, 0, 1]}, {"Turn": [0, "rep", 0, 1]}, {"set": [{"list": []}]}, {"list": 3},
        {"Evidence": ["window", 5, 0, 0, 0, 0, 0, 0]},
    ],
)  # fmt: skip
def test_what_is_no_state_is_refused(value: object) -> None:
    with pytest.raises(BadInput) as found:
        saving.read(state(value), {}, parts=1)
    assert found.value.kind == "not-a-state"


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_what_is_no_number_is_not_written_as_nothing(value: float) -> None:
    with pytest.raises(BadInput):
        saving.write([{"x": [value]}], {})


class Rule:
    def __init__(self) -> None:
        self.count, self.open, self.last = 0, {}, None


@pytest.mark.parametrize("part", [{"count": "three"}, {"count": [3]}, {"open": []}, {"open": 3}, {"other": 1}])
def test_an_attribute_keeps_its_kind(part: dict[str, Any]) -> None:
    rule = Rule()
    with pytest.raises(BadInput):
        saving.put(rule, part)
    assert vars(rule) == vars(Rule())
    saving.put(rule, {"count": 3, "last": (1, 2)})
    assert (rule.count, rule.last) == (3, (1, 2))
