"""A bay plan is read as a whole or refused with every error at once."""

from pathlib import Path

import pytest

from edge_agent.errors import BadConfig, BadInput
from edge_agent.shelf.setup.bay import load, read_picture

PLAN = """
bay = "bay-a"
version = "1"
reference = "reference.jpg"
own = ["麦田"]

[[sku]]
id = "tea"
name = "麦田茶"
brand = "麦田"
price = "5"
photos = ["sku/tea.jpg"]

[[slot]]
id = "r1s1"
row = 1
sku = "tea"
facings = 2
area = [[0.1, 0.1], [0.4, 0.1], [0.4, 0.4], [0.1, 0.4]]
tag = [[0.1, 0.41], [0.2, 0.41], [0.2, 0.45], [0.1, 0.45]]
"""


def write(folder: Path, plan: str = PLAN) -> Path:
    (folder / "sku").mkdir(exist_ok=True)
    (folder / "reference.jpg").write_bytes(b"reference")
    (folder / "sku" / "tea.jpg").write_bytes(b"tea")
    path = folder / "bay.toml"
    path.write_text(plan, encoding="utf-8")
    return path


def test_a_good_plan_is_read_with_prices_in_cents_and_paths_beside_it(tmp_path):
    plan = load(write(tmp_path))
    assert plan.skus[0].price == "5.00"
    assert plan.reference == tmp_path / "reference.jpg"
    assert plan.slots[0].area[2] == (0.4, 0.4)


def test_the_digest_changes_with_the_plan_and_with_every_picture(tmp_path):
    first = load(write(tmp_path)).digest
    assert load(write(tmp_path)).digest == first
    (tmp_path / "sku" / "tea.jpg").write_bytes(b"another")
    second = load(tmp_path / "bay.toml").digest
    write(tmp_path, PLAN.replace('version = "1"', 'version = "2"'))
    assert len({first, second, load(tmp_path / "bay.toml").digest}) == 3


def test_all_errors_are_told_at_once(tmp_path):
    broken = (
        PLAN.replace('price = "5"', 'price = "five"')
        .replace("facings = 2", "facings = 0")
        .replace('"sku/tea.jpg"', '"sku/none.jpg"')
    ) + PLAN[PLAN.index("[[slot]]") :].replace("[0.4, 0.4], [0.1, 0.4]]", "[0.1, 0.4], [0.4, 0.4]]")
    with pytest.raises(BadConfig) as refusal:
        load(write(tmp_path, broken))
    told = refusal.value.message
    assert "处错误，请改正" in refusal.value.zh
    assert "sku tea" in told
    assert "slot r1s1: Expected `int` >= 1" in told
    assert "clockwise" in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('bay = "bay-a"', 'bay = "bay-a"\ncolour = "red"', "a key that is not known here"),
        ('bay = "bay-a"', 'bay = "Bay A"', "bay"),
        ('sku = "tea"', 'sku = "coffee"', "no sku coffee"),
        ('"reference.jpg"', '"../reference.jpg"', "stay inside"),
        ('"reference.jpg"', '"/etc/passwd"', "stay inside"),
        ('"sku/tea.jpg"', '"sku/gone.jpg"', "cannot be read"),
        ("[0.1, 0.1], [0.4, 0.1]", "[0.1, 1.1], [0.4, 0.1]", "area"),
        ("[0.1, 0.1], [0.4, 0.1]", "[0.4, 0.1], [0.1, 0.1]", "clockwise"),
        ("version = ", "version == ", "TOML"),
    ],
)
def test_one_error_is_named(tmp_path, old, new, told):
    with pytest.raises(BadConfig, match=told):
        load(write(tmp_path, PLAN.replace(old, new, 1)))


def test_an_id_used_twice_is_refused(tmp_path):
    with pytest.raises(BadConfig, match="r1s1 is used twice"):
        load(write(tmp_path, PLAN + PLAN[PLAN.index("[[slot]]") :]))


def test_a_missing_or_empty_file_is_refused(tmp_path):
    with pytest.raises(BadConfig, match="cannot be read"):
        load(tmp_path / "bay.toml")
    path = write(tmp_path)
    (tmp_path / "reference.jpg").write_bytes(b"")
    with pytest.raises(BadConfig, match="empty"):
        load(path)


def test_a_plan_picture_that_does_not_decode_is_the_plans_fault(tmp_path):
    plan = load(write(tmp_path))

    def decode(_):
        raise BadInput("damaged", "the picture is damaged")

    with pytest.raises(BadConfig, match=r"picture of the bay plan .*damaged"):
        read_picture(plan.reference, decode)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('bay = "bay-a"', 'bay = "bay-a"\n王小明 = 1'), ('own = ["麦田"]', 'own = ["王小明"]\ncompetitors = ["王小明"]'),
        ('own = ["麦田"]', 'own = ["麦田"]\n"王小明" = 1'), ('"sku/tea.jpg"', '"sku/王小明.jpg"'),
        ('"sku/tea.jpg"', '"../王小明.jpg"'),
        ('id = "tea"', 'id = "王小明"'), ("version = ", '"王小明" = 1\n"王小明" = 2\nversion = '),
    ],
)  # fmt: skip
def test_no_error_repeats_what_somebody_wrote(tmp_path, old, new):
    with pytest.raises(BadConfig) as refused:
        load(write(tmp_path, PLAN.replace(old, new, 1)))
    assert "王小明" not in refused.value.message
    assert "\\u" not in refused.value.message


@pytest.mark.parametrize("picture", ["reference.jpg", "sku/tea.jpg"])
def test_a_link_does_not_lead_out_of_the_plans_folder(tmp_path, picture):
    (tmp_path / "elsewhere.jpg").write_bytes(b"elsewhere")
    folder = tmp_path / "bay-a"
    folder.mkdir()
    path = write(folder)
    (folder / picture).unlink()
    (folder / picture).symlink_to(tmp_path / "elsewhere.jpg")
    with pytest.raises(BadConfig, match="stay inside"):
        load(path)
    (folder / "beside.jpg").write_bytes(b"beside")
    (folder / picture).unlink()
    (folder / picture).symlink_to(folder / "beside.jpg")
    assert load(path).bay == "bay-a"
