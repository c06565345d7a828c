"""Root's command becomes the account that owns the state, and keeps the right to write its output anywhere."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.root

OWNER = 61001
PROGRAM = """
import json, os, subprocess, sys
from pathlib import Path
from edge_agent.cli.account import act_as_owner
state, private = Path(sys.argv[1]), Path(sys.argv[2])
changed = act_as_owner(state)
(state / "made").write_text("x")
assert (state / "made").stat().st_uid == os.geteuid()
(private / "out").write_text("x")
try:
    os.setuid(0)
    kept = True
except PermissionError:
    kept = False
os.chown(state / "made", 61002, 61002)
child = subprocess.run(["/bin/cat", private / "secret"], capture_output=True, check=False).returncode
print(json.dumps({"changed": changed, "uid": os.geteuid(), "root again": kept, "child reads": child == 0}))
"""


def test_root_acts_as_the_owner_and_its_children_get_nothing(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.fail("accounts need root: run as root")
    state, private = tmp_path / "state", tmp_path / "private"
    for folder in (state, private):
        folder.mkdir(mode=0o700)
    (private / "secret").write_text("x")
    os.chown(state, OWNER, OWNER)
    done = subprocess.run([sys.executable, "-c", PROGRAM, state, private], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"changed": True, "uid": OWNER, "root again": False, "child reads": False}
    assert (state / "made").stat().st_uid == 61002
    assert (private / "out").is_file()


def test_a_state_that_is_roots_own_changes_nothing(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, tmp_path, tmp_path], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["uid"] == os.geteuid()


STRANGER = """
import os, sys
from pathlib import Path
from edge_agent.config import Config
from edge_agent.doctor import gather
from edge_agent.errors import NotAllowed
os.setgroups([]); os.setresgid(61009, 61009, 61009); os.setresuid(61009, 61009, 61009)
try:
    gather.gather(Config(state=sys.argv[1]))
except NotAllowed as error:
    print(error.message)
"""


def test_the_doctor_tells_a_stranger_to_come_as_root(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "keys").mkdir(parents=True, mode=0o700)
    for parent in (state, tmp_path, *tmp_path.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o011)
    done = subprocess.run([sys.executable, "-c", STRANGER, state], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "this account may not look into the box", done.stderr[-2000:]
