"""Which models this box's configuration needs, and how each is tried once before it counts as installed."""

from collections.abc import Callable, Sequence
from pathlib import Path

from edge_agent import app
from edge_agent.assets import store
from edge_agent.assets.commands import Installation, install_models
from edge_agent.assets.manifest import shipped
from edge_agent.config import Config

ALWAYS = ("silero-vad", "ppocr-v6-small")
"""Where speech is, and what price tags say; both come inside packages of the appliance."""


def needed(settings: Config) -> tuple[str, ...]:
    return (settings.speech.model, *ALWAYS)


def wished(settings: Config, from_dir: Path | None = None) -> tuple[str, ...]:
    """What makes the box better and can be had right now; without it the box works all the same."""
    wanted = ((app.VOICES, settings.speech.roles), (app.PEOPLE, True))
    return tuple(name for name, on in wanted if on and store.at_hand(name, settings.paths.models, from_dir))


def install(
    settings: Config,
    names: Sequence[str] = (),
    *,
    from_dir: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Installation:
    """Install `names`, or what the configuration needs; each is loaded once for trial. MissingAsset, Unavailable."""
    from edge_agent.infer import test_load as try_onnx  # noqa: PLC0415

    return install_models(
        names or (*needed(settings), *wished(settings, from_dir)), settings.paths.models, from_dir=from_dir, progress=progress,
        test_loads={
            "speech-to-text": _try_whisper, "voice-embedding": _try_timbre, "voice-activity": try_onnx, "text-reading": try_onnx,
            "person-detection": _try_people,
        },
    )  # fmt: skip


def _try_whisper(folder: Path) -> None:
    from edge_agent.speech.recogniser import Recogniser  # noqa: PLC0415 - a heavy library

    Recogniser(folder, threads=1)


def _try_people(folder: Path) -> None:
    from edge_agent.infer import person_network  # noqa: PLC0415
    from edge_agent.shelf.floor.people import convert  # noqa: PLC0415 - brings numpy

    person_network(convert.model(folder, shipped().get(app.PEOPLE).converted or ""), threads=1)


def _try_timbre(folder: Path) -> None:
    from edge_agent.speech.timbre import Timbre  # noqa: PLC0415 - brings numpy

    Timbre(folder)
