"""Root's command becomes the account that owns the state, and keeps the right to write its output anywhere."""

import base64
import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from edge_agent.vault.x25519 import Identity

pytestmark = pytest.mark.root

OWNER = 61001
PROGRAM = """
import json, os, subprocess, sys
from pathlib import Path
from edge_agent import privilege
from edge_agent.cli.account import act_as_owner
state, private = Path(sys.argv[1]), Path(sys.argv[2])
changed = act_as_owner(state)
(state / "made").write_text("x")
assert (state / "made").stat().st_uid == os.geteuid()
def refused(act):
    try:
        act()
    except PermissionError:
        return True
    return False
alone = refused(lambda: (private / "out").write_text("x")) and refused(lambda: os.chown(state / "made", 61002, 61002))
with privilege.raised():
    with privilege.raised():
        (private / "out").write_text("x")
    (private / "more").write_text("x")
alone = alone and refused(lambda: (private / "secret").read_text())
try:
    os.setuid(0)
    kept = True
except PermissionError:
    kept = False
with privilege.raised(privilege.CHOWN | privilege.DAC_OVERRIDE):
    os.chown(state / "made", 61002, 61002)
    child = subprocess.run(["/bin/cat", private / "secret"], capture_output=True, check=False).returncode
told = {"changed": changed, "uid": os.geteuid(), "root again": kept, "child reads": child == 0, "alone": not alone}
print(json.dumps(told))
"""


def reachable(folder: Path) -> None:
    """Another account may pass through to `folder`, which pytest makes root's alone."""
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o011)


def test_root_acts_as_the_owner_and_its_children_get_nothing(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.fail("accounts need root: run as root")
    state, private = tmp_path / "state", tmp_path / "private"
    for folder in (state, private):
        folder.mkdir(mode=0o700)
    (private / "secret").write_text("x")
    os.chown(state, OWNER, OWNER)
    reachable(tmp_path)
    done = subprocess.run([sys.executable, "-c", PROGRAM, state, private], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"changed": True, "uid": OWNER, "root again": False, "child reads": False, "alone": False}
    assert (state / "made").stat().st_uid == 61002
    assert (private / "out").is_file()


def test_a_state_that_is_roots_own_changes_nothing(tmp_path: Path) -> None:
    told = "import os, sys; from edge_agent.cli.account import act_as_owner; print(act_as_owner(sys.argv[1]), os.geteuid())"
    told = told.replace("sys.argv[1]", "__import__('pathlib').Path(sys.argv[1])")
    done = subprocess.run([sys.executable, "-c", told, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", str(os.geteuid())]


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Path, Path]:
    """A state directory of another account, which may have laid links in it, and a folder that is root's alone."""
    if os.geteuid() != 0:
        pytest.fail("accounts need root: run as root")
    state, private = tmp_path / "state", tmp_path / "private"
    for folder in (state, private):
        folder.mkdir(mode=0o700)
    os.chown(state, OWNER, OWNER)
    reachable(tmp_path)
    return state, private


COMMAND = """
import builtins, sys
from edge_agent import privilege
from edge_agent.cli import main
plain = builtins.__import__
def importing(*given, **named):  # an installed box's Python is everyone's to read, the one that runs this test may be root's
    with privilege.raised():
        return plain(*given, **named)
builtins.__import__ = importing
sys.exit(main(sys.argv[1:]))
"""


def command(state: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    here = {**os.environ, "EDGE_AGENT_CONFIG": os.devnull}
    run = [sys.executable, "-c", COMMAND, "--state", state, *arguments]
    return subprocess.run(run, capture_output=True, text=True, check=False, env=here)


OFFICERS = [str(Identity.generate().recipient) for _ in range(2)]
INIT = ("init", "--legal", OFFICERS[0], "--hr", OFFICERS[1])
HQ_KEY = ("--hq-key", base64.b64encode(bytes(32)).decode())


def test_root_makes_a_box_that_is_all_its_owners(planted: tuple[Path, Path]) -> None:
    state, private = planted
    done = command(state, *INIT, *HQ_KEY)
    assert done.returncode == 0, done.stderr
    made = list(state.rglob("*"))
    assert state / "keys" / "recipients.toml" in made
    assert {path.stat().st_uid for path in made} == {OWNER}
    (private / "a.wav").write_bytes(b"RIFF")
    (private / "a.toml").write_text("kind = 3", encoding="utf-8")
    refused = command(state, "ingest", private / "a.wav", "--meta", private / "a.toml")
    assert "sidecar" in refused.stderr, "what a person names is read with root's rights"


@pytest.mark.parametrize(
    "link", ["keys", "ledger", "ledger/ledger.db", "vault", "uplink", "uplink/hq.pub.part", "cache", "inbox"]
)
def test_no_link_laid_in_the_state_takes_root_anywhere(planted: tuple[Path, Path], link: str) -> None:
    state, private = planted
    (state / link).parent.mkdir(mode=0o700, exist_ok=True)
    os.chown((state / link).parent, OWNER, OWNER)
    (state / link).symlink_to(private / "evil.db" if "/" in link else private)
    command(state, *INIT, *HQ_KEY)
    assert list(private.iterdir()) == []


def test_a_ledger_behind_a_link_is_not_opened(planted: tuple[Path, Path]) -> None:
    state, _ = planted
    (state / "mine").mkdir()
    (state / "ledger").symlink_to(state / "mine")
    for path in (state / "mine", state / "ledger"):
        os.chown(path, OWNER, OWNER, follow_symlinks=False)
    done = command(state, *INIT)
    assert "lies behind a link" in done.stderr
    assert list((state / "mine").iterdir()) == []


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
    reachable(state)
    done = subprocess.run([sys.executable, "-c", STRANGER, state], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "this account may not look into the box", done.stderr[-2000:]


UPLINK = """
import sys
from pathlib import Path
from edge_agent import enrolment
from edge_agent.cli.account import act_as_owner
from edge_agent.config import Config
from edge_agent.errors import NotAllowed
settings = Config(state=sys.argv[1], uplink_user="nobody")
import pwd, os, edge_sync.durable, edge_agent.vault.durable
act_as_owner(settings.paths.root)
try:
    with enrolment._for_uplink(settings) as uplink:
        (uplink / "hq.pub").write_text("x")
except NotAllowed as error:
    print(error.message)
"""


def test_what_is_the_uplinks_becomes_its_own_and_no_link_in_it_is_followed(planted: tuple[Path, Path]) -> None:
    state, private = planted
    (private / "secret").write_text("x")
    uplink, nobody = state / "uplink", pwd.getpwnam("nobody").pw_uid
    (uplink / "tls-1").mkdir(parents=True, mode=0o700)
    (uplink / "tls-1" / "key.pem").write_text("x")
    (uplink / "to-file").symlink_to(private / "secret")
    (uplink / "to-folder").symlink_to(private)
    for path in (uplink, uplink / "tls-1", uplink / "tls-1" / "key.pem"):
        os.chown(path, OWNER, OWNER)
    uplink.chmod(0o700)
    run = [sys.executable, "-c", UPLINK, state]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == ""
    assert {path.lstat().st_uid for path in (uplink, *uplink.rglob("*"))} == {nobody}
    assert {path.stat().st_uid for path in (private, private / "secret")} == {0}
    uplink.rename(state / "away")
    uplink.symlink_to(private)
    assert "cannot be given" in subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert [path.name for path in private.iterdir()] == ["secret"]
