"""Train, cross-validate and export the price-tag detector:  python models/training/tags.py --help

Three stages: made-up shelves are drawn (once), the network learns on them alone, then on them and on the real photos.
`--cross-validate` trains the last stage once per group of photos taken in one place and scores each photo by the
network that saw none of its group; the network that is exported has seen all of them.
"""

import argparse
import copy
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from export import Told, difference, export
from measure import Scored, average_precision, found
from network import TagNet, loss
from pool import Photo, draw, made_up, real
from samples import Crops
from torch.utils.data import DataLoader

TELL_S = 20.0
HELD_BACK = 2_000_000
"""Made-up photos from this seed on are for reporting only."""


@dataclass(frozen=True, slots=True)
class Run:
    """How long and how fast to learn."""

    steps: int
    rate: float
    batch: int
    share: float
    seed: int
    workers: int
    device: str


def learn(net: Any, synthetic: list[Photo], photos: list[Photo], run: Run, history: list[float] | None = None) -> Any:
    """Train a copy of `net` and return its running average (Polyak), in evaluation mode, on the CPU.

    Each step's loss is added to `history`.
    """
    torch.manual_seed(run.seed)
    net = copy.deepcopy(net).to(run.device).train()
    mean = copy.deepcopy(net)
    optimiser = _optimiser(net, run.rate)
    crops = DataLoader(Crops(synthetic, photos, run.share, run.seed), batch_size=run.batch, num_workers=run.workers)
    told_at = time.monotonic()
    seen = [0.0, 0.0]
    for step, (pictures, heat, edges, weight) in enumerate(crops):
        if step == run.steps:
            break
        for group in optimiser.param_groups:
            group["lr"] = run.rate * _pace(step, run.steps)
        answer = net(pictures.to(run.device).float() / 255)
        score_loss, edge_loss = loss(answer, heat.to(run.device), edges.to(run.device), weight.to(run.device))
        optimiser.zero_grad()
        (score_loss + edge_loss).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
        optimiser.step()
        _average(mean, net, min(0.998, (1 + step) / (10 + step)))
        told = float(score_loss), float(edge_loss)
        seen = [0.98 * old + 0.02 * new for old, new in zip(seen, told, strict=True)]
        if history is not None:
            history.append(sum(told))
        if time.monotonic() - told_at > TELL_S:
            told_at = time.monotonic()
            print(json.dumps({"step": step, "score_loss": round(seen[0], 3), "edge_loss": round(seen[1], 3)}), flush=True)
    return mean.to("cpu").eval()


def _optimiser(net: Any, rate: float) -> Any:
    """AdamW; norms and biases do not decay."""
    plain = [value for value in net.parameters() if value.ndim < 2]
    decayed = [value for value in net.parameters() if value.ndim >= 2]
    return torch.optim.AdamW([{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}], lr=rate)


def _pace(step: int, steps: int) -> float:
    """A short rise, then half a cosine down."""
    warm = min(1.0, (step + 1) / min(100, max(1, steps // 10)))
    return warm * (0.02 + 0.98 * (1 + math.cos(math.pi * step / steps)) / 2)


def _average(mean: Any, net: Any, keep: float) -> None:
    with torch.no_grad():
        for old, new in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
            if old.dtype.is_floating_point:
                old.mul_(keep).add_(new, alpha=1 - keep)
            else:
                old.copy_(new)


def groups(photos: Sequence[Photo]) -> list[list[Photo]]:
    """Photos of one place stay together: their names are date, time, number of the place, number of the photo."""
    places: dict[str, list[Photo]] = {}
    for photo in photos:
        places.setdefault(photo.path.stem.split("_")[-2], []).append(photo)
    return list(places.values())


def cross_validate(net: Any, synthetic: list[Photo], photos: list[Photo], run: Run) -> tuple[dict[str, Any], list[Scored]]:
    """Average precision over all photos, each scored by a network that never saw its place."""
    folds = groups(photos)
    told: dict[Path, Scored] = {}
    for number, held in enumerate(folds):
        names = {photo.path for photo in held}
        seen = [photo for photo in photos if photo.path not in names]
        tuned = Told(learn(net, synthetic, seen, run)).eval()
        told.update({photo.path: one for photo, one in zip(held, found(tuned, held), strict=True)})
        partial = average_precision([told[photo.path] for photo in held], [photo.boxes for photo in held])
        print(json.dumps({"fold": number, "photos": len(held), "ap50": round(partial, 3)}), flush=True)
    answers = [told[photo.path] for photo in photos]
    return {"folds": len(folds), **figures(answers, photos)}, answers


def figures(told: Sequence[Scored], photos: Sequence[Photo]) -> dict[str, float]:
    """AP at two overlaps, and recall and precision at the score that serves both best."""
    truth = [photo.boxes for photo in photos]
    out = {f"ap{round(least * 100)}": round(average_precision(told, truth, least), 3) for least in (0.5, 0.6, 0.75)}
    return {**out, "tags": float(sum(len(one) for one in truth))}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for drawn photos and checkpoints")
    parser.add_argument("--real", type=Path, help="folder with images/ and labels/ (YOLO) of real photos")
    parser.add_argument("--cross-validate", action="store_true", help="also report the cross-validated figure on --real")
    parser.add_argument("--out", type=Path, help="write the ONNX file here")
    parser.add_argument("--photos", type=int, default=3000, help="made-up photos to draw")
    parser.add_argument("--steps", type=int, default=5000, help="steps on made-up photos alone")
    parser.add_argument("--tune", type=int, default=600, help="steps with real photos")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--loaders", type=int, default=1, help="processes that cut crops (0 = none of their own)")
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--smoke", action="store_true", help="a few photos and steps: shows that everything runs")
    chosen = parser.parse_args()
    if chosen.smoke:
        chosen.photos, chosen.steps, chosen.tune, chosen.batch, chosen.loaders = 6, 12, 4, 4, 0
    return chosen


def main() -> None:
    """Run the stages; a stage whose checkpoint lies in the work folder is not repeated."""
    chosen = _arguments()
    torch.set_num_threads(max(1, chosen.processes))
    torch.manual_seed(chosen.seed)
    reports = 3 if chosen.smoke else 60
    draw(chosen.work / "photos", 0, chosen.photos, chosen.processes)
    draw(chosen.work / "held-back", HELD_BACK, reports, chosen.processes)
    synthetic = made_up(chosen.work / "photos", 0, chosen.photos)
    unseen = made_up(chosen.work / "held-back", HELD_BACK, reports)
    final, report = _on_drawn(chosen, synthetic)
    report["synthetic"] = figures(found(Told(final).eval(), unseen), unseen)
    if chosen.real is not None:
        final, more = _with_real(chosen, final, synthetic, real(chosen.real))
        report |= more
    if chosen.out is not None:
        told = Told(final).eval()
        example = torch.rand(1, 3, 352, 640)
        export(told, example, chosen.out, {"picture": {2: "height", 3: "width"}, "told": {2: "rows", 3: "columns"}})
        np.savez(chosen.work / "check.npz", picture=example.numpy(), told=told(example).detach().numpy())
        report["onnx_difference"] = difference(told, example, chosen.out)
    print(json.dumps(report), flush=True)


def _on_drawn(chosen: argparse.Namespace, synthetic: list[Photo]) -> tuple[Any, dict[str, Any]]:
    """The network after made-up shelves alone, and its mean loss at the beginning and the end."""
    net, kept, history = TagNet(), chosen.work / "synthetic.pt", list[float]()
    if kept.exists():
        net.load_state_dict(torch.load(kept, map_location="cpu"))
        return net.eval(), {}
    net = learn(
        net, synthetic, [], Run(chosen.steps, 2e-3, chosen.batch, 0.0, chosen.seed, chosen.loaders, chosen.device), history
    )
    torch.save(net.state_dict(), kept)
    part = max(1, len(history) // 6)
    return net, {"loss": [round(float(np.mean(one)), 3) for one in (history[:part], history[-part:])]}


def _with_real(chosen: argparse.Namespace, base: Any, synthetic: list[Photo], photos: list[Photo]) -> tuple[Any, dict[str, Any]]:
    """The network after made-up shelves and all real photos, and the figures on these before, across and after."""
    report = {"real_never_seen": figures(found(Told(base).eval(), photos), photos)}
    print(json.dumps(report), flush=True)
    tune = Run(chosen.tune, 8e-4, chosen.batch, 0.45, chosen.seed + 1, chosen.loaders, chosen.device)
    if chosen.cross_validate:
        report["real_cross_validated"], answers = cross_validate(base, synthetic, photos, tune)
        _keep(chosen.work / "cross-validated.json", answers, photos)
        print(json.dumps(report), flush=True)
    final = learn(base, synthetic, photos, tune)
    torch.save(final.state_dict(), chosen.work / "final.pt")
    report["real_trained_on"] = figures(found(Told(final).eval(), photos), photos)
    return final, report


def _keep(path: Path, answers: Sequence[Scored], photos: Sequence[Photo]) -> None:
    rows = {
        photo.path.stem: [[*map(float, box), float(score)] for box, score in zip(*one, strict=True)]
        for photo, one in zip(photos, answers, strict=True)
    }
    path.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
