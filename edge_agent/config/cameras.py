"""One camera of this box: where it is reached, what it shows, when it records, and how much analysis it may cost.

An address never holds a user or a password: they stand in a file of their own (`credentials`), which a systemd credential may be.
Cameras that want them amid their address have `{user}` and `{password}` there instead.
"""

import re
from datetime import time
from typing import Annotated, Final, Literal
from urllib.parse import parse_qsl, urlsplit

import msgspec

Place = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_.-]{0,64}$(?!\n)")]
Hours = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$(?!\n)")]
FLOOR_S: Final = 60
"""Seconds of a floor camera's recording, at least: what is told of a floor is told by the minute."""
DEVICE: Final = re.compile(r"/dev/video[0-9]{1,3}(?!\n)")
_SECRET: Final = re.compile(r"(?i)(^|[?&/;_])(user(name)?|usr|pass(word|wd)?|pwd|token|auth)=(?!\{(user|password)\})")


class Camera(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One camera. `url`: rtsp://…, rtsps://…, /dev/videoN, or a file that stands in for a camera."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$(?!\n)")]
    url: Annotated[str, msgspec.Meta(pattern=r"^((rtsps?|RTSPS?)://|/)[^\s\x00-\x1f\x7f]{1,500}$(?!\n)")]
    bay: Place = ""
    """The shelf bay it shows; a camera shows a bay or a floor."""
    floor: Place = ""
    """The floor plan it shows."""
    basis: Literal["not-personal", "notice", "written", "none"] = "none"
    """On what ground its recordings may be analysed; `none`: sealed, and not analysed."""
    credentials: str = ""
    """File with `user:password` in one line, readable by this box's account alone, or the name of a systemd credential."""
    ca: Annotated[str, msgspec.Meta(pattern=r"^(/[^\x00-\x1f\x7f]{1,255})?$(?!\n)")] = ""
    """File with the certificate (PEM) that vouches for an rtsps:// camera; none = those that this system trusts."""
    segment_s: Annotated[float, msgspec.Meta(ge=2, le=3600)] = 300.0
    """Seconds of each recording, of a floor `FLOOR_S` or more; it ends with the next key frame."""
    silent_s: Annotated[float, msgspec.Meta(ge=2, le=300)] = 15.0
    """Seconds without a picture after which the camera counts as lost and is opened again."""
    hours: tuple[Hours, ...] = ()
    """When it records, by this box's time zone, like "08:00-22:00"; none = always."""
    budget_s: Annotated[float, msgspec.Meta(ge=0, le=7200)] = 900.0
    """Processor seconds of analysis that its recordings may take in an hour; 0 = as much as there is."""
    waiting: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 12
    """So many of its recordings may wait for analysis; of more the oldest are dropped unread, and counted. 0 = none ever."""

    @property
    def kind(self) -> Literal["file", "device", "network"]:
        if not self.url.startswith("/"):
            return "network"
        return "device" if DEVICE.fullmatch(self.url) else "file"

    @property
    def in_clear(self) -> bool:
        """Whether its user and password go over the network in the clear."""
        return bool(self.credentials) and self.url.lower().startswith("rtsp://")


def faults(camera: Camera) -> list[tuple[str, str, str]]:
    """(key, what was expected, the same in Chinese) of what contradicts itself; never a value."""
    found = []
    if bool(camera.bay) == bool(camera.floor):
        found.append(
            ("bay", "must say what it shows: either bay or floor", "必须写明拍摄对象：bay（货架）或 floor（场地）二选一")
        )
    if camera.floor and camera.basis == "not-personal":
        found.append(
            ("basis", "must not be not-personal: a floor camera films people", "场地摄像头会拍到人，不能用 not-personal")
        )
    if camera.floor and camera.segment_s < FLOOR_S:
        found.append(
            (
                "segment_s", f"must be {FLOOR_S} or more for a floor camera: a shorter one would tell where one person was",
                f"场地摄像头每段不能短于 {FLOOR_S} 秒：更短的录像会泄露单个人的位置",
            )
        )  # fmt: skip
    if camera.ca and not camera.url.lower().startswith("rtsps://"):
        found.append(("ca", "is of an rtsps:// address: leave it out, or reach the camera over TLS", "ca 仅用于 rtsps:// 地址"))
    if _holds_secret(camera.url):
        found.append((
            "url",
            "must hold no user or password: write user:password into a file and name it in credentials",
            "地址中不能有用户名或密码：请写入单独的文件，并在 credentials 中填写该文件",
        ))  # fmt: skip
    return found


def _holds_secret(url: str) -> bool:
    if url.startswith("/"):
        return False
    parts = urlsplit(url)
    return "@" in parts.netloc or bool(_SECRET.search(f"{parts.path}?{parts.query}")) or _named(parts.query)


def _named(query: str) -> bool:
    """A parameter that only ever holds a password, also where it is written in some other way (%70assword=)."""
    return any(key.lower() in {"password", "passwd", "pwd"} and not value.startswith("{") for key, value in parse_qsl(query))


def is_open(hours: tuple[str, ...], now: time) -> bool:
    """Whether `now`, a local time of day, lies in one of the stretches; one that ends before it begins goes over midnight."""
    if not hours:
        return True
    minute = now.hour * 60 + now.minute
    return any(_within(minute, *(int(part[:2]) * 60 + int(part[3:]) for part in one.split("-"))) for one in hours)


def _within(minute: int, begin: int, end: int) -> bool:
    return begin <= minute < end if begin < end else minute >= begin or minute < end
