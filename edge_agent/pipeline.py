"""START HERE. What happens to one recording, in four verbs, and what follows from several.

    take_in     a file arrives: seal it while reading it, make the seal durable, only then forget the original
    analyse     open what was sealed while it is hot: a call becomes a transcript and tags, a video a score and what it
                observed (of the floor only counts), a touch point that is no media (messages, what another system measured) tags
    commit      tags, outbox, lifecycle and audit in one ledger transaction
    close       destroy the device's own key to the media: from now on LEGAL and HR open it together, or nobody

    conclude    what follows over days from the talks of one person (counts, promises that were not kept), and over scans from
                what one place showed (a shelf that stays empty, and that it no longer is), as further tags

Each verb ends in a durable state of the ledger (captured -> sealed -> analysed -> closed), so after a power cut `advance`
goes on from there. Sentences live only in the vault: the transcript is sealed like the audio, the ledger holds codes and
offsets. The engines in `Kit` implement `ports` and know nothing of each other; `app` builds them.

No verb understands a recording without a consent record (`domain.consent` decides, before each analysis anew). Without one it
lies sealed and parked, with the box's own way in, until a record comes late or `retention` shreds it. A call that says of itself
that it was announced (`spoken`) is transcribed and tagged in memory; what does not hold is forgotten, and it is parked too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from edge_agent import log
from edge_agent.domain import consent
from edge_agent.domain.consent import Policy
from edge_agent.domain.notes import Notes
from edge_agent.domain.recording import Circumstances, Consent, Kind, Recording, State
from edge_agent.domain.tags import Conversation
from edge_agent.domain.touch import MODEL, Touch
from edge_agent.domain.transcript import Transcript
from edge_agent.errors import BadInput, LedgerBroken, NoConsent, NotAllowed, Unavailable
from edge_agent.ids import new_id
from edge_agent.ports import (
    Analysis,
    Arrival,
    Clock,
    FloorPlans,
    FloorScorer,
    Historian,
    Ledger,
    Notetaker,
    Planograms,
    Reviewer,
    ShelfScorer,
    Tagger,
    Transcriber,
    Vault,
    Watch,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """Everything the four verbs need, behind Protocols."""

    vault: Vault
    ledger: Ledger
    transcriber: Transcriber
    notetaker: Notetaker
    tagger: Tagger
    reviewer: Reviewer
    shelf: ShelfScorer
    planograms: Planograms
    floor: FloorScorer
    floor_plans: FloorPlans
    clock: Clock
    historian: Historian | None = None
    """None: nothing is judged over days."""
    watch: Watch | None = None
    """None: nothing is judged over scans."""
    hot_for: timedelta = timedelta(0)
    policy: Policy = field(default_factory=Policy)
    listens: Callable[[Recording], bool] = lambda _: False
    """Whether another process that listens or watches now may be sealing this recording: then it is its own (see `locks`)."""


def take_in(kit: Kit, arrival: Arrival, *, under: str = "") -> Recording:
    """Seal one arrival and forget the plain file. Nothing is unlinked before its seal is on the disk. `under`: its id, a new one.

    Raises:
        BadInput: the sidecar breaks its schema (the file stays), or the content is a repeat (it lies sealed in `rejected/`).
    """
    circumstances = arrival.circumstances()
    recording = Recording(
        id=under or new_id(), state=State.CAPTURED, circumstances=circumstances, digest="", size_bytes=0,
        captured_at=kit.clock.now(),
    )  # fmt: skip
    kit.ledger.captured(recording)
    try:
        sealed = kit.vault.seal(recording.id, arrival.chunks(), retention=circumstances.kind.value)
    except BadInput as error:
        kit.ledger.moved(recording.id, State.REJECTED, reason=error.kind)
        raise
    repeated = _repeats(kit, recording, sealed.digest)
    kit.ledger.sealed(recording.id, sealed)
    arrival.discard()
    if repeated is not None:
        reject(kit, recording, repeated)
        raise repeated
    waits = unconsented(kit, recording)
    if waits:
        kit.ledger.parked(recording.id, waits)
    return replace(recording, state=State.SEALED, digest=sealed.digest, size_bytes=sealed.plain_bytes, parked=waits)


def unconsented(kit: Kit, recording: Recording) -> str:
    """Why the recording may not be analysed now, as a code; empty when it may."""
    standing = kit.ledger.standing(recording)
    return consent.refusal(kit.policy, recording.circumstances, standing, now=kit.clock.now()) or ""


def analyse(kit: Kit, recording: Recording) -> Analysis:
    """Read the sealed media from its decrypting stream, in RAM only, and find what happened in it.

    Raises:
        BadInput: what was delivered is not usable media; the caller rejects the recording.
        NoConsent: the call was to hold its own notice and does not; nothing of what was understood is kept.
    """
    return _UNDERSTAND[recording.circumstances.kind](kit, recording)


def listen(kit: Kit, recording: Recording) -> Analysis:
    """A call: transcript -> notes and tags. The transcript and its notes go into the vault, closed at once."""
    around = recording.circumstances
    with kit.vault.open_hot(recording.id) as media:
        transcript = kit.transcriber.transcribe(media, channels=around.channels, terms=kit.tagger.terms(around))
    talk = _talk(around, transcript)
    tags = kit.tagger.tag(talk)
    notes = kit.notetaker.note(transcript, started_at=around.started_at)
    waits = consent.unheard(kit.policy, tags) if around.consent is Consent.SPOKEN else None
    if waits is not None:
        raise NoConsent(waits, f"recording {recording.id}: its consent is not heard in it", zh="录音中没有听到有效的告知或同意")
    return Analysis(
        ruleset=kit.tagger.ruleset, models=(f"{transcript.model}@{transcript.model_digest}",), tags=tags,
        duration_ms=transcript.duration_ms, doubtful=transcript.doubtful, utterances=len(transcript.utterances),
        metrics=notes.metrics, insights=kit.reviewer.review(talk, tags, notes),
        transcript_object=_keep(kit, written(transcript, notes), "transcript"),
    )  # fmt: skip


def look(kit: Kit, recording: Recording) -> Analysis:
    """A shelf video: per-slot readings -> scores and observations, from which tags follow over scans (`conclude`).

    The evidence picture goes into the vault, closed at once.
    """
    around = recording.circumstances
    plan = kit.planograms.load(around.bay)
    with kit.vault.open_hot(recording.id) as media:
        found = kit.shelf.score(media, plan, view=around.view)
    return Analysis(
        ruleset=kit.tagger.ruleset, models=(found.score.model_digest,), tags=(), score=found.score,
        duration_ms=found.score.duration_ms, picture_object=_keep(kit, found.picture, "picture"), observations=found.observations,
    )  # fmt: skip


def survey(kit: Kit, recording: Recording) -> Analysis:
    """A floor video: counts per zone and minute, suppressed where they are small. The heat map goes into the vault, closed."""
    around = recording.circumstances
    plan = kit.floor_plans.load(around.floor)
    with kit.vault.open_hot(recording.id) as media:
        found = kit.floor.score(media, plan, around.started_at)
    return Analysis(
        ruleset=kit.tagger.ruleset, models=(found.score.model_digest,), tags=(), floor=found.score,
        duration_ms=found.score.duration_ms, picture_object=_keep(kit, found.picture, "picture"), observations=found.observations,
    )  # fmt: skip


def read(kit: Kit, recording: Recording) -> Analysis:
    """A touch: its messages are a transcript in which nothing was misheard and no time is measured; its facts are judged too."""
    around = recording.circumstances
    with kit.vault.open_hot(recording.id) as content:
        touch = touched(content.read())
    written_down = Transcript(
        model=MODEL, model_digest="", duration_ms=touch.duration_ms, rtf=0.0, utterances=touch.utterances
    )  # fmt: skip
    talk = replace(_talk(around, written_down), ended=touch.over, facts=touch.facts)
    tags = kit.tagger.tag(talk)
    notes = replace(kit.notetaker.note(written_down, started_at=around.started_at), metrics=None)
    return Analysis(
        ruleset=kit.tagger.ruleset, models=(), tags=tags, duration_ms=touch.duration_ms, utterances=len(touch.utterances),
        facts=touch.facts, insights=kit.reviewer.review(talk, tags, notes) if touch.utterances else None,
        transcript_object=_keep(kit, written(written_down, notes), "transcript") if touch.utterances else "",
    )  # fmt: skip


_UNDERSTAND: Final = {Kind.CALL: listen, Kind.SHELF: look, Kind.FLOOR: survey, Kind.CHANNEL: read}


def commit(kit: Kit, recording: Recording, analysis: Analysis) -> Recording:
    """One transaction: tags, outbox, lifecycle, audit. A second commit of the same ruleset changes nothing.

    Raises:
        NotAllowed: it is being shredded, or (NoConsent) somebody withdrew meanwhile; what the analysis had sealed is shredded.
    """
    try:
        kit.ledger.analysed(recording.id, analysis)
    except NotAllowed:
        kit.vault.shred([one for one in (analysis.transcript_object, analysis.picture_object) if one])
        raise
    return replace(recording, state=State.ANALYSED)


def conclude(kit: Kit) -> None:
    """Judge the histories and places that an analysis or the time has changed; also a duty: a kill leaves nothing undone.

    What nobody foresaw is said and left to the duty: it is no fault of the recording that was analysed just before.
    """
    try:
        kit.ledger.judge(kit.historian)
        kit.ledger.watch(kit.watch)
    except (LedgerBroken, Unavailable):
        raise
    except Exception as error:  # noqa: BLE001 - the recording is analysed and stays so
        log.get().error("history.failed", error=type(error).__name__)


def close(kit: Kit, recording: Recording) -> Recording:
    """Burn the device's way in. Idempotent, and before the ledger says `closed` it is."""
    kit.vault.close(recording.id)
    kit.ledger.moved(recording.id, State.CLOSED)
    return replace(recording, state=State.CLOSED)


def reject(kit: Kit, recording: Recording, error: BadInput) -> Recording:
    """Unusable content: kept sealed in `rejected/` under its generated id, never analysed."""
    kit.vault.reject(recording.id)
    kit.ledger.moved(recording.id, State.REJECTED, reason=error.kind)
    log.get().info("recording.rejected", recording=recording.id, reason=error.kind)
    return replace(recording, state=State.REJECTED)


def advance(kit: Kit, recording: Recording) -> Recording:
    """Take an unfinished recording as far as it can go now; safe to call again after any interruption.

    Raises:
        BadInput: after the recording was rejected, so that a caller can say why.
    """
    fresh = False
    if recording.state is State.CAPTURED:
        if kit.listens(recording):
            return recording  # it is being heard and sealed just now
        recording = kit.ledger.recording(recording.id)  # after the question: whoever listened may have ended before it
        return _resumed(kit, recording) if recording.state is State.CAPTURED else recording
    if recording.state is State.SEALED:
        repeated = _repeats(kit, recording, recording.digest)
        if repeated is not None:
            # Two kills: before the first copy was unlinked, and before the second was rejected. It must not count twice.
            return reject(kit, recording, repeated)
        waits = unconsented(kit, recording)
        if waits:
            return _wait(kit, recording, waits)
        try:
            recording = commit(kit, recording, analyse(kit, recording))
        except BadInput as error:
            reject(kit, recording, error)
            raise
        except NoConsent as error:
            return _wait(kit, recording, error.reason)
        fresh = True
    if recording.state is State.ANALYSED and kit.clock.now() - recording.captured_at >= kit.hot_for:
        recording = close(kit, recording)
    if fresh:
        conclude(kit)
    return recording


def _resumed(kit: Kit, recording: Recording) -> Recording:
    """Taking it in was interrupted. What was durably sealed by then is kept, the rest is rejected; its analysis is another step.

    A plain file that still lies in the inbox is taken in anew: if this one was sealed, as a repeat of it. If the file was first,
    this one is the repeat, and is rejected before the ledger calls it sealed, so that a kill in between makes it count no more.
    """
    sealed = kit.vault.recalled(recording.id)
    if sealed is None:
        return reject(kit, recording, BadInput("interrupted", "taking in was interrupted"))
    repeated = _repeats(kit, recording, sealed.digest)
    if repeated is not None:
        return reject(kit, recording, repeated)
    kit.ledger.sealed(recording.id, sealed)
    log.get().info("recording.resumed", recording=recording.id)
    return replace(recording, state=State.SEALED, digest=sealed.digest, size_bytes=sealed.plain_bytes)


def _wait(kit: Kit, recording: Recording, reason: str) -> Recording:
    """Sealed, not analysed, out of the worker's way: a record that comes late or the end of its grace moves it."""
    if recording.parked != reason:
        kit.ledger.parked(recording.id, reason)
        log.get().info("recording.parked", recording=recording.id, reason=reason)
    return replace(recording, parked=reason)


def _repeats(kit: Kit, recording: Recording, digest: str) -> BadInput | None:
    """Why it must not count: it was taken in before, or something else was under the id that its sender gave it."""
    twin = kit.ledger.seen_before(digest)
    if twin not in {None, recording.id}:
        return BadInput("duplicate", f"same content as recording {twin}", remedy="nothing to do", zh="该文件已经处理过")
    reference = recording.circumstances.reference
    namesake = kit.ledger.sent_before(reference) if reference else None
    if namesake not in {None, recording.id}:
        return BadInput(
            "other-content", f"recording {namesake} came under the same id with other content",
            remedy="give a corrected document an id of its own", zh="该编号已用于内容不同的触点，请换一个编号",
        )  # fmt: skip
    return None


def _talk(around: Circumstances, transcript: Transcript) -> Conversation:
    return Conversation(
        utterances=transcript.utterances, duration_ms=transcript.duration_ms, channel=around.channel,
        industry=around.industry, context=around.context, own=around.own, competitors=around.competitors,
        started_at=around.started_at,
    )  # fmt: skip


def _keep(kit: Kit, content: bytes, retention: str) -> str:
    object_id = new_id()
    kit.vault.seal(object_id, iter((content,)), retention=retention)
    kit.vault.close(object_id)
    return object_id


def written(transcript: Transcript, notes: Notes) -> bytes:
    """The transcript and its notes as they are sealed: JSON, UTF-8, one document."""
    import msgspec  # noqa: PLC0415 - the verbs above need no library

    return msgspec.json.encode(msgspec.to_builtins(transcript) | {"notes": notes})


def reread(content: bytes) -> Transcript:
    """A transcript as it was sealed; BadInput for what is none."""
    import msgspec  # noqa: PLC0415

    try:
        return msgspec.convert(msgspec.json.decode(content), Transcript, strict=False)
    except msgspec.MsgspecError:
        raise BadInput("transcript", "what was sealed is no transcript of this release", zh="文字稿无法读取") from None


def touched(content: bytes) -> Touch:
    """A touch as it was sealed; BadInput for what is none any more (an older release's)."""
    import msgspec  # noqa: PLC0415

    try:
        return msgspec.json.decode(content, type=Touch)
    except msgspec.MsgspecError:
        raise BadInput("touch", "what was sealed is no touch document of this release", zh="触点内容无法读取") from None
