"""The shelf engine on rendered scenes with real weights and the real sandbox: every planted fault, and nothing else."""

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from shipped import lexicon

from edge_agent.config import Limits
from edge_agent.domain.observation import Scanned
from edge_agent.domain.shelf import Seen
from edge_agent.sandbox import decode_key_frames
from edge_agent.shelf.engine import ShelfEngine
from edge_agent.shelf.setup.bay import load
from edge_agent.tagging.sight.watch import Watch

pytestmark = [pytest.mark.model, pytest.mark.timeout(1200)]

SAMPLES = Path(__file__).parents[2] / "edge_agent" / "samples"
CODES = {
    "out_of_stock": "shelf.out_of_stock",
    "misplaced": "shelf.misplaced",
    "price_tag_mismatch": "shelf.price_tag_mismatch",
    "price_tag_missing": "shelf.price_tag_missing",
}


@pytest.fixture(scope="module")
def ocr():
    rapidocr = pytest.importorskip("rapidocr")
    from edge_agent.infer import DETECTOR, RECOGNISER, ocr_engine

    models = Path(rapidocr.__file__).parent / "models"
    return ocr_engine(models / DETECTOR, models / RECOGNISER, 1)


@pytest.fixture(scope="module")
def engine(ocr):
    return ShelfEngine(ocr=ocr, model_digest="0" * 64)


def planted(truth: Path) -> set[tuple[str, str, str, str]]:
    faults = tomllib.loads(truth.read_text(encoding="utf-8"))["fault"]
    return {
        (CODES[one["kind"]], one["slot"], one.get("seen_sku", ""), one.get("price", "")) for one in faults if one["kind"] in CODES
    }


def found(findings) -> set[tuple[str, str, str, str]]:
    scanned = Scanned(recording="scan", place="shelf:bay", began_at=datetime.now(UTC), observations=findings.observations)
    slots = [(tag.code, dict(tag.slots)) for tag in Watch(lexicon()).seen(scanned) if "slot" in dict(tag.slots)]
    return {(code, one["slot"], one.get("seen_sku", ""), one.get("price", "")) for code, one in slots}


def test_the_bundled_scene_has_exactly_its_planted_faults(engine):
    plan = load(SAMPLES / "bay-a" / "bay.toml")
    with (SAMPLES / "shelf-1.mp4").open("rb") as video:
        findings = engine.score(video, plan)
    assert found(findings) == planted(SAMPLES / "shelf-1.truth.toml")
    score = findings.score
    assert score.osa.planned == score.planogram.planned == len(plan.slots)
    assert min(score.osa.coverage, score.price.coverage) >= 0.9
    assert score.planogram.good <= score.osa.good < score.osa.assessed
    assert findings.picture.startswith(b"\x89PNG")


@pytest.mark.parametrize("seed", [217, 431])
def test_a_scene_nobody_tuned_for_has_exactly_its_planted_faults(engine, tmp_path, seed):
    from edge_agent.samples.scene import Options, render_scene
    from edge_agent.samples.scene_video import Encoding

    render_scene(seed, tmp_path, Options(encoding=Encoding(fps=2)))
    with (tmp_path / "shelf.mp4").open("rb") as video:
        findings = engine.score(video, load(tmp_path / "bay.toml"))
    assert found(findings) == planted(tmp_path / "truth.toml")
    strangers = {
        one["slot"]
        for one in tomllib.loads((tmp_path / "truth.toml").read_text(encoding="utf-8"))["fault"]
        if one["kind"] == "unknown_product"
    }
    seen = {one.slot: one.seen for one in findings.score.readings}
    assert all(seen[slot] is Seen.UNKNOWN for slot in strangers)


@dataclass
class KeyFrame:
    at_ms: int
    rgb: np.ndarray


@pytest.fixture(scope="module")
def spoilt(ocr):
    """Score the bundled scene after a change to each of its (every fourth) key frames."""
    plan = load(SAMPLES / "bay-a" / "bay.toml")
    with (SAMPLES / "shelf-1.mp4").open("rb") as video:
        frames = [KeyFrame(one.at_ms, one.rgb) for n, one in enumerate(decode_key_frames(video, Limits())) if n % 4 == 0]
    change = [lambda rgb, n: rgb]
    engine = ShelfEngine(
        ocr=ocr,
        model_digest="0" * 64,
        key_frames=lambda _: (KeyFrame(one.at_ms, change[0](one.rgb, n)) for n, one in enumerate(frames)),
    )

    def go(how):
        change[0] = how
        return engine.score(BytesIO(), plan)

    return go


def moved(matrix):
    return lambda rgb, _: cv2.warpAffine(rgb, np.float64(matrix), (rgb.shape[1], rgb.shape[0]))


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(lambda rgb, n: np.random.default_rng(n).integers(0, 255, rgb.shape).astype(np.uint8), id="unrelated"),
        pytest.param(lambda rgb, n: rgb[:, ::-1].copy(), id="mirrored"),
        pytest.param(lambda rgb, n: (rgb * 0.03).astype(np.uint8), id="lights off"),
        pytest.param(moved([[1, 0, 330], [0, 1, 0]]), id="camera panned"),
        pytest.param(moved([[1.4, 0, -380], [0, 1.4, -220]]), id="camera zoomed"),
        pytest.param(moved([[0.98, -0.17, 120], [0.17, 0.98, -150]]), id="camera turned"),
    ],
)
def test_a_video_that_does_not_show_this_bay_is_not_assessable(spoilt, how):
    findings = spoilt(how)
    assert found(findings) == set()
    assert {one.seen for one in findings.score.readings} == {Seen.NOT_ASSESSABLE}
    assert findings.score.osa.value is None
    assert findings.score.osa.coverage == findings.score.price.coverage == 0.0


def test_slots_behind_someone_who_never_leaves_are_not_assessable_and_the_rest_is(spoilt):
    def stand(rgb, n):
        hidden = rgb.copy()
        x = 860 + 5 * (n % 3)
        cv2.ellipse(hidden, (x, 660), (190, 560), 0, 0, 360, (58, 62, 90), -1)
        cv2.circle(hidden, (x, 110), 90, (176, 140, 120), -1)
        return hidden

    truth = planted(SAMPLES / "shelf-1.truth.toml")
    findings = spoilt(stand)
    assert found(findings) <= truth
    seen = [one.seen for one in findings.score.readings]
    assert 3 <= seen.count(Seen.NOT_ASSESSABLE) < len(seen) // 2


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(lambda rgb, n: cv2.GaussianBlur(rgb, (0, 0), 4), id="out of focus"),
        pytest.param(lambda rgb, n: np.clip(rgb * (1.15, 0.95, 0.7), 0, 255).astype(np.uint8), id="warm light"),
        pytest.param(lambda rgb, n: np.clip(rgb * 0.45, 0, 255).astype(np.uint8), id="dimmed"),
        pytest.param(moved([[1, 0, -40], [0, 1, 18]]), id="knocked a little"),
    ],
)
def test_bad_pictures_never_make_faults_up(spoilt, how):
    assert found(spoilt(how)) <= planted(SAMPLES / "shelf-1.truth.toml")
