"""The bench tools: one file in, one document out, nothing stored. They may print text, since their caller gave them the file."""

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from edge_agent import answers, app, cards, documents, facts, privilege
from edge_agent.config import Config
from edge_agent.config import Insights as Switches
from edge_agent.documents import (
    ChangeLine,
    FactsOfLine,
    FactsOfLines,
    Findings,
    Found,
    OpportunityCard,
    PriceTagLine,
    PriceTags,
    ScorecardLine,
    ShelfCompared,
    ShelfLine,
    Transcription,
    Utterance,
)
from edge_agent.domain import transcript as talk
from edge_agent.domain.notes import Fact
from edge_agent.domain.observation import Scanned
from edge_agent.domain.recording import Circumstances, Consent, Kind, View
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import LOW_CONFIDENCE, Speaker, Transcript
from edge_agent.errors import BadInput

if TYPE_CHECKING:
    from edge_agent.domain.insights import Insights
    from edge_agent.domain.planogram import Planogram
    from edge_agent.lexicon.model import Lexicon
    from edge_agent.ports import ShelfFindings


class _Turn(msgspec.Struct, forbid_unknown_fields=True):
    speaker: Speaker
    start_ms: int
    end_ms: int
    text: str
    backchannel: bool = False


class Dialogue(msgspec.Struct):
    """A dialogue file: facts about the talk and its turns. Keys that are not ours (gold labels, notes) are left alone."""

    turn: list[_Turn] = []
    id: str = ""
    industry: str = ""
    channel: str = "call"
    context: list[str] = []
    own: list[str] = []
    competitors: list[str] = []


def transcribe(
    settings: Config, file: Path, *, channels: tuple[str, ...] = ("rep", "customer"), industry: str = "", mask: bool = False
) -> Transcription:
    """Recognise one file. BadInput names what is wrong with it; MissingAsset the model that is not installed.

    `mask`: what identifies a person is hidden, wherever it stands; corrections, whose places are the text's, are left out.
    """
    around = _around(Dialogue(industry=industry), tuple(_speaker(name) for name in channels))
    found = _recognised(settings, file, around)
    notes = app.Notepad(settings).note(found, started_at=around.started_at)
    if mask:
        found, notes = facts.masked(found, notes)
    return Transcription(
        model=found.model,
        duration_ms=found.duration_ms,
        rtf=round(found.rtf, 4),
        utterances=[
            Utterance(
                start_ms=one.start_ms,
                end_ms=one.end_ms,
                speaker=one.speaker.value,
                text=one.text,
                confidence=round(one.confidence, 4),
                doubtful=one.confidence < LOW_CONFIDENCE,
                raw=one.raw,
                normalised=one.normalised,
                overlapped=one.overlapped,
                voice=one.voice,
                corrections=[documents.Correction(**dataclasses.asdict(put_right)) for put_right in one.corrections],
            )
            for one in found.utterances
        ],
        quality=documents.TextQuality(
            draft=found.quality.draft, reasons=list(found.quality.reasons), snr_db=found.quality.snr_db,
            band_hz=found.quality.band_hz, logprob=found.quality.logprob, left_out_ms=found.quality.left_out_ms,
        ),
        separation=documents.Separation(
            way=found.separation.way.value, voices=found.separation.voices, reason=found.separation.reason,
            same_sound=found.separation.same_sound,
        ),
        facts=[fact_line(one) for one in notes.facts],
        metrics=None if notes.metrics is None else answers.talk_metrics(notes.metrics),
    )  # fmt: skip


def facts_of(lines: Iterable[str], at: datetime, *, mask: bool = False) -> FactsOfLines:
    """The facts of each line, one utterance a line; days count from the local moment `at`."""
    return FactsOfLines(at=at.isoformat(), lines=[_facts_line(line.rstrip("\r\n"), at, mask=mask) for line in lines])


def _facts_line(text: str, at: datetime, *, mask: bool) -> FactsOfLine:
    found = tuple(facts.find(text, at))
    if mask:
        text, found = facts.hide(text, found)
    return FactsOfLine(text=text, normalised=facts.in_digits(text), facts=[fact_line(one) for one in found])


def fact_line(one: Fact) -> documents.FactLine:
    return documents.FactLine(
        kind=one.kind.value, value=one.value, unit=one.unit, utterance=one.utterance, char_start=one.char_start,
        char_end=one.char_end, confidence=round(one.confidence, 4),
    )  # fmt: skip


def tag(settings: Config, file: Path, *, sidecar: Path | None = None) -> Findings:
    """Tag a dialogue file, or a recording (stereo = left rep, right customer) with the facts of `sidecar`."""
    talk, _ = _talk(settings, file, sidecar)
    return Findings(tags=[found_line(one) for one in app.tagger(settings).tag(talk)])


def why_not(settings: Config, file: Path, code: str, *, sidecar: Path | None = None) -> documents.WhyNot:
    """Why the same file does not bring an event about; NotFound when there is no such event."""
    rules = app.tagger(settings)
    event = answers.event_of(rules, code)
    talk, _ = _talk(settings, file, sidecar)
    tags = rules.tag(talk)
    return answers.not_so(event, rules.why_not_of(event, talk, tags), basis="text", fired=any(one.code == code for one in tags))


def scores_of(settings: Config, file: Path, *, at: datetime, wanted: Sequence[str] = ()) -> list[ScorecardLine]:
    """The wanted scorecards (by default the configured ones) of a dialogue or a recording that began at `at`. BadConfig."""
    on = settings.insights
    found, lexicon = _reviewed(settings, file, at, msgspec.structs.replace(on, scorecards=list(wanted) or on.scorecards))
    return [cards.scorecard(lexicon, one) for one in found.scorecards]


def card_of(settings: Config, file: Path, *, at: datetime) -> OpportunityCard:
    """The opportunity card of a dialogue or a recording that began at `at`."""
    found, lexicon = _reviewed(settings, file, at, msgspec.structs.replace(settings.insights, card=True, scorecards=[]))
    return cards.opportunity(lexicon, found.card)


def _reviewed(settings: Config, file: Path, at: datetime, switches: Switches) -> "tuple[Insights, Lexicon]":
    rules = app.tagger(settings)
    reviewer = app.reviewer(msgspec.structs.replace(settings, insights=switches), rules)
    talk, heard = _talk(settings, file, None, at)
    notes = app.Notepad(settings).note(heard, started_at=at)
    return reviewer.review(talk, rules.tag(talk), notes), rules.lexicon


def _talk(settings: Config, file: Path, sidecar: Path | None, at: datetime | None = None) -> tuple[Conversation, Transcript]:
    """What a dialogue file or a recording says, as the tagger reads it and as a transcript."""
    if file.suffix == ".toml":
        said = dialogue(file)
        utterances = tuple(
            talk.Utterance(
                start_ms=one.start_ms, end_ms=one.end_ms, speaker=one.speaker, text=one.text, backchannel=one.backchannel
            )
            for one in said.turn
        )
        found = Transcript(
            model="",
            model_digest="",
            duration_ms=max((one.end_ms for one in utterances), default=0),
            rtf=0.0,
            utterances=utterances,
        )
    else:
        said = dialogue(sidecar) if sidecar else Dialogue()
        found = _recognised(settings, file, _around(said, (Speaker.REP, Speaker.CUSTOMER)))
    return Conversation(
        utterances=found.utterances, duration_ms=found.duration_ms, channel=said.channel, industry=said.industry,
        context=frozenset(said.context), own=tuple(said.own), competitors=tuple(said.competitors), started_at=at,
    ), found  # fmt: skip


def found_line(one: BehaviorTag) -> Found:
    return Found(
        code=one.code,
        turn=one.turn,
        start_ms=one.start_ms,
        end_ms=one.end_ms,
        speaker=one.speaker.value,
        confidence=round(one.confidence, 4),
        why=[f"{held.kind}:{held.detail}" for held in one.evidence],
        status=one.status.value,
    )


def dialogue(file: Path) -> Dialogue:
    """Read a dialogue file; BadInput "dialogue" names the key that is wrong."""
    try:
        with privilege.raised():
            content = file.read_bytes()
        return msgspec.toml.decode(content, type=Dialogue)
    except OSError as error:
        raise BadInput("unreadable", f"the dialogue file cannot be read ({error.strerror})", remedy="check the path") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        place = str(error).rpartition("`")[0].rpartition("`")[2] if isinstance(error, msgspec.ValidationError) else "not TOML"
        raise BadInput("dialogue", f"the dialogue file is not one ({place})", remedy="see `edge-agent tag --help`") from error


def shelf_score(settings: Config, video: Path, bay: Path, view: View = View.FIXED) -> tuple[ShelfLine, bytes]:
    """Score one video against a bay's plan (its file, or the bay's name for the one in force); document and evidence (PNG)."""
    plan = bay_plan(settings, bay)
    with _opened(video) as media:
        found = app.Shelf(settings).score(media, plan, view=view)
    return _shelf_line(settings, plan, found), found.picture


def bay_plan(settings: Config, bay: Path) -> "Planogram":
    """The plan in this file; what is no file is a bay, whose plan in force it is."""
    from edge_agent.shelf.setup.bay import load  # noqa: PLC0415

    with privilege.raised():
        if bay.name != str(bay) or bay.suffix == ".toml" or bay.is_file():
            return load(bay)
    return app.Bays(settings).load(str(bay))


def _shelf_line(settings: Config, plan: "Planogram", found: "ShelfFindings") -> ShelfLine:
    """A scan's score and what the watch makes of it alone."""
    scanned = Scanned(recording="here", place=plan.bay, began_at=app.SystemClock().now(), observations=found.observations)
    tags = app.watch(settings, app.tagger(settings)).seen(scanned)
    return answers.shelf_line(found.score, plan, list(tags))


def shelf_compare(settings: Config, before: Path, after: Path, bay: Path, view: View = View.FIXED) -> tuple[ShelfCompared, bytes]:
    """Score two videos of one bay; what changed between them, and both as one picture (PNG)."""
    from edge_agent.shelf.pictures import compare  # noqa: PLC0415

    plan = bay_plan(settings, bay)
    engine = app.Shelf(settings)
    found: list[ShelfFindings] = []
    for video in (before, after):
        with _opened(video) as media:
            found.append(engine.score(media, plan, view=view))
    first, second = found
    changed = compare.changes(plan, first.score.readings, second.score.readings)
    picture = compare.draw(plan, (first.picture, second.picture), changed)
    return ShelfCompared(
        before=_shelf_line(settings, plan, first),
        after=_shelf_line(settings, plan, second),
        changes=[
            ChangeLine(
                slot=one.slot.id, sku=one.slot.sku, seen_before=one.before.seen.value, seen_after=one.after.seen.value,
                sku_before=one.before.sku, sku_after=one.after.sku, price_before=one.before.price, price_after=one.after.price,
            )
            for one in changed
        ],
    ), picture  # fmt: skip


def floor_score(settings: Config, video: Path, floor: Path) -> tuple[documents.FloorLine, bytes, str]:
    """Count one video against a floor plan; the document and the heat map (PNG and SVG)."""
    from edge_agent.shelf.floor import heat  # noqa: PLC0415
    from edge_agent.shelf.floor.plan import load  # noqa: PLC0415

    with privilege.raised():
        plan = load(floor)
    with _opened(video) as media:
        found = app.Floor(settings).score(media, plan, app.SystemClock().now())
    line = answers.floor_line(found.score, {zone.id: zone.name for zone in plan.zones})
    return line, found.picture, heat.svg(plan, found.score)


def price_tags(settings: Config, image: Path) -> PriceTags:
    """Every price tag found on one photo."""
    with _opened(image) as media:
        readings = app.Shelf(settings).read_tags(media)
    return PriceTags(
        tags=[
            PriceTagLine(
                box=[round(x, 4) for x in one.box], price=one.price, text=list(one.text), confidence=round(one.confidence, 4)
            )
            for one in readings
        ]
    )


def _around(said: Dialogue, channels: tuple[Speaker, ...]) -> Circumstances:
    return Circumstances(
        kind=Kind.CALL,
        started_at=app.SystemClock().now(),
        consent=Consent.NONE,
        channels=channels,
        industry=said.industry,
        channel=said.channel,
        context=frozenset(said.context),
        own=tuple(said.own),
        competitors=tuple(said.competitors),
    )


def _recognised(settings: Config, file: Path, around: Circumstances) -> Transcript:
    with _opened(file) as media:
        return app.Speech(settings).transcribe(media, channels=around.channels, terms=app.tagger(settings).terms(around))


def _speaker(name: str) -> Speaker:
    try:
        return Speaker(name.strip())
    except ValueError as error:
        raise BadInput(
            "channels", "a channel is rep, customer or unknown", remedy="for example --channels rep,customer"
        ) from error


@privilege.raised()
def _opened(file: Path) -> Any:
    try:
        if not file.is_file():
            raise BadInput("not-a-file", "not a regular file", remedy="give the path of one file", zh="不是普通文件")
        return file.open("rb")
    except (OSError, ValueError) as error:
        raise BadInput(
            "unreadable", "the file cannot be read", remedy="check the path and its rights", zh="文件无法读取"
        ) from error
