"""The log: JSON lines to stderr (journald takes them), event names `noun.verb_past`, and an allow-list of keys.

A key that is not on the list is replaced by its name in `withheld`, so that no call can leak a text, a file name or a person.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

ALLOWED: Final = frozenset({
    "attempt", "bytes", "camera", "code", "count", "disk_free_bytes", "duration_ms", "epoch", "error", "event", "exit_code",
    "generation", "kind", "level", "model", "object", "pending", "pid", "port", "process", "reason", "recording", "rows", "rtf",
    "ruleset", "seq", "state", "step", "timestamp", "topic_leaf", "wait_s", "window",
})  # fmt: skip
"""Keys a log line may carry. `error` is the class name of an exception, `reason` one of our own short codes."""

_CODE_LENGTH = 96


def _only_allowed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    withheld = sorted(
        key for key, value in event.items()
        if key not in ALLOWED or not (isinstance(value, int | float | bool) or _is_code(value))
    )  # fmt: skip
    for key in withheld:
        del event[key]
    if withheld:
        event["withheld"] = withheld
    return event


def _is_code(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _CODE_LENGTH and value.isascii() and value.isprintable()


def configure(process: str) -> None:
    """Send everything to stderr as JSON; libraries at WARNING and reduced to their logger's name."""
    import structlog  # noqa: PLC0415 - `--help` answers without it

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(_Stderr()),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    root = logging.getLogger()
    root.handlers[:] = [_LibraryHandler()]
    root.setLevel(logging.WARNING)


class _Stderr:
    """Whatever standard error is at the time of writing."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


class _LibraryHandler(logging.Handler):
    """A library's warning becomes its logger's name and level; its text could quote its input."""

    def emit(self, record: logging.LogRecord) -> None:
        get().warning("library.warned", kind=record.name, step=record.levelname)


def get() -> Any:
    """The structlog logger. Event names are literals: `log.get().info("recording.sealed", recording=id)`."""
    import structlog  # noqa: PLC0415

    if not structlog.is_configured():
        configure("command")
    return structlog.get_logger()
