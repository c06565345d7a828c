"""A copy of what the box holds about one person, and its erasure.

The copy has codes, times and reasons, in `subject.json`; the recordings themselves stay sealed, and `README.txt` says how to ask
LEGAL and HR for them. Erasure shreds every key, withdraws the tags at HQ and forgets which recordings were this person's; what
remains (audit rows, withdrawn tags) names recordings by ids that lead to nobody.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_agent import answers, app, cards, privilege, retention
from edge_agent.config import Config
from edge_agent.documents import (
    Erased,
    Exported,
    ObjectLine,
    StatementLine,
    SubjectFile,
    SubjectOpening,
    SubjectRecording,
    SubjectTag,
    encode,
)
from edge_agent.domain.consent import Party, Statement
from edge_agent.domain.insights import Insights
from edge_agent.domain.recording import Recording
from edge_agent.domain.scores import named
from edge_agent.errors import NotAllowed, NotFound, Unavailable
from edge_agent.subject.acting import acting

if TYPE_CHECKING:
    from edge_agent.ledger.reading import LedgerReader
    from edge_agent.tagging.tagger import RuleTagger

_HOW: Final = """\
本文件夹是门店设备上与您有关的全部记录（subject.json）：
录音录像的编号与时间、发现的行为标签及理由、谁在何时申请或打开过、同意记录。
录音、文字稿与画面本身一直加密存放，任何一个人都打不开；
如需查阅，请向门店提出，由法务与人事共同放行（edge-agent request 对象编号）。

This folder is everything the store's appliance holds about you (subject.json): ids and times of recordings, behaviour tags
with their reasons, who asked to open or opened what and when, and the consent records. Recordings, transcripts and pictures
stay sealed and no single person can open them; to see one, ask the store: LEGAL and HR release it together
(edge-agent request OBJECT).
"""


def export(settings: Config, party: Party, code: str, output: Path) -> Exported:
    """Write the copy into a new folder. NotFound: nothing here is about that person. NotAllowed: the folder exists."""
    from edge_agent.ledger import consents, subjects  # noqa: PLC0415 - after parsing

    with acting(settings) as act:
        pseudonym = act.pseudonym(party, code)
        with answers.reader(settings) as book:
            wanted = set(book.viewing(lambda view: subjects.recordings_of(view, party, pseudonym)))
            said = book.viewing(lambda view: consents.statements(view, party, pseudonym))
            if not wanted and not said:
                raise NotFound("nothing here is linked to that person", remedy="check the code", zh="本机没有与此人有关的记录")
            rules, plan = app.tagger(settings), _plan(settings, book)
            recordings = [_recording(book, rules, one, plan) for one in book.recordings() if one.id in wanted]
            late = book.viewing(lambda view: [one for id_ in wanted for one in consents.statements(view, Party.RECORDING, id_)])
        found = SubjectFile(
            party=party.value, pseudonym=pseudonym, gateway=settings.gateway, made_at=app.SystemClock().now().isoformat(),
            recordings=recordings, statements=[_statement(one) for one in (*said, *late)],
        )  # fmt: skip
        act.ledger.noted("subject.exported", party=party.value, recordings=len(recordings))
    with privilege.raised():
        _write(output, encode(found))
    return Exported(party=party.value, recordings=len(recordings), tags=sum(len(one.tags) for one in recordings))


def erase(settings: Config, party: Party, code: str) -> Erased:
    """Shred, withdraw and forget. NotFound: nothing here is about that person. NotAllowed: a legal hold stands against it."""
    with acting(settings) as act:
        found = act.ledger.keeping.erase(party, act.pseudonym(party, code))
        outcome = act.carry_out(found)
        act.ledger.forget_deleted()
    return Erased(party=party.value, recordings=list(found), shredded=outcome.shredded, pending=outcome.pending)


def _plan(settings: Config, book: "LedgerReader") -> dict[str, retention.Due]:
    from edge_agent.ledger import keeping  # noqa: PLC0415

    planned = retention.plan(settings.retention, app.policy(settings), book.viewing(keeping.kept))
    return {one.kept.recording: one for one in planned}


def _recording(book: "LedgerReader", rules: "RuleTagger", one: Recording, plan: dict[str, retention.Due]) -> SubjectRecording:
    objects = book.all_objects(one.id)
    tags = []
    for stored in book.tags(one.id):
        explained = rules.explain(stored.tag)
        tags.append(SubjectTag(tag=answers.tag_line(one.id, stored.tag), zh=list(explained.zh), en=list(explained.en)))
    due = plan.get(one.id)
    concluded, said = book.insights(one.id) or Insights(), book.overrides(one.id)
    gone = book.gone(named(concluded))
    return SubjectRecording(
        recording=one.id, kind=one.circumstances.kind.value, state=one.state.value, parked=one.parked,
        consent=one.circumstances.consent.value, started_at=one.circumstances.started_at.isoformat(),
        captured_at=one.captured_at.isoformat(), shred_at=due.at.isoformat() if due else "", rule=due.rule if due else "",
        held=due.kept.held if due else False, objects=[ObjectLine(object=ident, kind=kind) for ident, kind in objects], tags=tags,
        channel=one.circumstances.channel, facts=book.facts(one.id),
        openings=[
            SubjectOpening(at=at, kind=kind, object=str(body.get("object", "")), request=str(body.get("request", "")))
            for at, kind, body in book.opening_events({ident for ident, _ in objects})
        ],
        scorecards=[cards.scorecard(rules.lexicon, scored, said, one.id, gone=gone) for scored in concluded.scorecards],
        card=cards.opportunity(rules.lexicon, concluded.card, one.id, gone=gone).entries,
    )  # fmt: skip


def _statement(said: Statement) -> StatementLine:
    return StatementLine(
        statement=said.id, party=said.party.value, recording=said.subject if said.party is Party.RECORDING else "",
        verb=said.verb.value, basis=said.basis, at=said.at.isoformat(), since=said.since.isoformat(),
        until=said.until.isoformat() if said.until else "",
    )  # fmt: skip


def _write(output: Path, document: str) -> None:
    """A folder of our own, 0700, files 0600: what is in it is about a person."""
    try:
        output.mkdir(mode=0o700)
        for name, text in (("subject.json", document + "\n"), ("README.txt", _HOW)):
            file = output / name
            file.touch(mode=0o600)
            file.write_text(text, encoding="utf-8")
    except FileExistsError:
        raise NotAllowed("the folder exists already", remedy="give a new one with -o", zh="文件夹已存在") from None
    except OSError as error:
        raise Unavailable(f"the folder cannot be written ({error.strerror})", remedy="check its rights and its disk") from error
