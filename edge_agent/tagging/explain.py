"""Why a tag was given, and why one was not: in Chinese and English, from codes, offsets and numbers only, never a quote.

"Why not" looks for the attempt that came closest: a saying that stood but was vetoed, a hit outside its context, or the
event a rule still waited for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge_agent.domain.tags import BehaviorTag, Evidence
from edge_agent.lexicon.model import Event
from edge_agent.tagging.sight import words

_SPEAKERS: Final = {
    "rep": ("，销售", ", the rep"),
    "customer": ("，客户", ", the customer"),
    "unknown": ("，未知说话人", ", an unknown speaker"),
}
_LIMITS: Final = {
    "end": ("对话结束", "the end"),
    "cut": ("录音中断", "the recording was cut"),
    "closed": ("已闭环", "it was closed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The same lines in Chinese (for store staff) and English."""

    zh: tuple[str, ...]
    en: tuple[str, ...]


def explain(tag: BehaviorTag, events: Mapping[str, Event]) -> Explanation:
    """Lines that say what was found, when, and every condition that held."""
    event = events.get(tag.code)
    names = (event.zh, event.en) if event is not None else (tag.code, tag.code)
    zh_voice, en_voice = ("", "") if _seen(tag) else _SPEAKERS[tag.speaker.value]
    zh = [f"{names[0]}（{tag.code}，规则 {tag.rule}）：{_clock(tag.start_ms)}{zh_voice}，可信度 {tag.confidence:.2f}"]
    en = [f"{names[1]} ({tag.code}, rule {tag.rule}): {_clock(tag.start_ms)}{en_voice}, confidence {tag.confidence:.2f}"]
    for held in tag.evidence:
        line = describe(held, events)
        zh.append(line[0])
        en.append(line[1])
    if tag.known_at_ms > tag.end_ms:
        zh.append(f"到 {_clock(tag.known_at_ms)} 才能判定")
        en.append(f"known only at {_clock(tag.known_at_ms)}")
    return Explanation(zh=tuple(zh), en=tuple(en))


def _seen(tag: BehaviorTag) -> bool:
    """Whether it was judged over scans, where nobody speaks."""
    return any(one.kind == "subject" for one in tag.evidence)


def describe(held: Evidence, events: Mapping[str, Event]) -> tuple[str, str]:
    """One condition in Chinese and English."""
    event = events.get(held.detail.partition("@")[0])
    zh_name, en_name = (event.zh, event.en) if event is not None else (held.detail, held.detail)
    at = _clock(held.start_ms)
    zh_turn, en_turn = f"第 {held.turn + 1} 轮", f"turn {held.turn + 1}"
    zh_span, en_span = f"第 {held.char_start + 1}–{held.char_end} 字", f"characters {held.char_start + 1}-{held.char_end}"
    if held.kind == "sound":
        return f"{zh_turn} {at} {zh_span}听起来是说法 {held.detail}", f"{en_turn} {at} {en_span} sound like {held.detail}"
    if held.kind in ("phrase", "pattern"):
        return f"{zh_turn} {at} {zh_span}符合说法 {held.detail}", f"{en_turn} {at} {en_span} match {held.detail}"
    if held.kind == "context":
        return f"{zh_turn} {zh_span}表明语境 {held.detail}", f"{en_turn} {en_span} set the context {held.detail}"
    if held.kind == "window":
        zh_limit, en_limit = _LIMITS.get(held.detail, (_in_chinese(held.detail), held.detail))
        return f"自 {at} 起等到：{zh_limit}", f"waited from {at} until: {en_limit}"
    if held.kind in _PLAIN:
        zh, en = _PLAIN[held.kind]
        zh_detail, en_detail = words.said(held.detail) if held.kind == "condition" else (held.detail, held.detail)
        return zh.format(zh_name, zh_detail), en.format(en_name, en_detail)
    zh_role, en_role = _ROLES.get(held.kind, ("依据", "rests on"))
    return f"{zh_role} {zh_turn} {at} 的{zh_name}（{held.detail}）", f"{en_role} {en_name} ({held.detail}) in {en_turn} at {at}"


_PLAIN: Final = {
    "subject": ("位置：{1}", "place: {1}"),
    "scan": ("巡检录像 {1} 中成立", "held in the scan {1}"),
    "condition": ("条件成立：{1}", "condition met: {1}"),
    "votes": ("成立次数：{1}", "looks that held: {1}"),
    "sustain": ("已持续：{1}", "lasted: {1}"),
    "views": ("清晰画面：{1}", "clear views: {1}"),
    "reading": ("读到：{1}", "read: {1}"),
    "expected": ("应为：{1}", "expected: {1}"),
    "tag-of": ("价签上写的是：{1}", "the tag names: {1}"),
    "absent": ("没有出现 {0}（{1}）", "{0} ({1}) did not occur"),
    "measure": ("测得 {1}", "measured {1}"),
    "earlier": ("依据另一次对话里的{0}（{1}）", "rests on {0} ({1}) in another talk"),
    "needs-ear": (
        "说话人未知，需要人工听辨后再处理",
        "speaker unknown: a person has to listen before anything is done",
    ),
}
_ROLES: Final = {
    "reference": ("依据", "rests on"),
    "anchor": ("起点是", "began with"),
    "after": ("前提是", "came after"),
    "opened": ("由此打开：", "was opened by"),
    "closed": ("由此关闭：", "was closed by"),
    "miss": ("计一次：", "counted"),
    "link": ("链条一环：", "link of the chain:"),
}


def _in_chinese(limit: str) -> str:
    return limit.replace("turns", "轮").replace(" h", " 小时")


def _clock(ms: int) -> str:
    return f"{ms // 60_000:02d}:{ms // 1000 % 60:02d}.{ms % 1000 // 100}"
