"""What who connects a system of the store asks of this box: hand a touch document over, check one, which facts it may deliver."""

from edge_agent import app, processes
from edge_agent.capture import asking, touch
from edge_agent.capture.arrival import TOUCH, translated
from edge_agent.config import Config
from edge_agent.documents import FactName, FactNames, TouchChecked, TouchFault, TouchSent
from edge_agent.errors import BadInput, NotAllowed, Unavailable
from edge_agent.ids import new_id
from edge_agent.tagging import delivered


def deliver(settings: Config, document: bytes) -> TouchSent:
    """Hand a document to the worker's socket; while no worker runs, put it into the spool, if it has no mistakes.

    Raises:
        NotAllowed: touches are switched off here, or the spool lies on a plain disk. Unavailable: it cannot be written.
    """
    if not settings.channel.accept:
        raise NotAllowed("touch points are switched off", remedy="set channel.accept = true", zh="渠道触点已关闭")
    try:
        answer = asking.ask(settings.channel_socket, document)
    except Unavailable:
        found = checked(settings, document)
        if not found.ok:
            return TouchSent(status="refused", reason="touch", recording=None, faults=found.faults)
        _spooled(settings, document)
        return TouchSent(status="queued", reason="", recording=None, faults=[])
    return TouchSent(
        status=answer.status, reason=answer.reason, recording=answer.recording or None,
        faults=[TouchFault(key=one.key, expected=one.expected) for one in answer.faults],
    )  # fmt: skip


def checked(settings: Config, document: bytes) -> TouchChecked:
    """Every mistake of a document; nothing is stored, and no person's code is needed to be one of this box."""
    try:
        _, content = app.touch_reader(app.tagger(settings), lambda _, code: code)(document)
    except touch.Faults as error:
        faults = [TouchFault(key=one.key, expected=one.expected) for one in error.mistakes]
        return TouchChecked(ok=False, channel="", messages=0, facts=0, faults=faults)
    except BadInput as error:
        return TouchChecked(
            ok=False, channel="", messages=0, facts=0, faults=[TouchFault(key="document", expected=error.message)]
        )
    said = touch.sealed(content)
    return TouchChecked(
        ok=True, channel=said.channel.value, messages=len(said.messages), facts=len(said.facts), faults=[]
    )  # fmt: skip


def known_facts(settings: Config) -> FactNames:
    """The closed set of facts, each with the events that ask for it; one with a Chinese name is there for rules."""
    rules = app.tagger(settings)
    named = {fact.name: fact.zh[0] for fact in rules.lexicon.facts}
    asked: dict[str, list[str]] = {}
    for event in rules.events:
        for name in delivered.names([event]):
            asked.setdefault(name, []).append(event.id)
    lines = (
        FactName(name=name, type="true/false" if kind is bool else "number", zh=named.get(name, ""), events=asked.get(name, []))
        for name, kind in sorted(rules.delivered.items())
    )
    return FactNames(facts=list(lines))


def _spooled(settings: Config, document: bytes) -> None:
    """Whole, durable and under a generated name, where the worker finds it once it runs."""
    from edge_agent.vault import durable  # noqa: PLC0415

    processes.leaves_no_traces(settings, "start the worker, or put the spool on tmpfs or an encrypted volume", settings.spool)
    try:
        settings.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise translated(error) from error
    durable.write(settings.spool / f"{new_id()}{TOUCH}", document)
