"""The log of this half: structlog, event = `noun.verb_past`, and an allow-list of keys.

Inside the appliance the appliance has configured structlog already and its own list rules; HQ's commands call `configure`.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

ALLOWED: Final = frozenset({
    "attempt", "bytes", "code", "count", "epoch", "error", "event", "first", "gateway", "generation", "kind", "last", "level",
    "pending", "port", "process", "reason", "repeats", "rows", "seq", "state", "timestamp", "topic_leaf", "wait_s",
})  # fmt: skip
"""Keys a line may carry. `error` is the class name of an exception, `reason` one of our own short codes."""


def configure(process: str) -> None:
    """JSON lines to stderr."""
    import structlog  # noqa: PLC0415 - `--help` answers without it

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
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


def get() -> Any:
    """The logger: `log.get().info("link.opened", port=1883)`."""
    import structlog  # noqa: PLC0415

    return structlog.get_logger()


class _Stderr:
    """Whatever standard error is at the time of writing."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def _only_allowed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    withheld = sorted(key for key in event if key not in ALLOWED)
    for key in withheld:
        del event[key]
    if withheld:
        event["withheld"] = withheld
    return event
