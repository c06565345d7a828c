"""The JSON documents the commands print: one Struct each, closed, from which `edge_agent/schemas/*.json` is generated.

The bench tools (`transcribe`, `tag`) may print text, because their caller gave them the file; nothing else here has a field
for what was said.
"""

from typing import Any, Final

import msgspec


class _Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class RecordingLine(_Document):
    id: str
    kind: str
    state: str
    parked: str = ""
    captured_at: str = ""


class TagLine(_Document):
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


class Tags(_Document):
    tags: list[TagLine]


class Utterance(_Document):
    start_ms: int
    end_ms: int
    speaker: str
    text: str
    confidence: float
    doubtful: bool


class Transcription(_Document):
    """`rtf` = decode time / audio time."""

    model: str
    duration_ms: int
    rtf: float
    utterances: list[Utterance]


class Found(_Document):
    """A bench tool's tag; `why` lists the conditions that held, as codes."""

    code: str
    turn: int
    start_ms: int
    end_ms: int
    speaker: str
    confidence: float
    why: list[str]
    status: str = "final"


class Findings(_Document):
    tags: list[Found]


class SlotLine(_Document):
    slot: str
    seen: str
    sku: str
    expected: str
    confidence: float
    price: str | None
    listed_price: str


class ShelfFound(_Document):
    code: str
    slot: str
    status: str
    confidence: float


class ShelfLine(_Document):
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


class PriceTagLine(_Document):
    """`box` = [x0, y0, x1, y1] as fractions of the image."""

    box: list[float]
    price: str | None
    text: list[str]
    confidence: float


class PriceTags(_Document):
    tags: list[PriceTagLine]


class Ingested(_Document):
    """One line per file, in the order given; `n` counts from 1, since file names are never repeated."""

    n: int
    recording: str | None
    state: str
    error: str = ""
    reason: str = ""
    remedy: str = ""


class Ingestion(_Document):
    files: list[Ingested]


class Status(_Document):
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


class Condition(_Document):
    """One condition that held: its kind, its local id, and where."""

    kind: str
    detail: str
    start_ms: int
    end_ms: int
    turn: int
    char_start: int
    char_end: int


class Why(_Document):
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


class ModelLine(_Document):
    name: str
    task: str
    licence: str
    bytes: int
    state: str


class Models(_Document):
    models: list[ModelLine]


class HqCount(_Document):
    """What the HQ store holds, by query: rows counted once, holes below the highest sequence, rows counted twice."""

    rows: int
    missing: int
    duplicates: int


class WireCount(_Document):
    messages: int
    bytes: int


class SealedLine(_Document):
    object: str
    kind: str
    bytes: int
    hot: bool


class DemoRecording(_Document):
    id: str
    kind: str
    state: str
    sample: str


class DemoTag(_Document):
    code: str
    recording: str
    start_ms: int
    end_ms: int
    speaker: str
    confidence: float
    turn: int
    status: str


class Demo(_Document):
    recordings: list[DemoRecording]
    tags: list[DemoTag]
    shelf: list[ShelfLine]
    sealed: list[SealedLine]
    hq: HqCount
    wire: WireCount
    pictures: list[str]


class Released(_Document):
    object: str
    bytes: int
    wrote: str


class Requested(_Document):
    request: str
    object: str
    expires_at: str


class Ready(_Document):
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
    "models": Models,
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


def schema(name: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of one document."""
    document = msgspec.json.schema(PRINTED[name])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name, **document}
