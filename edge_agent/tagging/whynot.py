"""Why a conversation did not bring an event about: the attempt that came closest, from codes and offsets only.

For an occurrence: a saying that stood without its context, one that was vetoed, one said by the other side, or one that stood
in part. For a derived event: which of the events it rests on came, and which did not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.check import REFERENCES
from edge_agent.lexicon.conditions import Fact
from edge_agent.lexicon.model import Event, expand, refs
from edge_agent.lexicon.when import Fact as Known
from edge_agent.lexicon.when import Node, leaves, named
from edge_agent.tagging.explain import Explanation
from edge_agent.tagging.hearing import Ear
from edge_agent.tagging.lacking import lacking
from edge_agent.tagging.matcher import Veto


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Attempt:
    """How close it came (0..1) and what was missing."""

    closeness: float
    zh: str
    en: str


def why_not(event: Event, conversation: Conversation, tags: Sequence[BehaviorTag], ear: Ear) -> Explanation:
    """`tags` are what the conversation did give; `ear` hears with its brands and trade."""
    if event.kind == "occurrence":
        attempts = [a for number, said in enumerate(conversation.utterances) for a in _attempts(event, number, said, ear)]
        best = max(attempts, default=_nothing(event, conversation, ear))
        return Explanation(zh=(f"{event.zh}：{best.zh}",), en=(f"{event.en}: {best.en}",))
    came = {tag.code for tag in tags}
    lines = list(_references(event, came, ear))
    if event.when is not None:
        lines += _conditions(event.when, came, dict(conversation.facts))
    if not conversation.ended:
        lines.append(("录音没有正常结束", "the recording has no real end"))
    lines += lacking(event, tags, ear.events)
    return Explanation(zh=tuple(f"{event.zh}：{zh}" for zh, _ in lines), en=tuple(f"{event.en}: {en}" for _, en in lines))


def _nothing(event: Event, conversation: Conversation, ear: Ear) -> _Attempt:
    """Not even part of a saying stood: the one that shares most characters in a row, if any; or nobody spoke."""
    voices = {event.speaker, Speaker.UNKNOWN} if event.speaker in ("rep", "customer") else {*Speaker}
    said = [(n, one) for n, one in enumerate(conversation.utterances) if one.speaker in voices and one.text]
    who_zh, who_en = {"rep": ("销售", "the rep"), "customer": ("客户", "the customer")}.get(event.speaker, ("双方", "anybody"))
    if not said:
        return _Attempt(closeness=0, zh=f"{who_zh}没有说话", en=f"{who_en} said nothing")
    near = [(*found, number) for number, one in said for found in ear.alike(one, event.id)]
    if not near:
        return _Attempt(
            closeness=0,
            zh=f"{who_zh}说的 {len(said)} 句里，没有它任何说法中连着的两个字",
            en=f"nothing said comes near it: {len(said)} utterances of {who_en} share no two characters with its sayings",
        )
    name, shared, length, number = max(near, key=lambda one: (one[1] / one[2], one[1]))
    return _Attempt(
        closeness=0.1,
        zh=f"第 {number + 1} 句与 {name} 只有连着的 {shared} 个字相同（共 {length} 个字）",
        en=f"utterance {number + 1} shares only {shared} characters in a row with {name} (of {length})",
    )


def _attempts(event: Event, number: int, said: Utterance, ear: Ear) -> Iterable[_Attempt]:
    at, place = f"第 {number + 1} 句", f"utterance {number + 1}"
    vetoes: list[Veto] = []
    for heard in ear.search(said, event.id, vetoes):
        for found in heard.found.get(event.id, ()):
            if said.speaker not in (Speaker.UNKNOWN, event.speaker) and event.speaker not in ("either", "none"):
                yield _Attempt(
                    closeness=0.6,
                    zh=f"{at}符合 {found.way.name}，但不是要求的说话人（{event.speaker}）",
                    en=f"{place} matches {found.way.name}, but was not said by {event.speaker}",
                )
                continue
            before = ", ".join([*refs(found.way.guard.match.after), *refs(event.temporal.after)])
            yield _Attempt(
                closeness=0.9,
                zh=f"{at}符合 {found.way.name}，但前面规定的轮次内没有 {before}",
                en=f"{place} matches {found.way.name}, but {before} did not come before it in time",
            )
        part = ear.partly(heard.view, event.id)
        if part is not None:
            yield _Attempt(
                closeness=0.5 * part[1] / part[2],
                zh=f"{at}只符合 {part[0]} 的 {part[2]} 组中的 {part[1]} 组（或隔得太远）",
                en=f"{place} has {part[1]} of the {part[2]} groups of {part[0]} (or too far apart)",
            )
    for veto in vetoes:
        zh, en = _REASONS[veto.reason]
        yield _Attempt(
            closeness=0.8,
            zh=f"{at}符合 {veto.way.name}，但{zh} {veto.detail}",
            en=f"{place} matches {veto.way.name}, but {en} {veto.detail}",
        )


_REASONS = {
    "exclude": ("被否决：", "it is vetoed by"),
    "context": ("处在不算的语境", "it stands in the context"),
    "no-context": ("不在要求的语境", "it does not stand in the context"),
}


def _references(event: Event, came: set[str], ear: Ear) -> Iterable[tuple[str, str]]:
    t = event.temporal
    for key in REFERENCES:
        codes = expand(ear.events, getattr(t, key), own=event.id, exclude=t.exclude) if key != "exclude" else []
        if not codes:
            continue
        found = [code for code in codes if code in came]
        zh = f"`{key}`：出现了 {', '.join(found)}" if found else f"`{key}`：{', '.join(codes)} 没有出现"
        en = f"`{key}`: {', '.join(found)} came" if found else f"`{key}`: none of {', '.join(codes)} came"
        yield zh, en


def _conditions(when: Node, came: set[str], facts: Mapping[str, Fact]) -> Iterable[tuple[str, str]]:
    """Each condition of a rule: which of its events came, whether its fact was delivered and what it said."""
    for leaf in leaves(when):
        if isinstance(leaf, Known):
            value = facts.get(leaf.name)
            wanted = f"{leaf.name} {leaf.op} {leaf.value}"
            if value is None:
                yield f"{wanted}：这个事实没有送来，是未知", f"{wanted}: this fact was not delivered and is unknown"
            else:
                yield f"{wanted}：实际是 {value}", f"{wanted}: it was {value}"
            continue
        codes = named(leaf)
        found = [code for code in codes if code in came]
        if codes:
            yield (
                f"出现了 {', '.join(found)}" if found else f"{', '.join(codes)} 没有出现",
                f"{', '.join(found)} came" if found else f"none of {', '.join(codes)} came",
            )
