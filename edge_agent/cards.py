"""Scorecards and opportunity cards as documents, in words and as tables: codes with their names, points with a person's."""

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from edge_agent import view
from edge_agent.documents import (
    CardEntryLine,
    GroundLine,
    ItemLine,
    OpportunityCard,
    OverrideLine,
    PlaceLine,
    ScorecardLine,
    ScoreWhy,
)
from edge_agent.domain.insights import CardEntry, Ground, Outcome, Place, Scorecard
from edge_agent.domain.scores import Override, latest_of, overridden, unjudged
from edge_agent.lexicon.model import expand, refs

if TYPE_CHECKING:
    from rich.table import Table

    from edge_agent.lexicon.model import Lexicon
    from edge_agent.lexicon.scorecards import CardItem

OUTCOMES: Final = {
    Outcome.MET: ("做到", "met"),
    Outcome.PARTLY: ("部分做到", "partly met"),
    Outcome.NOT_SEEN: ("没有出现", "not seen"),
    Outcome.NOT_MET: ("没有达到", "not met"),
    Outcome.FORBIDDEN: ("触犯禁止项", "forbidden"),
    Outcome.NOT_APPLICABLE: ("不适用，不计分", "does not apply"),
    Outcome.CUT: ("录音不完整，不计分", "recording cut, not judged"),
    Outcome.UNCLEAR: ("录音不清或说话人不明，不计分", "too unclear, not judged"),
    Outcome.UNKNOWN_SPEAKER: ("说话人不明，不计分", "speaker unknown, not judged"),
    Outcome.NOT_MEASURED: ("没有测量值，不计分", "not measured, not judged"),
    Outcome.CONTESTED: ("依据的标签已撤销，不计分", "rests on a finding taken back, not judged"),
}

FIELDS: Final = {
    "need": "需求 need",
    "budget": "预算 budget",
    "decision-maker": "决策人 decision maker",
    "timing": "时间 timing",
    "competitor": "竞品 competitor",
    "next-step": "下一步 next step",
    "action": "待办 action",
}
UNITS: Final = {"CNY": "元"}


def scorecard(
    lexicon: "Lexicon", card: Scorecard, said: Sequence[Override] = (), recording: str = "", *, gone: Container[str] = frozenset()
) -> ScorecardLine:
    """A card with the latest word of a person on each item (`said` oldest first), without what rests on tags that are `gone`."""
    kept = unjudged(card, gone)
    latest, now = latest_of(card.card, said), overridden(kept, said)
    asked = _asked(lexicon, card.card)
    file = lexicon.scorecards.get(card.card)
    items = []
    for one, scored in zip(card.items, now.items, strict=True):
        word, name = latest.get(one.item), asked.get(one.item)
        items.append(
            ItemLine(
                item=one.item, zh=name.zh if name else one.item, en=name.en if name else one.item, points=scored.points,
                machine_points=one.points, most=one.most, outcome=scored.outcome.value, critical=one.critical,
                grounds=[_ground(lexicon, ground, gone) for ground in one.grounds],
                override=OverrideLine(points=word.points, reason=word.reason, role=word.role, at=word.at.isoformat())
                if word is not None else None,
            )
        )  # fmt: skip
    return ScorecardLine(
        recording=recording, card=card.card, zh=file.zh if file else card.card, en=file.en if file else card.card,
        digest=card.digest, total=now.total, machine_total=card.total, coverage=now.coverage, zeroed_by=now.zeroed_by,
        items=items,
    )  # fmt: skip


def why(lexicon: "Lexicon", line: ScorecardLine) -> ScoreWhy:
    """Each item's points and what they rest on, in words; for what was not seen, what would have counted."""
    asked = _asked(lexicon, line.card)
    pairs = [_told(lexicon, item, asked.get(item.item)) for item in line.items]
    return ScoreWhy(scorecard=line, zh=[zh for zh, _ in pairs], en=[en for _, en in pairs])


def opportunity(
    lexicon: "Lexicon", entries: Sequence[CardEntry], recording: str = "", *, gone: Container[str] = frozenset()
) -> OpportunityCard:
    """What is known of the opportunity; what rests on tags that are `gone` is left out."""
    listed = (*lexicon.terms.product, *(one for file in lexicon.industries.values() for one in file.product))
    products = {one.id: one.names[0] for one in listed}
    return OpportunityCard(
        recording=recording,
        entries=[
            CardEntryLine(
                field=one.field.value, code=one.code, zh=_named(lexicon, products, one)[0], en=_named(lexicon, products, one)[1],
                value=one.value, unit=one.unit, due=one.due, side=one.side.value, confidence=round(one.confidence, 4),
                tag=one.tag, place=_place(one.at), earlier=[_place(at) for at in one.earlier],
            )
            for one in entries if one.tag not in gone
        ],
    )  # fmt: skip


def heading(line: ScorecardLine) -> str:
    """A scorecard in one line: total, coverage, and what made it 0."""
    total = "— 不足以评分 too little to judge" if line.total is None else f"{line.total:g}"
    zeroed = f" · 因 {line.zeroed_by} 归零 zeroed" if line.zeroed_by else ""
    machine = (
        "" if line.machine_total == line.total else f" · 机器 machine {'—' if line.machine_total is None else line.machine_total}"
    )
    return f"{line.zh} {line.en}: {total} · 可评比例 coverage {view.percent(line.coverage)}{zeroed}{machine}"


def scorecard_table(line: ScorecardLine) -> "Table":
    """One row per item; — is what was not judged."""
    where = f" · {line.recording}" if line.recording else ""
    made = view.table(heading(line) + where, "评分项 Item", "得分 Points", "结果 Outcome", "依据 Rests on")
    for one in line.items:
        points = "—" if one.points is None else f"{one.points:g}"
        by = "" if one.override is None else f" 人工 by {one.override.role}"
        grounds = [
            f"{view.clock(g.place.start_ms)} {g.zh}" if g.place is not None else f"{g.code} = {g.value}" for g in one.grounds
        ]
        made.add_row(
            f"{one.zh} {one.en}{' !' if one.critical else ''}",
            f"{points}/{one.most:g}{by}",
            " ".join(OUTCOMES[Outcome(one.outcome)]),
            "、".join(grounds),
        )
    return made


def card_table(found: OpportunityCard) -> "Table":
    made = view.table(
        f"商机卡 Opportunity card {found.recording}".rstrip(), "项目 Field", "内容 What", "数值 Value", "日期 Due",
        "谁说的 Said by", "时刻 Time", "把握 Sure",
    )  # fmt: skip
    for one in found.entries:
        value = f"{one.value.replace('/', '–')} {UNITS.get(one.unit, one.unit)}".strip() if one.unit else ""
        earlier = f"（改自 was at {'、'.join(view.clock(at.start_ms) for at in one.earlier)}）" if one.earlier else ""
        made.add_row(
            FIELDS[one.field], f"{one.zh} {one.code}", value, one.due, view.SPEAKERS[one.side],
            f"{view.clock(one.place.start_ms)}{earlier}", f"{one.confidence:.2f}",
        )  # fmt: skip
    return made


def _asked(lexicon: "Lexicon", card: str) -> "dict[str, CardItem]":
    file = lexicon.scorecards.get(card)
    return {item.id: item for item in file.item} if file is not None else {}


def _named(lexicon: "Lexicon", products: Mapping[str, str], one: CardEntry) -> tuple[str, str]:
    """What an entry is about, for people: the event, or what a code stands for."""
    event = lexicon.events.get(one.code)
    names = lexicon.card.zh
    if one.code == "product":
        return products.get(one.value, one.value), one.value
    if event is None:
        return names.get(one.code, one.code), one.code
    who = names.get(one.value, "")
    return f"{event.zh}：{who}" if who else event.zh, f"{event.en}: {one.value}" if who else event.en


def _ground(lexicon: "Lexicon", ground: Ground, gone: Container[str]) -> GroundLine:
    zh, en = event_names(lexicon, ground.code)
    return GroundLine(
        code=ground.code, zh=zh, en=en, tag=ground.tag, value=ground.value, against=ground.against,
        place=_place(ground.at) if ground.at is not None else None, gone=ground.tag in gone,
    )  # fmt: skip


def _place(at: Place) -> PlaceLine:
    return PlaceLine(utterance=at.utterance, char_start=at.char_start, char_end=at.char_end, start_ms=at.start_ms)


def event_names(lexicon: "Lexicon", code: str) -> tuple[str, str]:
    event = lexicon.events.get(code)
    return (event.zh, event.en) if event is not None else (code, code)


def _told(lexicon: "Lexicon", item: ItemLine, asked: "CardItem | None") -> tuple[str, str]:
    """One item in words."""
    outcome = OUTCOMES[Outcome(item.outcome)]
    points = "—" if item.points is None else f"{item.points:g}"
    zh, en = f"{item.zh} {points}/{item.most:g}：{outcome[0]}", f"{item.en} {points}/{item.most:g}: {outcome[1]}"
    if item.grounds:
        zh += "；" + "、".join(_at(ground)[0] for ground in item.grounds)
        en += "; " + ", ".join(_at(ground)[1] for ground in item.grounds)
    elif asked is not None and item.outcome in _MISSED:
        names = [event_names(lexicon, code) for code in _counting(lexicon, asked)]
        zh += "；这些可得分：" + "、".join(name for name, _ in names) if names else ""
        en += "; what would count: " + ", ".join(name for _, name in names) if names else ""
    if item.override is not None:
        machine = "—" if item.machine_points is None else f"{item.machine_points:g}"
        zh += f"；人工改分（{item.override.role}，{item.override.reason}），机器原分 {machine}"
        en += f"; by a person ({item.override.role}, {item.override.reason}), the machine's {machine}"
    return zh, en


_MISSED: Final = {Outcome.NOT_SEEN.value, Outcome.CUT.value, Outcome.UNCLEAR.value}


def _counting(lexicon: "Lexicon", asked: "CardItem") -> list[str]:
    given = [ref for level in asked.level for ref in (*refs(level.all), *refs(level.any))]
    return expand(lexicon.events, given)


def _at(ground: GroundLine) -> tuple[str, str]:
    if ground.place is None:
        return f"{ground.code} = {ground.value}", f"{ground.code} = {ground.value}"
    seconds = ground.place.start_ms // 1000
    when = f"{seconds // 60}:{seconds % 60:02d}"
    where_zh, where_en = f"第 {ground.place.utterance + 1} 句 {when}", f"utterance {ground.place.utterance + 1} at {when}"
    return f"{where_zh} {ground.zh}（{ground.code}）", f"{ground.en} ({ground.code}) in {where_en}"
