"""Writes the message shown in README.md: `python tests/samples/make_readme.py`.

The message is the real one: one sentence goes through the tagger and the ledger, and the outbox row is printed. Only what is
random by nature (epoch, signature) is replaced, by words that say what stands there. A test runs `message` and compares.
"""

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.assets import bundled
from edge_agent.domain.recording import Circumstances, Consent, Kind, Recording, State
from edge_agent.domain.tags import Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.ledger.book import SqliteLedger
from edge_agent.ledger.uplink import OutboxReader
from edge_agent.ports import Analysis, Sealed
from edge_agent.tagging.tagger import RuleTagger

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- wire:begin -->", "<!-- wire:end -->"
AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
SAID = (Utterance(start_ms=45_200, end_ms=48_100, speaker=Speaker.REP, text="年底我个人再给您返三个点。", confidence=0.93),)


class _Clock:
    def now(self) -> datetime:
        return AT


def message() -> str:
    """The signed envelope of one short call, as indented JSON."""
    ids = (f"01939ae0-0000-7000-8000-{n:012d}" for n in range(1000))
    tagger = RuleTagger(RuleTagger.load(bundled("lexicons")).lexicon, make_id=lambda: next(ids))
    around = Circumstances(
        kind=Kind.CALL, started_at=AT, consent=Consent.NOTICE, channels=(Speaker.REP, Speaker.CUSTOMER), industry="fmcg"
    )
    recording = next(ids)
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        ledger = SqliteLedger.open(path, gateway="store-0571-01", tenant="acme", sign=key.sign, clock=_Clock())
        ledger.captured(
            Recording(id=recording, state=State.CAPTURED, circumstances=around, digest="", size_bytes=0, captured_at=AT)
        )
        ledger.sealed(recording, Sealed(object_id=recording, digest="d" * 64, plain_bytes=1, sealed_bytes=1, sha256="5" * 64))
        tags = tagger.tag(Conversation(utterances=SAID, duration_ms=60_000, industry="fmcg"))
        ledger.analysed(
            recording, Analysis(ruleset=tagger.ruleset, models=("whisper-base@" + "0" * 64,), tags=tags, duration_ms=60_000)
        )
        reader = OutboxReader(path, path)
        (row,) = reader.after(0, 10)
        epoch = reader.epoch()
        reader.close()
        ledger.close()
    from edge_sync import wire

    text = wire.unpack(row.payload).decode()
    shown = json.loads(text)
    shown["id"] = shown["id"].replace(epoch, "{epoch}")
    shown["signature"] = "{Ed25519 over the bytes before this member, base64}"
    shown["data"]["models"] = ["whisper-base@{sha256 of its files}"]
    return json.dumps(shown, indent=1, ensure_ascii=False)


def block() -> str:
    return f"{BEGIN}\n```json\n{message()}\n```\n{END}"


def main() -> None:
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    README.write_text(before + block() + after, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
