"""A touch point that is no recording: the messages of a chat or an e-mail, and what another system measured (facts).

One message is one utterance of no length: its moment is known, how long it took to write is not, so nothing about time is
measured of it. Times are milliseconds from `started_at`. A talk in writing is over when its sender says so, or when who delivers
it looked so long after the last message (`IDLE_MS`); otherwise it is cut, and nothing that needs an end may fire.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from edge_agent.domain.transcript import Speaker, Utterance

IDLE_MS: Final = 30 * 60 * 1000
MODEL: Final = "written"
"""What stands in a transcript for the recogniser's name where nothing was recognised."""


class Channel(StrEnum):
    WECHAT = "wechat"
    EMAIL = "email"
    DOCUMENT = "document"
    DEVICE = "device"
    POS = "pos"
    CRM = "crm"


class Sender(StrEnum):
    REP = "rep"
    CUSTOMER = "customer"
    UNKNOWN = "unknown"
    SYSTEM = "system"
    """An automatic answer or a notice of the programme: nobody said it."""


class Form(StrEnum):
    TEXT = "text"
    FILE = "file"
    LINK = "link"
    IMAGE = "image"


_WORDS: Final = {Form.TEXT: "{}", Form.FILE: "[文件]{} 已发送", Form.LINK: "[链接]{} 已发送", Form.IMAGE: "[图片]{}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    at_ms: int
    sender: Sender
    form: Form
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """What is sealed of a touch: no code and no pseudonym of a person. `id` is its sender's own; `seen_ms` -1 = not said."""

    id: str
    channel: Channel
    started_at: datetime
    messages: tuple[Message, ...] = ()
    facts: tuple[tuple[str, float | bool], ...] = ()
    ended: bool = False
    seen_ms: int = -1

    @property
    def utterances(self) -> tuple[Utterance, ...]:
        """What persons wrote, in the order it came; messages of the same moment are set a millisecond apart."""
        said: list[Utterance] = []
        for one in self.messages:
            if one.sender is Sender.SYSTEM:
                continue
            at_ms = max(one.at_ms, said[-1].start_ms + 1 if said else 0)
            text = _WORDS[one.form].format(one.text)
            said.append(Utterance(start_ms=at_ms, end_ms=at_ms, speaker=Speaker(one.sender.value), text=text))
        return tuple(said)

    @property
    def duration_ms(self) -> int:
        last = self.utterances[-1].start_ms if self.utterances else 0
        return max(last, self.seen_ms, 0)

    @property
    def over(self) -> bool:
        """Never where nobody wrote anything: there was no talk that could end without something."""
        last = max((one.at_ms for one in self.messages), default=0)
        return bool(self.utterances) and (self.ended or self.seen_ms - last >= IDLE_MS)
