"""Readable tables for a terminal: zh-CN first, English second, no jargon. Nothing here decides anything."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from edge_agent.documents import (
    MetricsLine,
    TagLine,
    TextQuality,
    Why,
    WhyNot,
)
from edge_agent.view.base import clock, console, moment, percent, table
from edge_agent.view.box import CONTENTS, REASONS, STATES, doctor, openings, queue, sealed, status, waits
from edge_agent.view.sight import floor, shelf

if TYPE_CHECKING:
    from rich.table import Table

__all__ = [
    "CONTENTS",
    "DRAFT",
    "REASONS",
    "RULES",
    "SEVERITIES",
    "SPEAKERS",
    "STANDINGS",
    "STATES",
    "clock",
    "console",
    "doctor",
    "floor",
    "metrics",
    "moment",
    "openings",
    "percent",
    "quality",
    "queue",
    "sealed",
    "shelf",
    "status",
    "table",
    "tags",
    "waits",
    "why",
    "why_not",
]

SPEAKERS = {"rep": "销售 rep", "customer": "客户 customer", "unknown": "未知 unknown"}
SEVERITIES = {
    "info": "提示 info",
    "notice": "注意 notice",
    "warning": "警告 warning",
    "critical": "严重 critical",
}
DRAFT = {
    "noise": "噪声大 noisy",
    "unsure": "识别没有把握 recogniser unsure",
    "clipped": "录音过载失真 clipped",
    "quiet": "录音太轻 too quiet",
    "babble": "背景人声多 background voices",
    "narrow-band": "电话音质 telephone band",
}
STANDINGS = {
    "in-force": "有效 in force",
    "not-yet": "尚未生效 not yet",
    "expired": "已过期 expired",
    "withdrawn": "已撤回 withdrawn",
}
RULES = {
    "grace": "同意宽限期 grace for a consent record",
    "withdrawn": "客户已撤回 withdrawn",
    "rejected": "拒收文件 rejected file",
    "call": "普通录音 call",
    "shelf": "货架视频 shelf video",
    "floor": "卖场视频 floor video",
    "channel": "渠道触点 touch point",
    "warning": "有警告 a warning in it",
    "critical": "有严重发现 a critical finding in it",
}


METRICS: Final = (
    ("coverage", "说话人已知 Known speakers", "%"),
    ("talk_ratio", "销售说话占比 Talk ratio", "%"),
    ("longest_monologue_s", "销售最长独白 Longest monologue", "s"),
    ("longest_story_s", "客户最长讲述 Longest customer story", "s"),
    ("interactivity_per_min", "每分钟来回 Changes of speaker / min", ""),
    ("patience_s", "等待（中位数）Patience", "s"),
    ("interruptions_by_rep", "销售打断 Interruptions by the rep", ""),
    ("interruptions_by_customer", "客户打断 Interruptions by the customer", ""),
    ("silence_s", "静默（超过5秒的）Silence", "s"),
    ("rep_speed", "销售语速（字/分）Rep, characters / min", ""),
    ("customer_speed", "客户语速（字/分）Customer, characters / min", ""),
    ("rep_open_questions", "开放式提问 Open questions", ""),
    ("rep_closed_questions", "封闭式提问 Closed questions", ""),
)


def metrics(lines: Sequence[MetricsLine]) -> "Table":
    """One column per call; — is what cannot be measured."""
    made = table("通话指标 Talk metrics", "指标 Measure", *(line.recording[-12:] for line in lines))
    for name, title, unit in METRICS:
        made.add_row(title, *(_measured(getattr(line.metrics, name), unit) for line in lines))
    return made


def _measured(value: float | None, unit: str) -> str:
    if value is None:
        return "—"
    return f"{value:.0%}" if unit == "%" else f"{value:.1f} {unit}".strip() if isinstance(value, float) else str(value)


def tags(lines: Sequence[TagLine], names: dict[str, tuple[str, str]]) -> "Table":
    """Findings in order; `names` maps a code to its zh and en name."""
    made = table(
        "行为标签 Behaviour tags",
        "时刻 Time",
        "谁/哪里 Who, where",
        "发现 Finding",
        "代码 Code",
        "程度 Level",
        "把握 Sure",
        "编号 Tag",
    )
    for line in lines:
        zh, en = names.get(line.code, ("", ""))
        status = "" if line.status == "final" else f" ({'待确认' if line.status == 'provisional' else '已撤回'})"
        status += "（已解决 closed）" if line.closed_by else ""
        made.add_row(
            clock(line.start_ms),
            SPEAKERS.get(line.speaker, line.speaker) if line.turn >= 0 else _place(line),
            f"{zh}{status} {en}",
            line.code,
            SEVERITIES.get(line.severity, line.severity),
            f"{line.confidence:.2f}",
            line.id[-12:],
        )
    return made


def _place(line: TagLine) -> str:
    """The slot, product or zone of what was seen."""
    return " ".join(str(line.slots[name]) for name in ("bay", "slot", "sku", "zone") if name in line.slots) or "—"


def why(answer: Why) -> "Table":
    made = table(f"为什么 Why: {answer.name_zh} {answer.name_en}", "中文", "English")
    for zh, en in zip(answer.zh, answer.en, strict=True):
        made.add_row(zh, en)
    models = " ".join(digest[:12] for digest in answer.models)
    made.add_row(f"规则 {answer.tag.rule} {answer.rule_digest[:12]}", f"ruleset {answer.ruleset[:12]}, models {models}")
    return made


def why_not(answer: WhyNot) -> "Table":
    made = table(f"为什么没有 Why not: {answer.name_zh} {answer.name_en}", "中文", "English")
    for zh, en in zip(answer.zh, answer.en, strict=True):
        made.add_row(zh, en)
    return made


def quality(found: TextQuality) -> str:
    """How far a text can be relied on, and why, in one line."""
    parts = ["草稿，仅供查找 draft, for finding only" if found.draft else "可用 usable"]
    if found.reasons:
        parts.append("、".join(DRAFT.get(reason, reason) for reason in found.reasons))
    if found.snr_db is not None:
        parts.append(f"信噪比 SNR {found.snr_db:.0f} dB")
    if found.band_hz is not None:
        parts.append(f"频带 band {found.band_hz / 1000:.1f} kHz")
    if found.left_out_ms:
        parts.append(f"略去非人话 left out {found.left_out_ms / 1000:.0f} s")
    return "质量 Quality: " + " · ".join(parts)
