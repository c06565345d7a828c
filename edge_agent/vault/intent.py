"""What a manager asks for, signed on the manager's own machine: one object, for a purpose, until when, for how many minutes.

The box makes a request of it (see `request`) that carries the signed words, so that each officer sees who asks and for what, and
that the box changed none of it. An intent serves once: its id becomes the request's. The purpose is for the officers; it is never
logged or sent.
"""

from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec

from edge_agent import ids
from edge_agent.errors import BadInput, NotFound
from edge_agent.vault import managers, signed
from edge_agent.vault.managers import Manager
from edge_agent.vault.refusal import broken
from edge_agent.vault.span import Moment
from edge_agent.vault.x25519 import Identity

CONTEXT: Final = "intent"
LONGEST_HOURS: Final = 168.0
MINUTES: Final = 30
LONGEST_MINUTES: Final = 480
_LONGEST_PURPOSE: Final = 300
ObjectId = Annotated[str, msgspec.Meta(pattern=f"^{ids.ID_PATTERN.pattern}$(?!\\n)")]
Purpose = Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST_PURPOSE)]
Minutes = Annotated[int, msgspec.Meta(ge=1, le=LONGEST_MINUTES)]


class Intent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`manager` is who signed it; `expires_at` is until when officers may release, `minutes` how long it then stays open."""

    id: ObjectId
    object: ObjectId
    purpose: Purpose
    minutes: Minutes
    created_at: Moment
    expires_at: Moment
    manager: str

    def __post_init__(self) -> None:
        if not self.purpose.isprintable():
            raise ValueError("the purpose has characters that do not print")


def intend(identity: Identity, object_id: str, *, purpose: str, hours: float, minutes: int, now: datetime) -> bytes:
    """The signed intent of the manager whose key file `identity` is.

    Raises:
        NotFound: `object_id` is no object's id. BadInput: see `bounded`.
    """
    if not ids.is_id(object_id):
        raise NotFound("not an object's id", remedy="copy it from `edge-agent tags` or `status`", zh="对象编号格式不正确")
    said = Intent(
        id=ids.new_id(), object=object_id, purpose=bounded(purpose, hours, minutes), minutes=minutes, created_at=now,
        expires_at=now + timedelta(hours=hours), manager=str(Manager.of(identity)),
    )  # fmt: skip
    return signed.sign(said, CONTEXT, managers.signer(identity))


def read(document: bytes) -> Intent:
    """An intent whose signature is that of the manager it names; SealBroken. Whether that manager may ask is not decided here."""
    said = signed.unchecked(document, Intent, CONTEXT)
    try:
        manager = Manager.parse(said.manager)
    except BadInput as error:
        raise broken("intent: it names no manager") from error
    return signed.check(document, Intent, CONTEXT, manager.signing)


def bounded(purpose: str, hours: float, minutes: int) -> str:
    """The purpose, trimmed.

    Raises:
        BadInput: "bad-purpose" (1 to 300 printable characters), "bad-hours" (above 0, up to 168), "bad-minutes" (1 to 480).
    """
    purpose = purpose.strip()
    if not (purpose.isprintable() and 0 < len(purpose) <= _LONGEST_PURPOSE):
        raise BadInput(
            "bad-purpose",
            "the purpose is 1 to 300 printable characters",
            remedy="say it in one line",
            zh="用途应为一行文字，1 到 300 字",
        )
    if not 0 < hours <= LONGEST_HOURS:
        raise BadInput(
            "bad-hours",
            "a request is valid for more than 0 and at most 168 hours",
            remedy="choose --hours",
            zh="有效期须在 168 小时以内",
        )
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise BadInput(
            "bad-minutes", "an opening lasts 1 to 480 minutes", remedy="choose --minutes", zh="打开时长须为 1 到 480 分钟"
        )
    return purpose
