"""Loading: everything wrong is named at once, with file, line, entry and remedy; overlays and digests mean what they say."""

import shutil
from pathlib import Path

import pytest

from edge_agent.errors import BadConfig
from edge_agent.lexicon.load import load

SEED = Path(__file__).parents[1] / "golden" / "tagging" / "seed"

FIRST = '{{ of = "{}", first_in = "conversation" }}'
SAID = '[event.match]\nphrases = ["某某"]'
EVENT = """
[[event]]
id = "{id}"
zh = "事"
en = "thing"
definition = "…"
speaker = "customer"
kind = "{kind}"
severity = "info"
layer = "none"
temporal = {temporal}
{match}
[event.examples]
must = ["某某。"]
must_not = ["别的。"]
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "events").mkdir()
    (tmp_path / "terms.toml").write_text('[groups]\n"贵" = ["贵", "高"]\n', "utf-8")
    return tmp_path


def write(folder: Path, *events: str, name: str = "x") -> None:
    (folder / "events" / f"{name}.toml").write_text(f'family = "{name}"\n' + "".join(events), "utf-8")


def said(id_="x.said", match='[event.match]\nphrases = ["某某"]', temporal="{}"):
    return EVENT.format(id=id_, kind="occurrence", temporal=temporal, match=match)


def derived(kind: str, temporal: str, id_="x.derived", match=""):
    return EVENT.format(id=id_, kind=kind, temporal=temporal, match=match)


def fault(folder: Path) -> str:
    with pytest.raises(BadConfig) as caught:
        load(folder)
    return str(caught.value)


def test_seed_loads_and_every_event_has_a_digest():
    lexicon = load(SEED)
    assert set(lexicon.event_digests) == set(lexicon.events)
    assert {len(d) for d in lexicon.event_digests.values()} == {64}


def test_all_faults_are_named_at_once_with_file_and_line(folder):
    write(
        folder,
        said().replace('kind = "occurrence"', 'kind = "happening"'),
        said("x.two", '[event.match]\nphrases = ["某某"]\nfrases = ["x"]\ngap = 99'),
        derived("first", '{ of = "x.nothing", first_in = "conversation" }'),
    )
    message = fault(folder)
    lines = (folder / "events" / "x.toml").read_text("utf-8").splitlines()
    kind = next(n for n, row in enumerate(lines, 1) if "happening" in row)
    gap = next(n for n, row in enumerate(lines, 1) if row.startswith(("frases", "gap")))
    assert f"events/x.toml:{kind}: x.said" in message
    assert f"events/x.toml:{gap}: x.two" in message or f"events/x.toml:{gap + 1}: x.two" in message
    assert "x.nothing" in message
    assert message.startswith("3 problem(s)")


@pytest.mark.parametrize(
    ("what", "events"),
    [
        ("unknown reference", [derived("first", '{ of = "x.none", first_in = "conversation" }')]),
        ("unknown family", [derived("first", '{ of = "y.*", first_in = "conversation" }')]),
        ("stands twice", [said(), said()]),
        ("not of this file's family", [said("y.said")]),
        ("nothing to match", [said(match="")]),
        ("derived from other events", [said(), derived("first", FIRST.format("x.said"), match=SAID)]),
        ("first needs `first_in`", [said(), derived("first", '{ of = "x.said" }')]),
        ("repeat needs `count` or `n_in_a_row`", [said(), derived("repeat", '{ of = "x.said" }')]),
        ("sequence needs `after` or `chain` or `any_order`", [said(), derived("sequence", '{ of = "x.said" }')]),
        ("`after` alone is no sequence", [said(), derived("sequence", '{ after = "x.said" }')]),
        ("unresolved needs `closed_by`", [said(), derived("unresolved", '{ opened_by = "x.said", unresolved_until = "end" }')]),
        ("metric needs `all` or `any`", [derived("metric", "{}")]),
        ("is not a condition", [derived("metric", '{ all = ["turns => 3"] }')]),
        ("unknown flag `indoor`", [said(temporal='{ context = ["indoor"] }')]),
        ("unknown context `angry`", [said(match='[event.match]\nphrases = ["某某"]\ncontexts_off = ["angry"]')]),
        ("neither a slot nor a group", [said(match='[event.match]\nphrases = ["比{对手}贵"]')]),
        ("is a single character", [said(match='[event.match]\nphrases = ["贵"]')]),
        ("begins or ends with …", [said(match='[event.match]\nphrases = ["…贵的"]')]),
        ("at least two groups", [said(match='[event.match]\ncombos = [["价格|报价"]]')]),
        ("mixes a slot with words", [said(match='[event.match]\ncombos = [["花{金额}", "贵"]]')]),
        ("RE2 syntax", [said(match='[event.match]\npatterns = ["(?=贵)贵"]')]),
        ("matches the empty text", [said(match='[event.match]\npatterns = ["贵?"]')]),
        ("refers to itself through", [
            derived("first", FIRST.format("x.b"), "x.a"), derived("first", FIRST.format("x.a"), "x.b"),
        ]),
        ("has no example", [said().replace('must = ["某某。"]', "must = []")]),
    ],
)  # fmt: skip
def test_broken_model_is_refused(folder, what, events):
    write(folder, *events)
    message = fault(folder)
    assert {"unknown reference": "refers to `x.none`", "unknown family": "refers to `y.*`"}.get(what, what) in message
    assert " — " in message


def test_silence_can_be_nobodys_evidence(folder):
    silent = derived("metric", '{ all = ["silence_s > 8"] }', "metric.long_silence")
    write(folder, silent, name="metric")
    write(
        folder,
        derived("first", '{ of = "metric.long_silence", first_in = "conversation" }'),
        derived("metric", '{ all = ["silence_s > 3"] }', "x.m"),
    )
    message = fault(folder)
    assert "refers to silence" in message
    assert "uses silence as a condition" in message


def test_broken_toml_names_its_line(folder):
    (folder / "events" / "x.toml").write_text('family = "x"\n\nkind = = 3\n', "utf-8")
    assert "events/x.toml:3: file" in fault(folder)


def test_missing_folder_is_refused(tmp_path):
    assert "is not a folder" in fault(tmp_path / "none")


def test_comments_and_layout_leave_the_digest_alone(folder):
    write(folder, said())
    before = load(folder).digest
    path = folder / "events" / "x.toml"
    path.write_text("# a note\n" + path.read_text("utf-8").replace('zh = "事"', 'zh   =   "事"'), "utf-8")
    assert load(folder).digest == before


def test_any_change_of_content_changes_the_digest(folder):
    write(folder, said(), said("x.two"))
    before = load(folder)
    write(folder, said(), said("x.two", '[event.match]\nphrases = ["某某人"]'))
    after = load(folder)
    assert before.digest != after.digest
    assert before.event_digests["x.said"] == after.event_digests["x.said"]
    assert before.event_digests["x.two"] != after.event_digests["x.two"]


def test_company_folder_replaces_events_and_adds_words(folder, tmp_path_factory):
    company = tmp_path_factory.mktemp("company")
    (company / "events").mkdir()
    (company / "terms.toml").write_text('[groups]\n"贵" = ["天价"]\n', "utf-8")
    write(folder, said(), said("x.two"))
    write(
        company, said("x.two", '[event.match]\nphrases = ["我们自己的"]'), '\n[[extend]]\nevent = "x.said"\nphrases = ["也算"]\n'
    )
    lexicon = load(folder, company)
    assert lexicon.terms.groups["贵"] == ["天价"]
    assert lexicon.events["x.two"].matches()[0].phrases == ["我们自己的"]
    assert [x.phrases for x in lexicon.extends] == [["也算"]]
    assert lexicon.digest != load(folder).digest


def test_file_in_no_known_place_is_refused(folder):
    (folder / "rules.toml").write_text("a = 1", "utf-8")
    assert "is in no known place" in fault(folder)


def test_industry_file_is_read_with_products_brands_and_sayings(tmp_path):
    shutil.copytree(SEED, tmp_path / "seed")
    lexicon = load(tmp_path / "seed")
    fmcg = lexicon.industries["fmcg"]
    assert (fmcg.product[0].id, fmcg.brand[0].side, fmcg.extend[0].event) == ("soda-cracker", "rival", "price.objection")
    assert list(lexicon.overlay("nowhere")) == []
    assert list(lexicon.overlay("*")) == [fmcg]
