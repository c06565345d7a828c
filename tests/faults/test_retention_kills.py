"""Shredding under kill -9: wherever it dies, the ledger's decision is carried out by the next start, and never half said."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from box_world import BoxWorld, Party, Verb

from edge_agent.domain.recording import State
from edge_agent.errors import EdgeError

pytestmark = pytest.mark.fault

CHILD = """
    import os, signal, sys
    from datetime import timedelta
    from pathlib import Path
    sys.path[:0] = sys.argv[3:]
    from box_world import BoxWorld
    from edge_agent import retention

    step, left = sys.argv[2], 0
    world = BoxWorld(Path(sys.argv[1]))
    world.clock.pass_(timedelta(days=31))

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    class Keeper:
        def settled(self):
            return True

        def kept(self):
            return world.ledger.keeping.kept()

        def expiring(self, recordings):
            if step == "before the decision":
                die()
            world.ledger.keeping.expiring(recordings)
            if step == "after the decision":
                die()

        def to_shred(self):
            return world.ledger.keeping.to_shred()

        def shredded(self, recordings):
            if step == "before it is said":
                die()
            world.ledger.keeping.shredded(recordings)
            if step == "after it is said":
                die()

    class Vault:
        def shred(self, ids):
            if step.startswith("after "):
                for n in (0, 1, 4):
                    if step == f"after {n} objects":
                        world.vault.shred(ids[:n])
                        die()
            world.vault.shred(ids)

    retention.tick(Keeper(), Vault(), world.clock, rules=world.rules, policy=world.policy)
    print("done")
"""
STEPS = (
    "before the decision", "after the decision", "after 0 objects", "after 1 objects", "after 4 objects", "before it is said",
    "after it is said",
)  # fmt: skip
WORLDS = str(Path(__file__).parents[1] / "worlds")


def run(root: Path, step: str) -> subprocess.CompletedProcess[str]:
    script = [sys.executable, "-c", textwrap.dedent(CHILD), str(root), step, WORLDS]
    return subprocess.run(script, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_anywhere_is_finished_by_the_next_start(tmp_path: Path, step: str) -> None:
    world = BoxWorld(tmp_path)
    ids = [world.call(("rep", 0, f"会录音{n}"), name=f"{n}.wav").id for n in range(4)]
    held = world.call(("rep", 0, "会录音，保全"), name="held.wav").id
    world.ledger.keeping.hold(held, "case-17")
    kept = world.objects(held)
    world.close()

    killed = run(tmp_path, step)
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, ""), killed.stderr[-2000:]
    world = BoxWorld(tmp_path)
    assert world.ledger.verify_chain()
    gone = [one for one in ids if not world.vault.objects() or one not in world.vault.objects()]
    for one in ids:
        state = world.ledger.recording(one).state
        assert state is State.CLOSED or one in gone, "said before it was true"
    world.close()

    assert run(tmp_path, "never").stdout == "done\n"
    world = BoxWorld(tmp_path)
    assert {world.ledger.recording(one).state for one in ids} == {State.EXPIRED}
    assert world.query("SELECT * FROM shredding") == []
    assert sorted(world.vault.objects()) == sorted(kept)
    assert world.ledger.verify_chain()
    leaves = [kind for (kind,) in world.query("SELECT kind FROM audit")]
    assert (leaves.count("recording.expiring"), leaves.count("recording.expired")) == (4, 4)
    with pytest.raises(EdgeError):
        world.opened_by_two(ids[0], tmp_path / "out")
    world.close()


def test_a_withdrawal_whose_shredding_never_began_is_finished_by_the_next_start(tmp_path: Path) -> None:
    world = BoxWorld(tmp_path)
    done = world.call(("rep", 0, "会录音"), customer="C1")
    world.ledger.keeping.withdraw(world.state(Party.CUSTOMER, "C1", Verb.WITHDRAWN, ""))
    world.close()
    world = BoxWorld(tmp_path, clock=world.clock)
    assert world.ledger.recording(done.id).state is State.CLOSED
    assert world.shred() == 1
    assert world.ledger.recording(done.id).state is State.EXPIRED
    assert world.vault.objects() == []
    assert world.ledger.verify_chain()
    world.close()
