"""What a terminal or a pipe shows."""

from zoneinfo import ZoneInfo

import pytest

from edge_agent import view
from edge_agent.documents import TextQuality
from edge_agent.ids import new_id


def test_the_id_of_a_recording_is_never_broken_over_two_lines_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """As `retention plan` prints it, with the longest words there are."""
    made = view.table("销毁计划 Retention plan", "销毁时间 Shredded", "录音 Recording", "状态 State", "依据 Rule", "备注 Note")
    recording = new_id()
    longest = [max(words.values(), key=len) for words in (view.STATES, view.RULES, view.REASONS)]
    made.add_row("2026-11-20T04:00", recording, *longest)
    view.console().print(made)
    assert recording in capsys.readouterr().out


def test_a_draft_is_called_so_and_says_why() -> None:
    noisy = TextQuality(draft=True, reasons=["noise", "narrow-band"], snr_db=11.1, band_hz=3093, logprob=-0.28, left_out_ms=4000)
    line = view.quality(noisy)
    assert "草稿" in line
    assert "噪声大" in line
    assert "11 dB" in line
    assert "3.1 kHz" in line
    assert "4 s" in line


def test_what_is_not_known_of_a_recording_is_not_shown() -> None:
    assert view.quality(TextQuality(draft=False, reasons=[], snr_db=None, band_hz=None, logprob=None)).endswith("可用 usable")


def test_every_reason_of_a_draft_has_words() -> None:
    from edge_agent.speech import quality

    named = {line.split()[0] for line in (quality.__doc__ or "").splitlines() if line.startswith("  ")}
    assert named == set(view.DRAFT)


def test_times_are_shown_as_the_clocks_of_the_store_do() -> None:
    assert view.moment("2026-11-20T00:30:59+00:00", ZoneInfo("Asia/Shanghai")) == "2026-11-20 08:30"
    assert view.moment("", None) == ""
