"""After `enter` a process and its children have Unix sockets and nothing else, and leave no dump."""

import json
import subprocess
import sys

PROGRAM = """
import json, resource, socket, subprocess, sys
from edge_agent import seclusion
assert not seclusion.is_secluded()
seclusion.enter()
def refused(family):
    try:
        socket.socket(family, socket.SOCK_DGRAM).close()
    except PermissionError:
        return True
    return False
families = {name: refused(getattr(socket, name)) for name in ("AF_INET", "AF_INET6", "AF_NETLINK", "AF_UNIX")}
child = subprocess.run([sys.executable, "-c", "from edge_agent import seclusion; print(seclusion.is_secluded())"],
                       capture_output=True, text=True, check=True).stdout.strip()
print(json.dumps({**families, "child": child, "core": resource.getrlimit(resource.RLIMIT_CORE)}))
"""


def test_every_family_but_unix_is_refused_here_and_in_children() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {
        "AF_INET": True, "AF_INET6": True, "AF_NETLINK": True, "AF_UNIX": False, "child": "True", "core": [0, 0],
    }  # fmt: skip
