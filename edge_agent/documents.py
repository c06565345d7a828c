"""The JSON documents the commands print: one Struct each, closed, from which `edge_agent/schemas/*.json` is generated
(`python tests/schema/make_schemas.py`).

The bench tools (`transcribe`, `tag`) may print text, because their caller gave them the file; nothing else here has a field
for what was said.
"""

from typing import Final

import msgspec

from edge_agent.assets.commands import Installation, ModelList, Verification


class _Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class RecordingLine(_Document, frozen=True, kw_only=True):
    id: str
    kind: str
    state: str
    parked: str = ""
    captured_at: str = ""


class TagLine(_Document, frozen=True, kw_only=True):
    """`turn` is -1 for a shelf. `status` is final, provisional or withdrawn."""

    id: str
    code: str
    recording: str
    start_ms: int
    end_ms: int
    known_at_ms: int
    turn: int
    speaker: str
    confidence: float
    severity: str
    layer: str
    status: str
    rule: str
    slots: dict[str, str | int | float]


class Tags(_Document, frozen=True, kw_only=True):
    tags: list[TagLine]


class Utterance(_Document, frozen=True, kw_only=True):
    start_ms: int
    end_ms: int
    speaker: str
    text: str
    confidence: float
    doubtful: bool


class Transcription(_Document, frozen=True, kw_only=True):
    """`rtf` = decode time / audio time."""

    model: str
    duration_ms: int
    rtf: float
    utterances: list[Utterance]


class Found(_Document, frozen=True, kw_only=True):
    """A bench tool's tag; `why` lists the conditions that held, as codes."""

    code: str
    turn: int
    start_ms: int
    end_ms: int
    speaker: str
    confidence: float
    why: list[str]
    status: str = "final"


class Findings(_Document, frozen=True, kw_only=True):
    tags: list[Found]


class SlotLine(_Document, frozen=True, kw_only=True):
    slot: str
    seen: str
    sku: str
    expected: str
    confidence: float
    price: str | None
    listed_price: str


class ShelfFound(_Document, frozen=True, kw_only=True):
    code: str
    slot: str
    status: str
    confidence: float


class ShelfLine(_Document, frozen=True, kw_only=True):
    """Shares are null when nothing could be assessed; `coverage` = assessable slots / planned slots."""

    bay: str
    osa: float | None
    planogram_compliance: float | None
    price_compliance: float | None
    coverage: float
    osa_coverage: float
    price_coverage: float
    frames_used: int
    duration_ms: int
    slots: list[SlotLine]
    tags: list[ShelfFound]
    recording: str = ""


class PriceTagLine(_Document, frozen=True, kw_only=True):
    """`box` = [x0, y0, x1, y1] as fractions of the image."""

    box: list[float]
    price: str | None
    text: list[str]
    confidence: float


class PriceTags(_Document, frozen=True, kw_only=True):
    tags: list[PriceTagLine]


class Ingested(_Document, frozen=True, kw_only=True):
    """One line per file, in the order given; `n` counts from 1, since file names are never repeated."""

    n: int
    recording: str | None
    state: str
    error: str = ""
    reason: str = ""
    remedy: str = ""


class Ingestion(_Document, frozen=True, kw_only=True):
    files: list[Ingested]


class Status(_Document, frozen=True, kw_only=True):
    gateway: str
    tenant: str
    recordings: dict[str, int]
    parked: list[RecordingLine]
    hot: int
    oldest_hot_s: int | None
    outbox_pending: int
    outbox_highest: int
    committed: int
    dead_letters: int
    audit_rows: int
    audit_ok: bool
    disk_free_bytes: int
    takes_media: bool
    ruleset: str
    worker_running: bool


class Condition(_Document, frozen=True, kw_only=True):
    """One condition that held: its kind, its local id, and where."""

    kind: str
    detail: str
    start_ms: int
    end_ms: int
    turn: int
    char_start: int
    char_end: int


class Why(_Document, frozen=True, kw_only=True):
    tag: TagLine
    name_zh: str
    name_en: str
    definition: str
    rule_digest: str
    ruleset: str
    models: list[str]
    conditions: list[Condition]
    zh: list[str]
    en: list[str]


class HqCount(_Document, frozen=True, kw_only=True):
    """What the HQ store holds, by query: rows counted once, holes below the highest sequence, rows counted twice."""

    rows: int
    missing: int
    duplicates: int


class WireCount(_Document, frozen=True, kw_only=True):
    messages: int
    bytes: int


class SealedLine(_Document, frozen=True, kw_only=True):
    object: str
    kind: str
    bytes: int
    hot: bool


class DemoRecording(_Document, frozen=True, kw_only=True):
    id: str
    kind: str
    state: str
    sample: str


class DemoTag(_Document, frozen=True, kw_only=True):
    code: str
    recording: str
    start_ms: int
    end_ms: int
    speaker: str
    confidence: float
    turn: int
    status: str


class Demo(_Document, frozen=True, kw_only=True):
    recordings: list[DemoRecording]
    tags: list[DemoTag]
    shelf: list[ShelfLine]
    sealed: list[SealedLine]
    hq: HqCount
    wire: WireCount
    pictures: list[str]


class Released(_Document, frozen=True, kw_only=True):
    object: str
    bytes: int
    wrote: str


class Requested(_Document, frozen=True, kw_only=True):
    request: str
    object: str
    expires_at: str


class Ready(_Document, frozen=True, kw_only=True):
    gateway: str
    tenant: str
    gateway_key: str
    recipients: str


PRINTED: Final[dict[str, type[msgspec.Struct]]] = {
    "demo": Demo,
    "transcribe": Transcription,
    "tag": Findings,
    "ingest": Ingestion,
    "status": Status,
    "tags": Tags,
    "why": Why,
    "shelf-score": ShelfLine,
    "shelf-tags": PriceTags,
    "models-list": ModelList,
    "models-install": Installation,
    "models-verify": Verification,
    "request": Requested,
    "unseal": Released,
    "init": Ready,
}
"""Every document by the name of its schema file."""


def encode(document: msgspec.Struct) -> str:
    """Exactly one JSON document, UTF-8, validated against its own type."""
    raw = msgspec.json.encode(document)
    msgspec.json.decode(raw, type=type(document))
    return raw.decode()
