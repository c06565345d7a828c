"""The contract's exact bytes: what an older HQ or a foreign reader relies on must not move by one byte."""

import base64
import json
import sys
from pathlib import Path

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_sync import wire

HERE = Path(__file__).parent
FILES = sorted(path.name for path in HERE.iterdir() if path.suffix in {".json", ".zst"})
SIGNED = [name for name in FILES if name not in {"state.json", "health.json", "health-cameras.json"}]


def made() -> dict[str, bytes]:
    sys.path.insert(0, str(HERE))
    try:
        import make_golden
    finally:
        sys.path.remove(str(HERE))
    return make_golden.messages()


def test_every_message_is_still_written_to_the_same_bytes() -> None:
    now = made()
    assert sorted(now) == FILES
    for name in FILES:
        if name.endswith(".zst"):  # another zstd may pack differently; what is signed is what it unpacks to
            assert wire.unpack(now[name]) == wire.unpack((HERE / name).read_bytes())
        else:
            assert now[name] == (HERE / name).read_bytes(), name


@pytest.mark.parametrize("name", SIGNED)
def test_signature_holds_for_a_reader_that_knows_only_the_readme(name: str) -> None:
    payload = (HERE / name).read_bytes()
    if name.endswith(".zst"):
        payload = zstandard.decompress(payload)
    document = json.loads(payload)
    cut = payload.rindex(b',"signature":')
    key = bytes(range(32, 64)) if name in {"committed.json", "replay.json", "rebirth.json", "witness.json"} else bytes(range(32))
    public = Ed25519PrivateKey.from_private_bytes(key).public_key()
    public.verify(base64.b64decode(document["signature"]), payload[:cut] + b"}")


def test_packed_golden_message_opens() -> None:
    message = wire.open((HERE / "tags-packed.zst").read_bytes(), lambda *_: True)
    assert isinstance(message, wire.TagsEnvelope)
    assert len(message.data.tags) == 40
