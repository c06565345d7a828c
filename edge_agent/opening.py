"""Opening one recording with two persons: the box's side of it (see `request`, `release`, `unseal`, `window` in the vault).

    request   a manager's signed intent (or, where no manager is enrolled, the box) becomes a request for both officers
    open      both releases start a window of some minutes; `view` writes the content while it lasts, a transcript or a touch
              masked; `why_not` reads it in memory and gives reasons alone; `end` ends it early
    unseal    open, view once and end, in one step and without a window
    receipts  what the requester and both officers are told afterwards

Every act is in the audit log before anything is written, and so is every attempt that is refused, with a reason code.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_agent import answers, app, facts, ids, pipeline
from edge_agent.config import Config
from edge_agent.documents import (
    Managers,
    OpeningEnded,
    OpeningRecord,
    Openings,
    OpeningViewed,
    Receipts,
    Released,
    Requested,
    WhyNot,
    WindowOpened,
)
from edge_agent.domain.tags import Conversation
from edge_agent.errors import NotAllowed, NotFound, SealBroken

if TYPE_CHECKING:
    from edge_agent.ledger.book import SqliteLedger
    from edge_agent.ledger.openings import OpeningRow
    from edge_agent.vault.device import DeviceVault
    from edge_agent.vault.request import Asked
    from edge_agent.vault.unseal import Opening


_MASKS: Final = {"transcript": facts.masked_document, "channel": facts.masked_touch}
"""What hides persons in an object's content, by what it holds."""


def request(settings: Config, object_id: str, *, purpose: str, hours: float, output: Path, minutes: int = 30) -> Requested:
    """Write the box's own request for one object, for both officers. NotFound, SealBroken, BadInput, NotAllowed."""
    from edge_agent.vault import handed  # noqa: PLC0415
    from edge_agent.vault import request as requests  # noqa: PLC0415

    handed.check_free(output)
    with _box(settings) as (vault, ledger), _watched(ledger, "request", object_id):
        now = app.SystemClock().now()
        asked = requests.ask(vault, object_id, purpose=purpose, hours=hours, minutes=minutes, now=now)
        return _requested(vault, ledger, asked, output)


def request_for(settings: Config, intent: Path, *, output: Path) -> Requested:
    """Write the request that a manager's signed intent asks for. NotFound, SealBroken, BadInput, NotAllowed."""
    from edge_agent.vault import handed  # noqa: PLC0415
    from edge_agent.vault import intent as intents  # noqa: PLC0415
    from edge_agent.vault import request as requests  # noqa: PLC0415

    document = handed.take(intent, "intent")
    handed.check_free(output)
    with _box(settings) as (vault, ledger):
        with _watched(ledger, "request"):
            said = intents.read(document)
        with _watched(ledger, "request", said.object, said.id):
            asked = requests.ask_for(vault, document, now=app.SystemClock().now())
            return _requested(vault, ledger, asked, output)


def open_(settings: Config, request_id: str, *, shares: Sequence[Path]) -> WindowOpened:
    """Start the window of a request with LEGAL's and HR's releases. NotAllowed, SealBroken, BadInput, NotFound."""
    from edge_agent.vault import window  # noqa: PLC0415

    documents = _taken(shares)
    with _box(settings) as (vault, ledger), _watched(ledger, "open", request_id=request_id):
        row = ledger.opening(request_id)
        opened = _combined(vault, ledger, row.object, documents)
        if opened.request_id != request_id:
            raise NotAllowed(
                "the shares are for another request", remedy="open the request they were released for", zh="份额属于另一份申请",
                reason="other-request",
            )  # fmt: skip
        place, now = window.place(settings.paths.run), app.SystemClock().now()
        _log_opened(ledger, opened, now)
        until = window.begin(opened, place, now=now)
        return WindowOpened(request=request_id, object=row.object, until=until.isoformat())


def view(settings: Config, request_id: str, *, output: Path, unmasked: bool = False) -> OpeningViewed:
    """Write an open object's content to a new file; of a transcript what identifies a person only if `unmasked`, and so logged.

    Raises:
        NotAllowed: no window, or it is over. SealBroken, BadInput, NotFound.
    """
    from edge_agent.vault import handed, window  # noqa: PLC0415

    handed.check_free(output)
    with _box(settings) as (vault, ledger), _watched(ledger, "view", request_id=request_id):
        try:
            opened = window.look(window.place(settings.paths.run), vault, request_id, now=app.SystemClock().now())
        except NotAllowed:
            ledger.openings_due([request_id])
            raise
        mask = None if unmasked else _MASKS.get(vault.manifest(opened.object_id).retention)
        views = ledger.opening_viewed(request_id, "masked" if mask else "content")
        size = opened.write(output, shown=mask)
        return OpeningViewed(request=request_id, object=opened.object_id, bytes=size, views=views, masked=mask is not None)


def why_not(settings: Config, request_id: str, code: str) -> WhyNot:
    """Why an event was not found in an open transcript: read in memory, logged as a view, told in codes and places only.

    Raises:
        NotAllowed: no window, or what is open is no transcript. SealBroken, NotFound.
    """
    from edge_agent.ledger.keeping import recording_of  # noqa: PLC0415
    from edge_agent.vault import window  # noqa: PLC0415

    rules = app.tagger(settings)
    event = answers.event_of(rules, code)
    with _box(settings) as (vault, ledger), _watched(ledger, "view", request_id=request_id):
        opened = window.look(window.place(settings.paths.run), vault, request_id, now=app.SystemClock().now())
        if vault.manifest(opened.object_id).retention != "transcript":
            raise NotAllowed(
                "what is open is no transcript", remedy="request the transcript's object", zh="打开的不是文字稿", reason="kind"
            )
        with answers.reader(settings) as book:
            recording = book.viewing(lambda view: recording_of(view, opened.object_id))
        around = ledger.recording(recording).circumstances
        ledger.opening_viewed(request_id, "reasons")
        said = pipeline.reread(opened.read())
    talk = Conversation(
        utterances=said.utterances, duration_ms=said.duration_ms, channel=around.channel, industry=around.industry,
        context=around.context, own=around.own, competitors=around.competitors, started_at=around.started_at,
    )  # fmt: skip
    tags = rules.tag(talk)
    fired = any(one.code == code for one in tags)
    return answers.not_so(event, rules.why_not_of(event, talk, tags), basis="text", fired=fired)


def end(settings: Config, request_id: str) -> OpeningEnded:
    """End a window, or a request that nobody opened, now; idempotent. NotFound."""
    from edge_agent.vault import request as requests  # noqa: PLC0415
    from edge_agent.vault import window  # noqa: PLC0415

    with _box(settings) as (vault, ledger):
        row = ledger.opening(request_id)
        window.end(window.place(settings.paths.run), request_id)
        requests.forget(vault.keys, request_id)
        ledger.opening_ended(request_id, reason="ended")
        now = ledger.opening(request_id)
        return OpeningEnded(request=request_id, object=row.object, views=now.views, reason=now.ended)


def unseal(settings: Config, object_id: str, *, shares: Sequence[Path], output: Path, identity: bool) -> Released:
    """Open one object with LEGAL's and HR's releases, view it once, end. NotAllowed, SealBroken, BadInput, NotFound."""
    from edge_agent.vault import handed  # noqa: PLC0415

    documents = _taken(shares)
    handed.check_free(output)
    with _box(settings) as (vault, ledger), _watched(ledger, "open", object_id):
        opened = _combined(vault, ledger, object_id, documents)
        _log_opened(ledger, opened, app.SystemClock().now())
        ledger.opening_viewed(opened.request_id, "identity" if identity else "content")
        size = opened.write(output, identity=identity)
        ledger.opening_ended(opened.request_id, reason="ended")
        return Released(object=object_id, bytes=size, wrote="identity" if identity else "content")


def listed(settings: Config) -> Openings:
    """Every request made here and what became of it, oldest first."""
    from edge_agent.ledger.reading import LedgerReader  # noqa: PLC0415

    reader = LedgerReader.open(settings.paths.ledger)
    try:
        return Openings(openings=[_line(row) for row in reader.opening_rows()])
    finally:
        reader.close()


def receipts(settings: Config, request_id: str, *, folder: Path) -> Receipts:
    """Write one signed receipt each for the requester, LEGAL and HR. NotFound, BadInput, NotAllowed."""
    from edge_agent.vault import handed, receipt  # noqa: PLC0415

    with _box(settings) as (vault, ledger):
        ledger.openings_due()
        row = ledger.opening(request_id)
        handed.own_folder(folder)
        for to in receipt.READERS:
            said = receipt.Receipt(
                to=to, request=row.request, object=row.object, binding=row.binding, requester=row.requester, legal=row.legal,
                hr=row.hr, asked_at=datetime.fromisoformat(row.asked_at), opened_at=receipt.moment(row.opened_at),
                until=receipt.moment(row.until), ended_at=receipt.moment(row.ended_at), ended=row.ended, views=row.views,
                key_views=row.key_views, issued_at=app.SystemClock().now(), box=vault.keys.public,
            )  # fmt: skip
            with handed.give(folder / f"receipt-{to}.json") as file:
                file.write(receipt.sign(said, vault.keys))
        return Receipts(request=request_id, receipts=list(receipt.READERS))


def managers(settings: Config, *, add: Sequence[str], remove: Sequence[str]) -> Managers:
    """The managers who may ask here, after `add` and `remove` (by key or fingerprint). BadInput, BadConfig, NotFound."""
    from edge_agent.vault import managers as enrolment  # noqa: PLC0415

    keys = app.keys(settings)
    before = enrolment.enrolled(keys)
    kept = [one for one in before if not {str(one), one.recipient.fingerprint} & set(remove)]
    if len(before) - len(kept) < len(set(remove)):
        raise NotFound("no such manager here", remedy="`edge-agent opening managers` lists them", zh="没有登记这位经理")
    now = before
    if add or remove:
        now = enrolment.enrol(keys, [*map(str, kept), *add])
        ledger = app.ledger(settings, keys)
        try:
            ledger.noted("managers.enrolled", managers=enrolment.digest(keys), count=len(now))
        finally:
            ledger.close()
    return Managers(managers=[one.recipient.fingerprint for one in now])


def _requested(vault: "DeviceVault", ledger: "SqliteLedger", asked: "Asked", output: Path) -> Requested:
    from edge_agent.ledger.audit import stamp  # noqa: PLC0415
    from edge_agent.ledger.openings import OpeningRow  # noqa: PLC0415
    from edge_agent.vault import handed, managers  # noqa: PLC0415
    from edge_agent.vault import request as requests  # noqa: PLC0415

    row = OpeningRow(
        request=asked.id, object=asked.object_id, requester=managers.named(asked.requester), binding=asked.binding,
        minutes=asked.minutes, asked_at=stamp(app.SystemClock().now()), expires_at=stamp(asked.expires_at),
    )  # fmt: skip
    try:
        ledger.opening_asked(row)
    except NotAllowed:
        requests.forget(vault.keys, asked.id)
        raise
    with handed.give(output) as file:
        file.write(asked.document)
    return Requested(request=asked.id, object=asked.object_id, expires_at=asked.expires_at.isoformat(), minutes=asked.minutes)


def _combined(vault: "DeviceVault", ledger: "SqliteLedger", object_id: str, documents: Sequence[bytes]) -> "Opening":
    from edge_agent.vault import unseal as opening  # noqa: PLC0415

    ledger.openings_due()
    return opening.combine(vault, object_id, documents, now=app.SystemClock().now())


def _log_opened(ledger: "SqliteLedger", opened: "Opening", now: datetime) -> None:
    from edge_agent.vault.shares import Role  # noqa: PLC0415
    from edge_agent.vault.x25519 import Recipient  # noqa: PLC0415

    legal, hr = ((one, Recipient.parse(one).fingerprint) for one in (opened.officers[role] for role in Role))
    ledger.opening_opened(opened.request_id, legal=legal, hr=hr, at=now, until=now + timedelta(minutes=opened.minutes))


def _taken(shares: Sequence[Path]) -> list[bytes]:
    from edge_agent.vault import handed  # noqa: PLC0415

    return [handed.take(path, "release") for path in shares]


@contextmanager
def _box(settings: Config) -> "Iterator[tuple[DeviceVault, SqliteLedger]]":
    keys = app.keys(settings)
    ledger = app.ledger(settings, keys)
    try:
        yield app.vault(settings, keys), ledger
    finally:
        ledger.close()


@contextmanager
def _watched(ledger: "SqliteLedger", step: str, object_id: str = "", request_id: str = "") -> Iterator[None]:
    """Log an attempt that is refused. Ids are logged only where they have the shape of one."""
    try:
        yield
    except (NotAllowed, NotFound, SealBroken) as error:
        named = {"object": object_id, "request": request_id}
        body = {name: text for name, text in named.items() if ids.is_id(text)}
        ledger.noted("opening.refused", step=step, reason=_reason(error), **body)
        raise


def _reason(error: NotAllowed | NotFound | SealBroken) -> str:
    if isinstance(error, NotAllowed):
        return error.reason or "not-allowed"
    return "seal-broken" if isinstance(error, SealBroken) else "not-found"


def _line(row: "OpeningRow") -> OpeningRecord:
    return OpeningRecord(
        request=row.request, object=row.object, requester=row.requester, state=row.state, legal=row.legal, hr=row.hr,
        asked_at=row.asked_at, expires_at=row.expires_at, opened_at=row.opened_at, until=row.until, views=row.views,
        key_views=row.key_views, ended_at=row.ended_at, ended=row.ended,
    )  # fmt: skip
