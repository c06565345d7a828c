"""Listening live: one microphone is sealed as it is heard, and what is said in it comes out as text within two seconds.

    line (microphone) -> ear -> reel -> pipeline.take_in, recording after recording, here in the main thread
                            `-> text -> speech.live -> one utterance after the other

Each closed recording is an ordinary one: the worker analyses it as a whole. Rules:

- Sound is never dropped for the sake of text. A recording is closed every `capture.minutes`, so that a power cut costs no more
  than the last of them; the next goes on with the very next sample.
- Text is analysis: none without a consent that holds now, asked again every few seconds. A call that is to hold its own notice
  (`spoken`) gives no text while it lasts, since nobody has heard the notice yet.
- Who listens holds `paths.listening_lock` and writes its start into it: the worker leaves alone what was captured since then, and
  clears what an earlier listener that was killed left. While somebody speaks, and for a little longer, it also holds
  `paths.live_lock` and touches it: the worker's own recognition waits. In a quiet shop it goes on.
- Nothing said goes to the log.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

import msgspec

from edge_agent import app, locks, log, privilege, sandbox, seclusion, view
from edge_agent.capture import pump as pumping
from edge_agent.capture.claim import Claimed
from edge_agent.capture.pump import Pump
from edge_agent.capture.reel import circumstances
from edge_agent.config import Config, Source
from edge_agent.errors import BadInput, NotFound, Unavailable
from edge_agent.listening.session import ON, Listening, need_room
from edge_sync.process import stop_on_signals

if TYPE_CHECKING:
    from edge_agent.capture.line import Microphones

BUSY: Final = Unavailable("another process listens on this box", remedy="end it first", zh="本机已有实时收听在运行")


def source_of(settings: Config, name: str = "", device: str | None = None) -> Source:
    """The configured source of that name, or the first one; `device` takes another device for it. NotFound."""
    sources = settings.capture.sources
    found = next((one for one in sources if name in {"", one.name}), None)
    if found is None and (name or device is None):
        known = ", ".join(one.name for one in sources) or "none"
        raise NotFound(
            f"no such source (configured: {known})",
            remedy="add [[capture.sources]] to the configuration",
            zh="没有配置这个录音来源",
        )
    found = found or Source(name="device")
    return found if device is None else msgspec.structs.replace(found, device=device)


@contextmanager
def pumped(settings: Config, source: Source, file: Path) -> Iterator[tuple[Source, Pump]]:
    """A file in place of the source's microphone; it is decoded in the sandbox. BadInput."""
    try:
        with privilege.raised():
            media = file.open("rb")
    except OSError as error:
        raise BadInput(
            "unreadable", "the file cannot be read", remedy="check the path and its rights", zh="文件无法读取"
        ) from error
    with media:
        pump = Pump(sandbox.decode_audio(media, settings.limits))
        speakers = (*source.speakers, *("unknown",) * pump.channels)[: pump.channels]
        yield msgspec.structs.replace(source, rate_hz=pumping.RATE_HZ, speakers=speakers), pump


def listen(
    settings: Config,
    source: Source,
    *,
    pump: Path | None,
    emit: Callable[[msgspec.Struct], None],
    say: Callable[[str, str], None],
) -> None:
    """The command: listen until SIGINT or SIGTERM. `emit` takes the documents, `say` notes in Chinese and English.

    Raises:
        NotFound: this box has no keys yet. BadInput: the file. Unavailable: somebody listens already, `run capture` records this
        source, or the disk is nearly full.
    """
    log.configure("listen")
    stop = stop_on_signals()
    if pump is not None:
        with pumped(settings, source, pump) as (chosen, file):
            seclusion.enter()
            asked = _Asked(settings=settings, source=chosen, emit=emit, say=say, stop=stop)
            _listen(asked, file, over=lambda: file.over)
        return
    from edge_agent.capture.microphones import PortAudio  # noqa: PLC0415 - loads nothing of sound without a microphone

    seclusion.enter()
    microphones = Claimed(PortAudio(), settings.paths.inbox)
    microphones.claim(source)
    _listen(_Asked(settings=settings, source=source, emit=emit, say=say, stop=stop), microphones)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    settings: Config
    source: Source
    emit: Callable[[msgspec.Struct], None]
    say: Callable[[str, str], None]
    stop: Event


def _listen(asked: _Asked, microphones: "Microphones", over: Callable[[], bool] = lambda: False) -> None:
    settings, say = asked.settings, asked.say
    with locks.alone(settings.paths.listening_lock, BUSY), app.box(settings, beside=True) as box:
        need_room(box)
        first = circumstances(asked.source, box.kit.clock.now(), app.pseudonyms(box.keys))

        def told(why: str) -> None:
            if why == ON:
                say("现在边说边出文字", "text while it is said, from now on")
            else:
                say(f"只录音加密，不实时转写：{view.waits(why)}", "sealed only, no text while it is said")

        listening = Listening(
            box=box, source=asked.source, microphones=microphones, emit=asked.emit, stop=asked.stop, over=over, told=told,
            load=lambda: app.live(settings, first.channels, box.kit.tagger.terms(first)),
            behind=lambda: say("转写赶不上，通话结束后再分析", "text is behind; the call is analysed after its end"),
            away=lambda: say("找不到录音设备，插上后自动继续", "the sound device is not there; it goes on once it is plugged in"),
        )  # fmt: skip
        say("正在收听，按 Ctrl-C 结束", "listening, Ctrl-C ends it")
        log.get().info("listening.started", pid=os.getpid())
        listening.run()
