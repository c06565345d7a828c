"""Root's commands act as the account that owns the state directory, so that no file of root's is left where services must write.

What root could read and write before, such as a folder for `-o FILE`, it can while `privilege.raised` says so, and there it may
give a file to the uplink's account. Nothing else is kept, and programs it starts get none of it.
"""

import ctypes
import os
from pathlib import Path
from typing import Final

from edge_agent import privilege

_PR_SET_KEEPCAPS: Final = 8


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
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.setgroups(os.getgrouplist(_name(owner.st_uid), owner.st_gid))
    os.setresgid(owner.st_gid, owner.st_gid, owner.st_gid)
    os.setresuid(owner.st_uid, owner.st_uid, owner.st_uid)
    privilege.keep(privilege.CHOWN | privilege.DAC_OVERRIDE)
    return True


def _name(uid: int) -> str:
    import pwd  # noqa: PLC0415 - root's business only

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
