"""The example notation: `客户：太贵了。 / 销售：…… / （结束）` read into turns, or `facings=0 | 说明` into facts.

A line without a speaker is said by the event's own. Stage directions: `（静默N秒）` `（已过N秒）` `（结束）` `（全程N轮，结束）`
`（系统播报：…）`. Times are made up: 180 ms a character, 400 ms between turns.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.conditions import Fact

_VOICES: Final = {"销售": Speaker.REP, "客户": Speaker.CUSTOMER, "未知": Speaker.UNKNOWN}
_SAID: Final = re.compile(r"(销售|客户|未知)[：:]\s*(.+)", re.DOTALL)
_STAGE: Final = re.compile(r"[（(](?:(静默|已过)(\d+)秒|(?:全程(\d+)轮[，,])?(结束)|系统播报[：:](.+))[）)]")
_WAIT: Final = re.compile(r"[（(](静默|已过)(\d+)秒[）)]")
_FACTS: Final = re.compile(r"\w+=[^;|\s]+(; \w+=[^;|\s]+)*( \| .*)?")
_MS_PER_CHARACTER: Final = 180
_PAUSE_MS: Final = 400


class BadExample(ValueError):
    """The example breaks the notation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An example talk. Without `（结束）` it goes on: the other speaker has begun a turn of which nothing is known yet."""

    utterances: tuple[Utterance, ...]
    duration_ms: int
    ended: bool


def is_facts(text: str) -> bool:
    """Whether the example is a measured fact rather than talk."""
    return _FACTS.fullmatch(text) is not None


def facts(text: str) -> dict[str, Fact]:
    """`a=1; b=true | note` as a table; list values (days of hits) are left out."""
    found: dict[str, Fact] = {}
    for pair in text.split(" | ", maxsplit=1)[0].split("; "):
        name, _, value = pair.partition("=")
        if value in ("true", "false"):
            found[name] = value == "true"
        elif "," not in value:
            found[name] = float(value)
    return found


def scene(text: str, speaker: str) -> Scene:
    """Read a talk; `speaker` is who says a line that names nobody (`rep`, `customer`; anything else = the customer).

    Raises:
        BadExample: a turn names no speaker although there are several, or a stage direction is unknown.
    """
    spoken: list[tuple[Speaker, str]] = []
    waits: list[tuple[int, int]] = []
    total = 0
    ended = False
    parts = [part.strip() for part in re.split(r" ?/ ", text) if part.strip()]
    for part in parts:
        stage = _STAGE.fullmatch(part)
        if stage is None:
            waits += [(len(spoken), _pause(wait)) for wait in _WAIT.finditer(part)]
            part = _WAIT.sub("", part)  # noqa: PLW2901 - a silence may also stand inside a turn
            spoken.append(_line(part, speaker, alone=len(parts) == 1))
        elif stage[5]:
            spoken.append((Speaker.UNKNOWN, stage[5]))
        elif stage[4]:
            ended, total = True, int(stage[3] or 0)
        else:
            waits.append((len(spoken), _pause(stage)))
    return _timed([*_padding(total - len(spoken), spoken), *spoken], waits, max(total - len(spoken), 0), ended=ended)


def _pause(stage: re.Match[str]) -> int:
    """Milliseconds to wait; negative = until that time."""
    return int(stage[2]) * (1000 if stage[1] == "静默" else -1000)


def _line(part: str, speaker: str, *, alone: bool) -> tuple[Speaker, str]:
    if part.startswith(("（", "(")):
        raise BadExample(f"`{part}` is no known stage direction")
    said = _SAID.fullmatch(part)
    if said is not None:
        return _VOICES[said[1]], said[2]
    if not alone:
        raise BadExample(f"`{part}` names no speaker")
    return Speaker.REP if speaker == "rep" else Speaker.CUSTOMER, part


def _padding(number: int, spoken: list[tuple[Speaker, str]]) -> Iterator[tuple[Speaker, str]]:
    """Turns before the first, alternating, in which nothing is said."""
    first = spoken[0][0] if spoken else Speaker.CUSTOMER
    for left in range(number, 0, -1):
        other = first is Speaker.CUSTOMER
        yield (Speaker.REP if other else Speaker.CUSTOMER) if left % 2 else first, ""


def _timed(spoken: list[tuple[Speaker, str]], waits: list[tuple[int, int]], shift: int, *, ended: bool) -> Scene:
    clock = 0
    utterances = []
    pauses = {place + shift: length for place, length in waits}
    for place, (voice, said) in enumerate(spoken):
        clock = _wait(clock, pauses.get(place, 0))
        end = clock + max(len(said), 2) * _MS_PER_CHARACTER
        utterances.append(Utterance(start_ms=clock, end_ms=end, speaker=voice, text=said))
        clock = end + _PAUSE_MS
    duration = _wait(clock, pauses.get(len(spoken), 0))
    if utterances and not ended:
        other = Speaker.CUSTOMER if utterances[-1].speaker is Speaker.REP else Speaker.REP
        utterances.append(Utterance(start_ms=duration, end_ms=duration, speaker=other, text=""))
    return Scene(utterances=tuple(utterances), duration_ms=duration, ended=ended)


def _wait(clock: int, pause: int) -> int:
    """A silence is added, a negative pause is a time that has been reached (and a little more)."""
    return clock + pause if pause >= 0 else max(clock, -pause + 1000)
