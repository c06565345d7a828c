"""What a person who listens sees: each utterance as a line, and how it went."""

from typing import TYPE_CHECKING

from edge_agent import view
from edge_agent.documents import LiveEnded, LiveUtterance

if TYPE_CHECKING:
    from rich.table import Table


def spoken(said: LiveUtterance) -> str:
    """One utterance of a talk that goes on, as a line."""
    doubt = " (?)" if said.doubtful else ""
    return f"{view.clock(said.start_ms)} {view.SPEAKERS[said.speaker]}：{said.text}{doubt}"


def listened(ended: LiveEnded) -> "Table":
    """How listening went."""
    lines = view.table("实时收听 Listened", "项目 What", "结果 Result")
    late = "—" if ended.p50_ms is None else f"{ended.p50_ms} / {ended.p95_ms} ms"
    for name, value in (
        ("时长 Sound", view.clock(ended.duration_ms)),
        ("文字 Text", "实时 live" if ended.text == "on" else view.waits(ended.text)),
        ("句数 Utterances", str(ended.utterances)),
        ("延迟 Latency p50 / p95", late),
        ("来不及转写 Left for after the call", str(ended.left_out)),
        ("没来得及听 Not listened to in time", view.clock(ended.unheard_ms)),
        ("声卡丢失 Overruns", str(ended.xruns)),
        ("设备断开 Device went away", str(ended.gaps)),
        ("丢失采样 Lost samples", str(ended.lost_samples)),
        ("处理器 CPU", f"{view.percent(ended.cpu_share)} × {ended.processors}"),
    ):  # fmt: skip
        lines.add_row(name, value)
    for one in ended.recordings:
        state = view.STATES.get(one.state, one.state)
        note = view.REASONS.get(one.parked, one.parked) or (
            "" if one.text == "on" else f"无实时文字 no text：{view.waits(one.text)}"
        )
        lines.add_row(state, f"{one.id or '—'}  {view.clock(one.duration_ms)}  {note}")
    return lines
