"""What was concluded of a recording later: further tags under an entry of their own, `<ruleset>+<number>`, like an analysis.

HQ is told of them under the plain ruleset. Nothing new is said where consent was taken back, and nothing that a contest took
back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec

from edge_agent.domain.consent import taken_back
from edge_agent.domain.recording import State
from edge_agent.domain.tags import BehaviorTag, Status
from edge_agent.ledger import consents, envelopes, findings, lifecycle
from edge_agent.ledger.database import Transaction
from edge_agent.ledger.outbox import Outbox
from edge_agent.ledger.writer import Writer
from edge_agent.ports import Analysis


def write(
    tx: Transaction, writer: Writer, outbox: Outbox, recording_id: str, tags: Iterable[BehaviorTag], *, ruleset: str, leaf: str
) -> Sequence[BehaviorTag]:
    """The tags of one recording with their outbox rows and their leaf (of kind `leaf`); returns those that were written."""
    recording = lifecycle.get(tx, recording_id)
    silent = taken_back(consents.standing(tx, recording)) is not None or recording.state is State.REJECTED
    said = findings.allowed(tx, recording_id, (tag for tag in tags if not silent or tag.status is Status.WITHDRAWN))
    if not said:
        return ()
    rows = tx.execute("SELECT ruleset, models FROM analyses WHERE recording = ? ORDER BY id DESC", (recording_id,)).fetchall()
    models = msgspec.json.decode(rows[0][1], type=tuple[str, ...])
    plain = Analysis(ruleset=ruleset, models=models, tags=said)
    number = sum(one.startswith(f"{ruleset}{findings.LATER}") for one, _ in rows) + 1
    entry = replace(plain, ruleset=f"{ruleset}{findings.LATER}{number}")
    analysis, kept = findings.add(tx, recording_id, entry, at=writer.now(), over="nothing")
    sent = [outbox.put(tx, rank, build) for rank, build in envelopes.of_analysis(writer.terms, recording, plain, kept)]
    writer.chain.append(
        tx, leaf, recording=recording_id, analysis=analysis, ruleset=ruleset, tags=len(kept),
        findings=findings.digest(tx, analysis), rows=[{"seq": seq, "sha256": digest} for seq, digest in sent],
    )  # fmt: skip
    return kept
