"""What the configuration says reaches the engines: each switch of `[speech]` alone, and the settings of `[live]`."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge_agent import app
from edge_agent.assets import store
from edge_agent.config import Config, Live, Speech
from edge_agent.domain.transcript import Speaker
from edge_agent.speech import recogniser, trade, transcriber
from edge_agent.speech.live import talk

SWITCHES = ("hints", "recovery", "filters", "hearing")


class Built:
    """Stands for an engine and keeps what it was built with, by the name of what it stands for."""

    def __init__(self) -> None:
        self.given: dict[str, dict[str, Any]] = {}

    def standing_for(self, name: str) -> Any:
        def build(*_: object, **options: object) -> str:
            self.given[name] = options
            return name

        return build


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> Built:
    found = Built()
    monkeypatch.setattr(app, "model", lambda _settings, _name: Path())
    monkeypatch.setattr(store, "digest_of", lambda _name, _into: "")
    for module, name in (
        (transcriber, "WhisperTranscriber"), (talk, "Live"), (recogniser, "Recogniser"), (trade, "Trade"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, found.standing_for(name))
    return found


@pytest.mark.parametrize("off", [*SWITCHES, None])
def test_each_switch_alone_reaches_the_transcriber(built: Built, off: str | None, tmp_path: Path) -> None:
    speech = msgspec.structs.replace(Speech(roles=False), **({off: False} if off else {}))
    assert app.Speech(Config(state=str(tmp_path), speech=speech)).engine == "WhisperTranscriber"
    given = built.given["WhisperTranscriber"]
    assert {name: given[name] for name in SWITCHES} == {name: name != off for name in SWITCHES}
    assert given["ear"].reason == "switched-off"


@pytest.mark.parametrize("on", [True, False])
def test_live_listening_minds_filters_recovery_and_the_pause(built: Built, on: bool, tmp_path: Path) -> None:
    settings = Config(state=str(tmp_path), speech=Speech(filters=on, recovery=on), live=Live(pause_ms=700))
    app.live(settings, (Speaker.REP,), ("铺货率",))
    assert (built.given["Live"]["filters"], built.given["Live"]["pause_ms"]) == (on, 700)
    assert (built.given["Trade"]["recovery"], built.given["Trade"]["hints"]) == (on, False)
