"""What a terminal or a pipe shows."""

import pytest

from edge_agent import view
from edge_agent.ids import new_id


def test_the_id_of_a_recording_is_never_broken_over_two_lines_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """As `retention plan` prints it, with the longest words there are."""
    made = view.table("销毁计划 Retention plan", "销毁时间 Shredded", "录音 Recording", "状态 State", "依据 Rule", "备注 Note")
    recording = new_id()
    longest = [max(words.values(), key=len) for words in (view.STATES, view.RULES, view.REASONS)]
    made.add_row("2026-11-20T04:00", recording, *longest)
    view.console().print(made)
    assert recording in capsys.readouterr().out
