"""What the demo shows at its end: tags with reasons, the shelf, what was sealed, the JSON that left, and HQ's rows."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent import answers, opening, view
from edge_agent.documents import Demo, DemoRecording, DemoTag, HqCount, SealedLine, TagLine, WireCount

if TYPE_CHECKING:
    from edge_agent.demo.stage import Stage

SHOWN_REASONS = 3


def collect(stage: "Stage") -> Demo:
    """Read the ledger, the vault, the listener and HQ's store."""
    settings = stage.settings
    recordings = answers.recordings(settings)
    shelf = answers.shelf_scores(settings)
    counted = hq_count(stage)
    pictures = [_picture(stage, line.recording) for line in shelf]
    return Demo(
        recordings=[
            DemoRecording(id=line.id, kind=line.kind, state=line.state, sample=sample)
            for line, sample in zip(recordings, stage.samples, strict=True)
        ],
        tags=[
            DemoTag(
                code=line.code,
                recording=line.recording,
                start_ms=line.start_ms,
                end_ms=line.end_ms,
                speaker=line.speaker,
                confidence=line.confidence,
                turn=line.turn,
                status=line.status,
            )
            for line in answers.tags(settings)
        ],
        shelf=shelf,
        sealed=[SealedLine(object=one.object, kind=one.kind, bytes=one.bytes, hot=one.hot) for one in answers.sealed(settings)],
        hq=counted,
        wire=WireCount(messages=len(stage.listener.envelopes()), bytes=sum(map(len, stage.listener.envelopes()))),
        pictures=[str(path) for path in pictures],
    )


def hq_count(stage: "Stage") -> HqCount:
    """Asked of HQ's own tool, over HQ's own database."""
    rows = stage.hq_rows()
    return HqCount(rows=rows["n"], missing=rows["missing"], duplicates=rows["duplicates"])


def _picture(stage: "Stage", recording: str) -> Path:
    """The evidence picture, opened the only way there is: a request, two releases, one opening."""
    settings, root = stage.settings, stage.root
    target = answers.picture_of(settings, recording)
    request = root / "officers" / f"{target}.request.json"
    opening.request(settings, target, purpose="demo", hours=1.0, output=request)
    shares = []
    for role in ("legal", "hr"):
        share = root / "officers" / f"{target}.{role}.share"
        subprocess.run(
            [
                sys.executable,
                "-m",
                "edge_agent.officer",
                "release",
                str(request),
                "--key",
                str(root / "officers" / f"{role}.key"),
                "-o",
                str(share),
            ],
            capture_output=True,
            check=True,
        )
        shares.append(share)
    picture = root / f"{recording}.png"
    opening.unseal(settings, target, shares=shares, output=picture, identity=False)
    return picture


def show(found: Demo, stage: "Stage") -> None:
    """The readable summary, on stdout."""
    console = view.console()
    settings = stage.settings
    names = answers.event_names(settings)
    for recording in found.recordings:
        lines = answers.tags(settings, recording=recording.id)
        console.print(f"\n■ {recording.sample}  {recording.id}  {view.STATES[recording.state]}")
        if lines:
            console.print(view.tags(lines, names))
        for line in _weightiest(lines):
            console.print(view.why(answers.why(settings, line.id)))
    for score, picture in zip(found.shelf, found.pictures, strict=True):
        console.print(view.shelf(score))
        console.print(f"货架图 Picture of the bay: {_kept(stage, Path(picture), score.bay)}")
    console.print(view.sealed(found.sealed))
    largest = max((one for one in stage.listener.envelopes() if b'"cn.sx.tags.v1"' in one), key=len)
    console.print("\n离开本机的数据（其中一条，原样）  One message that left, byte for byte:")
    console.print_json(largest.decode())
    console.print(
        f"\n共 {found.wire.messages} 条、{found.wire.bytes} 字节离开；"
        f"总部 {found.hq.rows} 行，缺 {found.hq.missing}，重 {found.hq.duplicates}。\n"
        f"{found.wire.messages} messages, {found.wire.bytes} bytes left; HQ holds {found.hq.rows} rows, "
        f"{found.hq.missing} missing, {found.hq.duplicates} double."
    )


def _weightiest(lines: list[TagLine]) -> list[TagLine]:
    order = list(view.SEVERITIES)
    return sorted(lines, key=lambda line: -order.index(line.severity))[:SHOWN_REASONS]


def _kept(stage: "Stage", picture: Path, bay: str) -> Path:
    """Where the picture can be looked at after the demo has cleaned up."""
    if stage.kept:
        return picture
    lasting = Path(tempfile.gettempdir()) / f"edge-agent-demo-{bay}.png"
    shutil.copyfile(picture, lasting)
    return lasting
