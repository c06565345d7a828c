"""The closed types of a touch document (`edge-agent/touch/1`), from which its published schema is generated."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from edge_agent.capture.sidecar import Brand, Context, Person
from edge_agent.domain.touch import Channel, Form, Sender

MOST_MESSAGES: Final = 500
MOST_FACTS: Final = 64
Moment = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(max_length=8000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$(?!\n)")]


class TouchMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message. `text` is what this person wrote, without quoted earlier mails; of a file or a link its title."""

    at: Moment
    sender: Sender = msgspec.field(name="from")
    kind: Form = Form.TEXT
    text: Text = ""


class TouchConsent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    basis: Literal["notice", "written", "not-personal", "none"]


class TouchDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`at` is when it happened (of a chat, when it began). `id` is the sender's, and names nobody: one id, one touch.

    `ended`: no further message belongs to it. `seen_at`: until when its sender looked; half an hour without a message is an end.
    """

    schema: Literal["edge-agent/touch/1"]
    id: Annotated[str, Meta(pattern=r"^[!-~]{1,128}$(?!\n)")]
    channel: Channel
    at: Moment
    consent: TouchConsent
    industry: Annotated[str, Meta(pattern=r"^[a-z0-9-]{0,32}$(?!\n)")] = ""
    context: frozenset[Context] = frozenset()
    own: Annotated[tuple[Brand, ...], Meta(max_length=64)] = ()
    competitors: Annotated[tuple[Brand, ...], Meta(max_length=64)] = ()
    rep: Person | None = None
    customer: Person | None = None
    messages: Annotated[tuple[TouchMessage, ...], Meta(max_length=MOST_MESSAGES)] = ()
    facts: Annotated[dict[str, float | bool], Meta(max_length=MOST_FACTS)] = {}
    ended: bool = False
    seen_at: Moment | None = None
