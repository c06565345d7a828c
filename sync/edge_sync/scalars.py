r"""The closed value types of the wire: no string type here has room for a sentence.

Every pattern is anchored on both sides; `$` alone would accept a trailing newline, hence `$(?!\n)`. Digits are `[0-9]`,
because `\d` knows more digits than ASCII has. Times are RFC 3339 with an offset; `*_ms` are offsets into the recording.
"""

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta

LAST_SEQ: Final = 2**53
"""The last sequence of an outbox: far beyond any life of one, exact in JSON, and with room above it in a database's integers."""

Code = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$(?!\n)")]
"""An identifier of a closed list: an event, a SKU, a brand, a bay."""
Word = Annotated[str, Meta(pattern=r"^[a-z][a-z_-]{0,23}$(?!\n)")]
"""A short kind: which sort of condition held."""
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$(?!\n)")]
"""A gateway or a tenant, as its certificate names it."""
RecordingId = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$(?!\n)")]
"""A UUIDv7: recordings and tags."""
BootId = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$(?!\n)")]
Epoch = Annotated[str, Meta(pattern=r"^[0-9a-f][0-9a-f-]{3,35}$(?!\n)")]
"""Names one life of an outbox (hex or UUID); sequences start at 1 in each."""
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{16,64}$(?!\n)")]
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
"""A SHA-256, as the audit tree's nodes are."""
Signature = Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{86}==$(?!\n)")]
"""64 bytes of Ed25519, base64."""
Origin = Annotated[str, Meta(pattern=r"^sx/v1/[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9-]{0,62}/[0-9a-f][0-9a-f-]{3,35}$(?!\n)")]
"""Names one audit log for ever: `sx/v1/{tenant}/{gateway}/{id drawn with the ledger}`; also its checkpoints' key name."""
Model = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,47}(@[0-9a-f]{8,64})?$(?!\n)")]
"""A model of the manifest, `name` or `name@digest`."""
Software = Annotated[str, Meta(pattern=r"^[0-9]{1,4}(\.[0-9]{1,6}){1,3}[a-z0-9+.-]{0,24}$(?!\n)")]
Decimal = Annotated[str, Meta(pattern=r"^[0-9]{1,12}(\.[0-9]{1,4})?$(?!\n)")]
"""An exact non-negative amount, in yuan where it is money: `12.90`."""
Date = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?$(?!\n)")]
"""A day, or a day and a minute, of the store's own calendar."""
Sequence20 = Annotated[str, Meta(pattern=r"^[0-9]{20}$(?!\n)")]
EnvelopeId = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}/[0-9a-f][0-9a-f-]{3,35}/[1-9][0-9]{0,15}$(?!\n)")]
Source = Annotated[str, Meta(pattern=r"^urn:sx:[a-z0-9][a-z0-9-]{0,62}:[a-z0-9][a-z0-9-]{0,62}$(?!\n)")]
MessageType = Annotated[str, Meta(pattern=r"^cn\.sx\.[a-z]{1,16}(\.[a-z]{1,16})?\.v[0-9]{1,3}$(?!\n)")]

Time = Annotated[datetime, Meta(tz=True)]
Ms = Annotated[int, Meta(ge=0, le=10**10)]
Seq = Annotated[int, Meta(ge=1, le=LAST_SEQ)]
Mark = Annotated[int, Meta(ge=0, le=LAST_SEQ)]
"""A watermark; 0 = nothing yet."""
Counter = Annotated[int, Meta(ge=1, le=2**63 - 1)]
"""Numbers HQ's orders; only HQ counts, by its clock in microseconds."""
Count = Annotated[int, Meta(ge=0, le=2**53)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Number = Annotated[float, Meta(ge=-1e12, le=1e12)]
_YEARS: Final = range(1970, 2200)


def check_years(*times: datetime) -> None:
    """ValueError for what no clock shows (one without a battery begins in 1970): databases differ about the year 1 and 9999."""
    if not all(one.year in _YEARS for one in times):
        raise ValueError("a time outside the years 1970 to 2199")


Speaker = Literal["rep", "customer", "unknown"]
Severity = Literal["info", "notice", "warning", "critical"]
Status = Literal["final", "provisional", "withdrawn"]
Consent = Literal["notice", "spoken", "written", "not-personal"]
"""On what ground it was analysed. There is no value for "none": such a recording is never analysed, so it never leaves."""
CaseState = Literal["contested", "upheld", "overturned", "closed", "reopened"]
"""Where a contest of a finding stands: somebody objected, the finding stands, the finding was taken back. Or that its matter is
over because a later scan of the place no longer shows it, or is not over after all; the finding stands either way."""
CaseReason = Literal["not-said", "wrong-speaker", "wrong-product", "context", "already-solved", "consent", "other", "scan"]
"""Why it was contested, or (`scan`) by what it was closed."""
ZoneRole = Literal["entrance", "counter_staff", "counter_customer", "queue", "aisle", "fitting"]
"""What a part of the floor is for."""
Seen = Literal["expected", "empty", "other", "unknown", "not_assessable"]
ShelfScoreName = Literal["oos", "facings", "position", "tags", "competitor_index", "eye_level", "perfect"]
"""Out of stock, facing compliance, position compliance, tag presence, competitors' facings per own one, own share at eye level,
and the weighted Perfect Shelf score."""
