"""`edge-agent demo`: the whole product on bundled samples, as the separate processes it really is.

`stage` starts an embedded broker, HQ's sink, the worker and the uplink, and renames two sales calls and a shelf video into the
inbox; the rest is waiting and reading what came out. A listener on the broker keeps every message that left. The demo holds
both officers' keys, which no one person does outside it, so `summary` can show the picture the way two officers would.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent.demo import summary
from edge_agent.demo.stage import Stage
from edge_agent.documents import Demo
from edge_agent.errors import NotAllowed


def run(*, seed: int | None = None, keep: Path | None = None, quiet: bool = False) -> Demo:
    """Play the whole way once and give what came out; prints progress and a readable summary unless `quiet`.

    With `seed` a shelf scene is rendered for it and used instead of the bundled one (`scene/` under `keep` has its truth).

    Raises:
        Unavailable: a process ended or did not get done in time; the end of its log is on stderr.
        MissingAsset: the weights are not installed; the message says which package has them.
        NotAllowed: `keep` is not an empty folder.
    """
    with _folder(keep) as root, Stage(root, quiet=quiet, kept=keep is not None) as stage:
        stage.prepare()
        stage.start()
        stage.deliver(seed)
        stage.wait()
        stage.settle()
        found = summary.collect(stage)
        if not quiet:
            summary.show(found, stage)
        return found


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        made = Path(tempfile.mkdtemp(prefix="edge-agent-demo-"))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return
    keep.mkdir(parents=True, exist_ok=True)
    if any(keep.iterdir()):
        raise NotAllowed("the folder given to --keep is not empty", remedy="give a new one", zh="--keep 的目录不是空的")
    yield keep.resolve()
