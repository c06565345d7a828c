"""What a derived event lacked, as precisely as the findings tell: how many of how many, how far apart, in which order.

From codes and turns alone, so the same words serve a talk at hand and one whose transcript is sealed. A needed event that never
came is said elsewhere (`whynot`); here is what is left to say when all of them did.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from edge_agent.domain.tags import BehaviorTag
from edge_agent.lexicon.model import Event, Refs, Temporal, expand

Line = tuple[str, str]
Turns = Sequence[int]
_NEEDED: Final = ("of", "after", "followed_by", "opened_by")
"""Keys of which an event must come, unless it is the absence that is asked for."""


def lacking(event: Event, tags: Sequence[BehaviorTag], ids: Collection[str]) -> Iterable[Line]:
    """Lines in Chinese and English; none when a needed event did not come at all."""
    t = event.temporal
    turns = _Came(event, tags, ids)
    if event.kind != "absence" and any(getattr(t, key) is not None and not turns.of(getattr(t, key)) for key in _NEEDED):
        return
    found = [line for look in _LOOKS for line in look(t, turns)]
    yield from found or [("它的时间条件没有满足", "its timing did not hold")]


class _Came:
    """In which turns the events of a key came."""

    def __init__(self, event: Event, tags: Sequence[BehaviorTag], ids: Collection[str]) -> None:
        self._event, self._ids = event, ids
        self.by_code: Mapping[str, Turns] = {
            code: sorted(tag.turn for tag in tags if tag.code == code) for code in {tag.code for tag in tags}
        }

    def of(self, value: Refs | None) -> Turns:
        codes = expand(self._ids, value, own=self._event.id, exclude=self._event.temporal.exclude)
        return sorted(turn for code in codes for turn in self.by_code.get(code, ()))

    def missing(self, codes: Iterable[str]) -> list[str]:
        return [code for code in codes if not self.of(code)]


def _count(t: Temporal, came: _Came) -> Iterable[Line]:
    wanted, have = t.n_in_a_row or t.count or 0, len(came.of(t.of))
    if not wanted:
        return
    row = ("连续", " in a row") if t.n_in_a_row else ("", "")
    if have < wanted:
        yield f"需要{row[0]} {wanted} 次，出现了 {have} 次", f"it takes {wanted}{row[1]}, {have} came"
    elif t.window_turns is not None:
        yield f"{wanted} 次没有都在 {t.window_turns} 轮之内", f"no {wanted} of them within {t.window_turns} turns"
    else:
        yield (
            f"出现了 {have} 次，但不是所要求的 {wanted} 次（中间被打断、重复计算或不是同一对象）",
            f"{have} came, but not the {wanted} that are asked for (interrupted, repeated, or not of the same thing)",
        )


def _order(t: Temporal, came: _Came) -> Iterable[Line]:
    first, then = came.of(t.after), came.of(t.followed_by)
    if t.after is None or t.followed_by is None:
        return
    apart = [later - turn for turn in first for later in then if later >= turn]
    if not apart:
        yield "后一个事件只在前一个之前出现", "what should follow came only before"
    elif t.within_turns is not None and min(apart) > t.within_turns:
        yield (
            f"后一个事件隔了 {min(apart)} 轮才出现，超过 {t.within_turns} 轮",
            f"what should follow came {min(apart)} turns later, more than {t.within_turns}",
        )


def _after(t: Temporal, came: _Came) -> Iterable[Line]:
    anchors = came.of(t.after or t.opened_by)
    for key in ("not_followed_by", "not_preceded_by", "unless", "closed_by"):
        early = key == "not_preceded_by"
        turns = [
            turn for turn in came.of(getattr(t, key)) if not anchors or (turn <= anchors[-1] if early else turn >= anchors[0])
        ]
        if turns:
            said = "、".join(str(turn + 1) for turn in turns[:4])
            yield (
                f"`{key}` 的事件出现在第 {said} 轮，所以不成立",
                f"`{key}`: it came in turn {said.replace('、', ', ')}, which rules it out",
            )


def _parts(t: Temporal, came: _Came) -> Iterable[Line]:
    if t.chain is not None:
        gone = came.missing(t.chain)
        yield (
            (f"链条缺 {'、'.join(gone)}", f"the chain lacks {', '.join(gone)}")
            if gone
            else ("链条各环都有，但先后或间隔不对", "every link came, but not in order or not close enough")
        )
    if t.any_order is not None:
        gone, wanted = came.missing(t.any_order), t.at_least or len(t.any_order)
        have = len(t.any_order) - len(gone)
        yield (
            (f"需要 {wanted} 种，出现了 {have} 种", f"it takes {wanted} kinds, {have} came")
            if have < wanted
            else (
                f"{have} 种都有，但不在 {t.within_turns or '所要求的'} 轮之内",
                f"{have} kinds came, but not close enough together",
            )
        )
    if t.all_required is not None:
        gone = came.missing(t.all_required)
        yield (
            (f"还没到判定的时候；尚缺 {'、'.join(gone)}", f"not due yet; lacking so far: {', '.join(gone)}")
            if gone
            else (
                "要求的都出现了",
                "everything that is asked for came",
            )
        )


def _absent(t: Temporal, came: _Came) -> Iterable[Line]:
    limits = (
        (t.until_turn, "没有到第 {0} 轮", "turn {0} was not reached"),
        (t.until_s, "没有到 {0:g} 秒", "{0:g} s were not reached"),
        (t.until or t.unresolved_until, "没有正常结束", "there was no real end"),
    )
    if t.of is None or t.count or t.n_in_a_row or (t.until_turn is None and t.until_s is None and t.until is None):
        return
    turns = came.of(t.of)
    if turns:
        yield f"它在第 {turns[0] + 1} 轮就出现了", f"it did come, in turn {turns[0] + 1}"
        return
    for limit, zh, en in limits:
        if limit is not None:
            yield f"{zh.format(limit)}，或另有条件不满足", f"{en.format(limit)}, or another condition did not hold"


def _measured(t: Temporal, _: _Came) -> Iterable[Line]:
    for key, zh, en in (
        ("all", "没有同时满足", "did not hold together"),
        ("any", "一个都没有满足", "did not hold, none of them"),
    ):
        said = getattr(t, key)
        if said:
            yield f"{'；'.join(said)}：{zh}", f"{'; '.join(said)}: {en}"


_LOOKS: Final[Sequence[Callable[[Temporal, _Came], Iterable[Line]]]] = (_count, _order, _after, _parts, _absent, _measured)
