"""Judges the scans of one place: folds them in their order, and says what is new against the record, what fell, what is over.

The result is a function of the set of scans, whatever the order in which they were analysed: scans are taken by when they
began (then by id), a late one is inserted and everything after it is judged anew; what no longer follows is withdrawn, what is
no longer over is reopened. What goes from one scan to the next is in `Memory`, so a judgement needs no scan before the state it
starts from. A scan in which a suspending event (`names.SUSPENDING`) holds, or before which one
became final that is not closed, gives no verdict on anything else.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from itertools import chain
from typing import Final

import msgspec

from edge_agent.domain.history import ms_of
from edge_agent.domain.hours import OpenHours
from edge_agent.domain.observation import Observation, Scanned
from edge_agent.domain.tags import BehaviorTag, Status
from edge_agent.domain.watching import After, Closed, Placed, Series, Watched
from edge_agent.ids import new_id
from edge_agent.lexicon.conditions import Fact
from edge_agent.lexicon.model import Event, Lexicon
from edge_agent.tagging.explain import Explanation
from edge_agent.tagging.sight import telling
from edge_agent.tagging.sight.memory import Memory, Pending
from edge_agent.tagging.sight.model import Awaited, Visual
from edge_agent.tagging.sight.names import SUSPENDING, over_scans, unmeasured
from edge_agent.tagging.sight.run import Grounds, Look, Run, begun

_Key = tuple[str, str, str]
REMEMBERED: Final = 16
"""After so many of the last scans, and after the last one of each day, what is known is kept: a late scan starts from there."""


@dataclass(kw_only=True)
class Ended:
    """A run that is over: `closed` by a look, or (None) withdrawn, or an answer, which is over at once."""

    run: Run
    closed: Look | None = None


@dataclass(kw_only=True)
class Fold:
    """The scans of one place as they are taken in. `ended` is what ended on the way."""

    watch: "Watch"
    place: str
    memory: Memory = field(default_factory=Memory)
    ended: list[Ended] = field(default_factory=list)
    after: list[After] = field(default_factory=list)

    def remember(self, one: Scanned) -> None:
        """Keep what is known after this scan, which was taken last."""
        text = msgspec.json.encode(self.memory).decode()
        began_ms = ms_of(one.began_at)
        since_ms = min((run.first.began_ms for run in self.alive()), default=began_ms)
        self.after.append(After(began_ms=began_ms, recording=one.recording, state=text, since_ms=since_ms))

    def take(self, scanned: Scanned) -> None:
        """The next scan in order."""
        looks = [(_look(scanned, one), one) for one in scanned.observations]
        looks.sort(key=lambda at: (at[0].since, at[0].until, at[1].subject))
        blind = False
        for event in self.watch.suspending:
            if blind:
                return
            blind = self._suspends(event, looks)
        if blind:
            return
        for look, one in looks:
            values = self.memory.enriched(one, look, self.watch.hours)
            for event in self.watch.concerned(frozenset(values)):
                self._judge(event, one, look, self.memory.audited(event, one.subject, values))

    def _suspends(self, event: Visual, looks: Sequence[tuple[Look, Observation]]) -> bool:
        """Take in what the scan says of a suspending event; whether it says nothing of others."""
        shown = False
        for look, one in looks:
            values = dict(one.values)
            if event.names & values.keys():
                shown |= event.verdict(values) is True
                self._judge(event, one, look, values)
        return shown or any(run.event == event.id and run.proven is not None for run in self.memory.runs.values())

    def _judge(self, event: Visual, one: Observation, look: Look, values: Mapping[str, Fact]) -> None:
        key = f"{event.id}|{one.subject}"
        run = self.memory.runs.get(key)
        verdict = event.verdict(values) if run is None else event.shown(values)  # once it is open nobody counts again
        if verdict is None:
            return
        if run is not None and run.lapsed(look, self.place):
            self._end(run)
            run = None
        if verdict:
            shown = {name: values[name] for name in sorted(event.names) if name in values}
            grounds = Grounds(values=shown, confidence=one.confidence, slots=one.slots, detail=one.detail)
            run = run or begun(event.id, one.subject, look, grounds)
            self.memory.runs[key] = run
            if run.holds(look, grounds, event.sustain_ms):
                self._proven(event, run, look)
            if event.id in self.watch.awaited and run.proven is not None:
                self._unanswered(run, look)
        elif run is not None and run.fails():
            self._end(run, look if run.proven is not None else None)

    def _proven(self, event: Visual, run: Run, look: Look) -> None:
        if event.id in self.watch.answered:
            subjects = self.memory.unanswered.setdefault(event.id, [])
            if run.subject not in subjects:
                subjects.append(run.subject)
        awaited = self.watch.awaited.get(event.id)
        by_ms = None if awaited is None else self.watch.hours.after(run.first.since, awaited.within_ms)
        if awaited is not None and by_ms is not None:
            self.memory.pending[f"{awaited.id}|{run.subject}"] = Pending(first=run.first, by_ms=by_ms, grounds=run.grounds)
        if event.answers:
            self._end(run)
            waiting = self.memory.unanswered.get(event.answers, [])
            if run.subject in waiting:
                waiting.remove(run.subject)
            self._answered(event.id, run.subject, look)

    def _end(self, run: Run, closed: Look | None = None) -> None:
        self.memory.runs.pop(run.key, None)
        self.ended.append(Ended(run=run, closed=closed))
        if closed is not None:
            self._answered(run.event, run.subject, closed)

    def _unanswered(self, run: Run, look: Look) -> None:
        """The event that something has to answer still shows: is its time over?"""
        awaited = self.watch.awaited[run.event]
        pending = self.memory.pending.get(f"{awaited.id}|{run.subject}")
        if pending is None or pending.fired is not None or look.until < pending.by_ms:
            return
        found = begun(awaited.id, run.subject, pending.first, pending.grounds)
        found.scans, found.held, found.looks, found.confidence = list(run.scans), run.held, run.looks, run.confidence
        found.proven, found.stamp_ms = look, pending.by_ms
        pending.fired = found

    def _answered(self, code: str, subject: str, look: Look) -> None:
        """What was waited for came, or what it was about is over."""
        for awaited in self.watch.awaited.values():
            if code not in (awaited.after, *awaited.ends):
                continue
            pending = self.memory.pending.pop(f"{awaited.id}|{subject}", None)
            if pending is not None and pending.fired is not None:
                self.ended.append(Ended(run=pending.fired, closed=look))

    def alive(self) -> Iterator[Run]:
        """What is open or was just seen."""
        yield from self.memory.runs.values()
        yield from (one.fired for one in self.memory.pending.values() if one.fired is not None)


class Watch:
    """Implements `ports.Watch`. Without `hours` nothing is judged that counts the time in which the shop is open."""

    def __init__(self, lexicon: Lexicon, hours: OpenHours | None = None, *, make_id: Callable[[], str] = new_id) -> None:
        self._lexicon, self._make_id = lexicon, make_id
        self.hours = hours or OpenHours()
        judged = [event for _, event in sorted(lexicon.events.items()) if over_scans(event) and not unmeasured(event)]
        visual = [Visual.of(event) for event in judged if event.kind == "visual"]
        self.suspending = [one for code in SUSPENDING for one in visual if one.id == code]
        self._others = [one for one in visual if not one.suspends]
        self.awaited: Final = {one.after: one for one in (Awaited.of(event) for event in judged if event.kind == "sequence")}
        self.answered: Final = frozenset(one.answers for one in visual if one.answers)
        self.visual: Final = {one.id: one for one in visual}
        self._concerned: dict[frozenset[str], Sequence[Visual]] = {}

    @property
    def ruleset(self) -> str:
        """Digest of the lexicons in force."""
        return self._lexicon.digest

    @cached_property
    def basis(self) -> str:
        """Digest of all that a state rests on besides the scans."""
        return sha256(repr((self._lexicon.digest, self.hours)).encode()).hexdigest()

    @cached_property
    def codes(self) -> frozenset[str]:
        """The events that are judged over scans."""
        return frozenset([*self.visual, *(one.id for one in self.awaited.values())])

    def concerned(self, names: frozenset[str]) -> Sequence[Visual]:
        """The events of which an observation with these names can say anything; in order of their ids."""
        found = self._concerned.get(names)
        if found is None:
            found = self._concerned[names] = [one for one in self._others if one.names & names]
        return found

    def folded(self, series: Series, fold: Fold | None = None) -> Fold:
        """All scans of a series taken in, on top of `fold`, or of the series' own state."""
        if fold is None:
            fold = self._begun(series)
        for one, following in _ahead(series.scans):
            fold.take(one)
            if len(following) < REMEMBERED or following[0].began_at.date() != one.began_at.date():
                fold.remember(one)
        return fold

    def _begun(self, series: Series) -> Fold:
        memory = msgspec.json.decode(series.state, type=Memory) if series.state else Memory()
        return Fold(watch=self, place=series.place, memory=memory)

    def judge(self, series: Series) -> Watched:
        """What follows now; see `domain.watching`."""
        fold, taken = self._begun(series), set(series.changed)
        scans = iter(series.scans)
        late = chain(self._early(series, scans, fold), scans)
        before = {_key(run) for run in fold.alive()}
        fold.ended = []
        self.folded(replace(series, scans=_noting(late, taken)), fold)
        due = {_key(run): (run, closed) for run, closed in _standing(fold)}
        left = {
            key: old for old in series.stood
            if old.tag.code in self.codes and (key := telling.key_of(old)) is not None
            and (key in due or key in before or telling.decided_by(old.tag) in taken)
        }  # fmt: skip
        new: list[Placed] = []
        closing: dict[str, tuple[Placed, Look | None]] = {}
        for key, (run, closed) in due.items():
            made, old = self._placed(run), left.pop(key, None)
            if old is not None and just_so(old.tag, made.tag):
                made = old
            else:
                made = made if old is None else replace(made, tag=replace(made.tag, supersedes=old.tag.id))
                new.append(made)
            closing[made.tag.id] = (made, closed)
        gone = [self._withdrawn(old) for old in left.values()]
        over, again = _over(series, closing)
        return Watched(new=new, gone=gone, closed=over, reopened=again, after=fold.after)

    def _early(self, series: Series, scans: Iterator[Scanned], fold: Fold) -> Sequence[Scanned]:
        """Take in the scans before `since`; gives the first one after them, which was read by then."""
        first: list[Scanned] = []

        def before() -> Iterator[Scanned]:
            for one in scans:
                if _order(one) >= series.since:
                    first.append(one)
                    return
                yield one

        self.folded(replace(series, scans=before()), fold)
        return first

    def seen(self, scanned: Scanned) -> tuple[BehaviorTag, ...]:
        """The tags of one scan that nothing is known before, in the order of their stamps."""
        found = self.judge(Series(place=scanned.place, scans=[scanned]))
        return tuple(one.tag for one in sorted(found.new, key=lambda one: (one.tag.start_ms, one.tag.code, str(one.tag.slots))))

    def why_not(self, event: Event, scans: Sequence[Scanned]) -> Explanation:
        """Why an event did not come about in these scans of one place."""
        return telling.why_not(event, self.visual.get(event.id), scans)

    def _placed(self, run: Run) -> Placed:
        event = self._lexicon.events[run.event]
        tag = telling.tag_of(run, event, self.visual.get(run.event), self._lexicon.event_digests[run.event], self._make_id())
        return Placed(recording=run.first.recording, began_ms=run.first.began_ms, tag=tag)

    def _withdrawn(self, old: Placed) -> Placed:
        return replace(old, tag=replace(old.tag, id=self._make_id(), status=Status.WITHDRAWN, supersedes=old.tag.id, evidence=()))


def just_so(old: BehaviorTag, new: BehaviorTag) -> bool:
    """Whether nothing would be learnt from the new one."""
    return replace(old, id="", supersedes="") == replace(new, id="", supersedes="")


def _order(one: Scanned) -> tuple[int, str]:
    return (ms_of(one.began_at), one.recording)


def _look(scanned: Scanned, one: Observation) -> Look:
    until_ms = max(one.until_ms, one.from_ms)
    return Look(recording=scanned.recording, began_ms=ms_of(scanned.began_at), from_ms=one.from_ms, until_ms=until_ms)


def _ahead(scans: Iterable[Scanned]) -> Iterator[tuple[Scanned, Sequence[Scanned]]]:
    """Each scan with the next ones, at most `REMEMBERED` of them."""
    following: deque[Scanned] = deque()
    for one in scans:
        following.append(one)
        if len(following) > REMEMBERED:
            yield following.popleft(), following
    while following:
        yield following.popleft(), following


def _noting(scans: Iterable[Scanned], taken: set[str]) -> Iterator[Scanned]:
    """The same, their recordings noted as they come."""
    for one in scans:
        taken.add(one.recording)
        yield one


def _key(run: Run) -> _Key:
    return (run.event, run.subject, f"{run.first.recording}@{run.first.from_ms}")


def _standing(fold: Fold) -> Iterator[tuple[Run, Look | None]]:
    """Every run that has a tag, and the look that closed it."""
    for one in fold.ended:
        if one.run.proven is not None:
            yield one.run, one.closed
    for run in fold.alive():
        yield run, None


def _over(series: Series, closing: Mapping[str, tuple[Placed, Look | None]]) -> tuple[list[Closed], list[Closed]]:
    """Closings that are new, and those on record that no longer hold."""
    known = {one.tag: one for one in series.closed}
    over, again = [], []
    for tag_id, (placed, look) in closing.items():
        old = known.get(tag_id)
        if old is not None and (look is None or look.recording != old.by):
            again.append(old)
        if look is not None and (old is None or look.recording != old.by):
            over.append(Closed(tag=tag_id, recording=placed.recording, by=look.recording, at_ms=look.since))
    return over, again
