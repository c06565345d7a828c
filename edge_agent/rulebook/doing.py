"""What a rule does when it holds: who is told, how soon. The customer is never told anything."""

from collections.abc import Sequence

from edge_agent.rulebook.parts import Value, the_word
from edge_agent.rulebook.questions import Asked, ask
from edge_agent.rulebook.tree import LATEST_S, Action
from edge_agent.rulebook.words import Word


class Doing:
    """Methods are named after the grammar, see `building`."""

    def actions(self, children: Sequence[Value]) -> list[Action]:
        found = [action for group in children for action in group]
        return list(dict.fromkeys(found))

    def delay(self, children: Sequence[Value]) -> Value:
        word = children[0]
        seconds = 0 if word.kind == "NOW" else round(word.value * 60)
        if seconds > LATEST_S:
            raise ask(
                "window", "最晚30天内", "no later than in 30 days", at=word.text, choices=["2小时内", "24小时内", "30天内"]
            )  # fmt: skip
        return ("delay", seconds)

    def whos(self, children: Sequence[Value]) -> Value:
        return ("whos", list(children))

    def action(self, children: Sequence[Value]) -> list[Action]:
        delays = [c[1] for c in children if isinstance(c, tuple) and c[0] == "delay"]
        whos: list[Word] = next((c[1] for c in children if isinstance(c, tuple) and c[0] == "whos"), [])
        within = delays[0] if delays else None
        if the_word(children, "RECORD") is not None:
            return [Action(layer="none")]
        if the_word(children, "BLOCK") is not None:
            return [Action(layer="intercept", to="rep", within_s=within)]
        up = the_word(children, "ESCALATE") is not None
        if not whos and not up:
            raise _to_whom("")
        return [self._told(word, within, up=up) for word in whos] or [Action(layer="escalate", to="compliance", within_s=within)]

    def _told(self, word: Word, within: int | None, *, up: bool) -> Action:
        match str(word.value), up:
            case "rep", False:
                return Action(layer="tip", to="rep", within_s=within)
            case "manager", False:
                return Action(layer="alert", to="manager", within_s=within)
            case "manager", True:
                return Action(layer="escalate", to="manager", within_s=within)
            case "compliance", _:
                return Action(layer="escalate", to="compliance", within_s=within)
            case _:
                raise _to_whom(word.text)


def _to_whom(said: str) -> Asked:
    return ask(
        "to-whom",
        "提醒谁？只能提醒销售、店长，或者上报合规；不会联系客户",
        "who is told? the rep, the manager, or compliance; never the customer",
        at=said,
        choices=["提醒销售", "提醒店长", "上报合规"],
    )
