"""Where things come from and go to: the broker, microphones, other systems."""

from typing import Annotated, Literal

import msgspec


class Broker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """HQ's MQTT 5 broker, for who does not enrol: an enrolled box knows it from HQ's grant, unless `ca` is set here.

    `ca`, `certificate` and `key` are PEM files; without `ca` the link is plain, and then only to this machine itself.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 1883
    ca: str = ""
    certificate: str = ""
    key: str = ""


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One microphone or line-in, and what the sidecar of its recordings says."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$(?!\n)")]
    device: str = ""
    """Part of the sound device's name; empty = the default device."""
    speakers: Annotated[tuple[Literal["rep", "customer", "unknown"], ...], msgspec.Meta(min_length=1, max_length=8)] = (
        "unknown",
    )
    """Who stands on each channel, left first; as many channels are recorded."""
    rep: Annotated[str, msgspec.Meta(pattern=r"^([^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]{0,62}[^\s\x00-\x1f\x7f])?)?$(?!\n)")] = ""
    """The code by which the store knows the employee who works here; empty = nobody in particular."""
    rate_hz: Annotated[int, msgspec.Meta(ge=8000, le=48000)] = 16000
    basis: Literal["notice", "spoken", "written", "none"] = "none"
    industry: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{0,32}$(?!\n)")] = ""
    channel: Literal["call", "visit"] = "visit"
    context: frozenset[Literal["outbound", "recorded", "dual_record", "b2b"]] = frozenset()
    own: tuple[Annotated[str, msgspec.Meta(pattern=r"^\S(.{0,38}\S)?$(?!\n)")], ...] = ()
    competitors: tuple[Annotated[str, msgspec.Meta(pattern=r"^\S(.{0,38}\S)?$(?!\n)")], ...] = ()


class Capture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What this box records by itself, into its inbox."""

    minutes: Annotated[float, msgspec.Meta(gt=0, le=240)] = 10.0
    allow_plain: bool = False
    """Whether plain audio may touch an ordinary disk, when the inbox lies on one."""
    sources: tuple[Source, ...] = ()


class Channel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Touch points that are no recordings (chat, e-mail, a document opened, POS, CRM), delivered by other systems here."""

    accept: bool = True
    """Off: neither the folder nor the socket is looked at."""
    spool: str = ""
    """Folder into which touch documents (`*.touch.json`) are renamed; empty = the inbox."""
    socket: str = ""
    """The Unix socket that takes them; empty = `.channel.sock` in the inbox."""
    peers: tuple[Annotated[str, msgspec.Meta(pattern=r"^[a-z_][a-z0-9_-]{0,31}$(?!\n)")], ...] = ()
    """Accounts that the socket hears besides our own."""
    per_minute: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 600
    """Documents that the socket takes of one account in a minute."""
