"""What a command keeps of root's rights once it acts as the box's own account: none in force, two that are raised for moments.

The folders that services write may hold a link laid by a service gone bad, so nothing in them is opened with root's rights. They
are raised only to open what a person named (`-o FILE`, a file to take in) and the uplink's folder, and only in the thread that
asks. In a process that kept nothing, which is every service, raising does nothing. Programs it starts get none.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Final, TypeVar

CHOWN: Final = 1 << 0
DAC_OVERRIDE: Final = 1 << 1
_VERSION_3: Final = 0x20080522
_kept: int = 0

T = TypeVar("T")


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    """One of the two halves (capabilities 0-31 and 32-63) of the three sets."""

    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def keep(rights: int) -> None:
    """Give up all rights but these, and have none of these in force; OSError when the kernel refuses."""
    global _kept  # noqa: PLW0603 - it is the process that keeps them
    _put(rights, 0)
    _kept = rights


@contextmanager
def raised(rights: int = DAC_OVERRIDE) -> Iterator[None]:
    """The kept ones of `rights` are in force while the block lasts."""
    before = _in_force() if _kept else 0
    more = before | rights & _kept
    if more == before:
        yield
        return
    _put(_kept, more)
    try:
        yield
    finally:
        _put(_kept, before)


class raised_at_both_ends(AbstractContextManager[T]):  # noqa: N801 - reads like `raised`
    """`inner`, entered and left with the rights in force, its block run without them."""

    def __init__(self, inner: AbstractContextManager[T]) -> None:
        self._inner = inner

    def __enter__(self) -> T:
        with raised():
            return self._inner.__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool | None:
        with raised():
            return self._inner.__exit__(kind, error, trace)


def _put(permitted: int, effective: int) -> None:
    _asked("capset", (_Set * 2)(_Set(effective, permitted, 0)))


def _in_force() -> int:
    sets = (_Set * 2)()
    _asked("capget", sets)
    return int(sets[0].effective)


def _asked(call: str, sets: "ctypes.Array[_Set]") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, call)(ctypes.byref(_Header(_VERSION_3, 0)), sets):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
