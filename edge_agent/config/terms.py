"""On what terms: limits, consent, retention, the audit log."""

from typing import Annotated, Literal

import msgspec

from edge_agent.config.scalars import Days, Floor, Hours, Size


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds on foreign input and on this box. Durations in hours, sizes in bytes."""

    max_file_bytes: Size = 8 * 2**30
    max_call_hours: Annotated[float, msgspec.Meta(gt=0, le=168)] = 4.0
    max_video_hours: Annotated[float, msgspec.Meta(gt=0, le=168)] = 2.0
    max_picture_px: Size = 50_000_000
    media_floor_bytes: Floor = 2 * 2**30
    """Below this much free disk no new media is taken in."""
    tag_floor_bytes: Floor = 128 * 2**20
    """Below this the ballast is freed so that tags and the outbox can still drain."""
    outbox_bytes: Size = 512 * 2**20


class Consent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On what terms people may be recorded and analysed here."""

    jurisdiction: Literal["cn", "eu"] = "cn"
    employees: Literal["when-named", "required"] = "when-named"
    """`when-named`: a rep that the sidecar names must be in the register. `required`: a call that names none is not analysed."""
    grace_hours: Hours = 72.0
    """How long a recording without consent lies sealed, for a record that comes late, before its keys are shredded. Until
    then the box keeps its own way in, else a late record would be of no use; with 0 it goes within a minute."""
    notice_within_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 180.0
    """With `basis = "spoken"`: how soon in the talk the rep must have said that it is recorded."""


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days until a sealed object's keys are shredded. The longest period that any finding of a recording asks for counts."""

    call_days: Days = 30.0
    shelf_days: Days = 14.0
    floor_days: Days = 3.0
    channel_days: Days = 30.0
    warning_days: Days = 180.0
    """Calls and touches with a finding of severity `warning`."""
    critical_days: Days = 1095.0
    """Calls and touches with a finding of severity `critical`."""
    rejected_days: Days = 7.0
    events: dict[str, Days] = {}
    """Days for findings of one event or of a family (`risk`, `risk.rebate_promise`), besides what their severity asks for."""
    when_full: Literal["due-only", "early"] = "due-only"
    """When the disk is below `limits.media_floor_bytes`: shred only what is due anyway, or also, next due first, ordinary
    recordings (without a finding that asks for longer, without a legal hold) until there is room."""


class Audit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a signed checkpoint of the audit log goes to HQ: after so many seconds with news, or so many rows."""

    checkpoint_s: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 60.0
    checkpoint_rows: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 256
