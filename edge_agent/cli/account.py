"""Root's commands act as the account that owns the state directory, so that no file of root's is left where services must write.

What root could read and write before it still can (CAP_DAC_OVERRIDE), such as a folder for `-o FILE`, and it may give a file to
the uplink's account (CAP_CHOWN). Nothing else is kept, and programs it starts get none of it.
"""

import ctypes
import os
from pathlib import Path
from typing import Final

CHOWN: Final = 0
DAC_OVERRIDE: Final = 1
_KEPT: Final = 1 << CHOWN | 1 << DAC_OVERRIDE
_VERSION_3: Final = 0x20080522
_PR_SET_KEEPCAPS: Final = 8


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    """One of the two halves (capabilities 0-31 and 32-63) of the three sets."""

    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def act_as_owner(state: Path) -> bool:
    """Become the owner of `state` when we are root and it belongs to somebody else; whether anything changed.

    Raises:
        OSError: the kernel refused; nothing may go on then.
    """
    if os.geteuid() != 0:
        return False
    try:
        owner = state.stat()
    except FileNotFoundError:
        return False
    if owner.st_uid == 0:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    _asked(libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setgroups(os.getgrouplist(_name(owner.st_uid), owner.st_gid))
    os.setresgid(owner.st_gid, owner.st_gid, owner.st_gid)
    os.setresuid(owner.st_uid, owner.st_uid, owner.st_uid)
    kept = (_Set * 2)(_Set(_KEPT, _KEPT, 0))
    _asked(libc.capset(ctypes.byref(_Header(_VERSION_3, 0)), kept))
    return True


def _name(uid: int) -> str:
    import pwd  # noqa: PLC0415 - root's business only

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _asked(status: int) -> None:
    if status:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
