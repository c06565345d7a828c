"""Whatever a programme hands over as a touch document, it is taken or refused by its places, and nothing it holds comes back."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from touch_world import document, raw

from edge_agent.capture import touch
from edge_agent.errors import BadInput

NAMES = {"open_count": float, "dwell_s": float, "internal_viewer": bool}
SECRET = "王建国说太贵了"
KEYS = [*document(), "rep", "customer", "messages", "ended", "seen_at", "industry", "context", "own", "competitors", "at", SECRET]
texts = st.sampled_from([SECRET, f"x {SECRET}", "", "2026-11-20T09:30:00Z", "2026-11-20T09:31:00+08:00", "wechat", "rep", "file"])
plain = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.text(max_size=5)
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*KEYS, "from", "text", "basis", "kind"]), inner),
    max_leaves=12,
)


def check(content: bytes) -> None:
    try:
        found = touch.read(content, names=NAMES, pseudonym=lambda purpose, _: purpose)
    except BadInput as error:
        said = f"{error} {error.zh}"
        assert SECRET not in said
        assert "王" not in said
    else:
        sealed = touch.sealed(found.content)
        assert sealed.utterances is not None
        assert sorted(sealed.messages, key=lambda one: one.at_ms) == list(sealed.messages)
        assert all(0 <= one.at_ms <= 7 * 86_400_000 for one in sealed.messages)


@given(st.dictionaries(st.sampled_from(KEYS), values, max_size=4))
@settings(max_examples=200, deadline=None)
def test_a_document_with_anything_in_any_place(changes: dict[str, Any]) -> None:
    given_ = {**document(), **changes}
    check(json.dumps(given_, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_bytes_that_were_damaged(data: st.DataObject) -> None:
    message = {"at": "2026-11-20T09:31:00+08:00", "from": "customer", "text": SECRET}
    whole = bytearray(raw(document(messages=[message, message])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    check(bytes(whole))
