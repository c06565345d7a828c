"""The spoken term sets are what their README says: marked, spoken, split, and the everyday text holds no term."""

import tomllib
from pathlib import Path

import pytest
from made_sound import BABBLE, RATE_HZ, babble, decoded, music, silence, streams, white_noise
from term_sets import TALKERS, TERMS, clips, everyday, industries

SAMPLES = TERMS.parent
PAIRS = ("pair-1", "pair-2", "pair-3")
ALL = [one.id for one in industries()]


@pytest.mark.parametrize("one", industries(), ids=ALL)
def test_a_set_has_enough_terms_in_enough_natural_lines(one):
    assert len(one.lines) >= 20
    assert len(one.terms) >= 30
    assert {2, 3, 4} < {len(term) for term in one.terms}
    assert all(2 <= len(term) <= 7 for term in one.terms)
    for text, terms in one.lines:
        assert 12 <= len(text) <= 36, text
        assert 1 <= len(terms) <= 3, text
        assert all(term in text for term in terms)


def test_a_term_belongs_to_one_industry_and_is_marked_wherever_it_is_said():
    seen = [term for one in industries() for term in one.terms]
    assert len(seen) == len(set(seen))
    assert len(seen) >= 250
    for one in industries():
        for text, terms in one.lines:
            unmarked = text
            for term in terms:
                unmarked = unmarked.replace(term, "#")
            assert not [term for term in seen if term in unmarked], text


def test_what_is_tuned_on_and_what_is_judged_on_share_no_industry_and_no_talker():
    dev, judge = industries("dev"), industries("judge")
    assert (len(dev), len(judge)) == (4, 6)
    assert not set(TALKERS["dev"]) & set(TALKERS["judge"])
    assert sum(not one.lexicon for one in judge) >= 2
    known = {file.stem for file in (Path(__file__).parents[2] / "lexicons" / "industries").glob("*.toml")}
    assert all((one.id in known) == one.lexicon for one in (*dev, *judge))


@pytest.mark.parametrize("one", industries(), ids=ALL)
def test_every_line_is_spoken_by_both_talkers_of_its_split(one):
    listed = set()
    for talker in TALKERS[one.split]:
        spoken = clips(one.id, talker)
        assert [(clip.text, clip.terms) for clip in spoken] == list(one.lines)
        assert all(clip.file.read_bytes()[:4] == b"OggS" for clip in spoken)
        listed |= {clip.file for clip in spoken} | {spoken[0].file.parent / f"SET-{talker}.tsv"}
    assert listed == set((TERMS / "audio" / one.id).iterdir())


def test_the_audio_stays_small():
    assert sum(file.stat().st_size for file in (TERMS / "audio").rglob("*") if file.is_file()) < 6_000_000


def test_a_clip_is_heard_at_the_usual_level_with_quiet_edges():
    wave = decoded(clips("fmcg", "kumo")[0].file)
    assert 0.03 < (wave**2).mean() ** 0.5 < 0.2
    assert abs(wave[: RATE_HZ // 10]).max() < 0.01


def test_everyday_text_is_plenty_and_holds_no_term():
    text = {split: everyday(split) for split in ("dev", "judge")}
    assert sum(len(line) for lines in text.values() for line in lines) >= 20_000
    lines = [*text["dev"], *text["judge"]]
    assert len(lines) == len(set(lines))
    terms = [term for one in industries() for term in one.terms]
    assert not [(term, line) for line in lines for term in terms if term in line]


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_of_talkers_comes_with_exact_times(name):
    truth = tomllib.loads((SAMPLES / "pairs" / f"{name}.dialogue.toml").read_text("utf-8"))
    script = tomllib.loads((SAMPLES / "pairs" / f"{name}.script.toml").read_text("utf-8"))
    assert 70_000 <= truth["duration_ms"] <= 110_000
    said = [turn["text"] for turn in truth["turn"] if not turn.get("backchannel")]
    assert said == [turn["text"] for turn in script["turn"]]
    assert {turn["speaker"] for turn in truth["turn"]} == {"rep", "customer"}
    assert len(decoded(SAMPLES / "pairs" / f"{name}.ogg")) == pytest.approx(truth["duration_ms"] * 16, abs=1_600)
    starts = [turn["start_ms"] for turn in truth["turn"]]
    assert starts == sorted(starts)
    assert all(turn["end_ms"] <= truth["duration_ms"] for turn in truth["turn"])


def test_pairs_are_spoken_by_nobody_from_the_bundled_calls():
    scripts = [tomllib.loads((SAMPLES / "pairs" / f"{name}.script.toml").read_text("utf-8")) for name in PAIRS]
    heard = {voice for script in scripts for voice in script["voices"].values()}
    assert not heard & {"alpha", "kumo", "nezumi"}
    assert len(heard) >= 4


def test_babble_has_eight_talkers_who_never_pause_and_never_meet_again():
    assert len(list(BABBLE.glob("*.ogg"))) == 8
    assert len({len(voice) for voice in streams()}) == 8
    mixed = babble(40 * RATE_HZ, 3)
    loud = (mixed[: 39 * RATE_HZ].reshape(-1, RATE_HZ // 2) ** 2).mean(axis=1) ** 0.5
    assert loud.min() > 0.3 * loud.max()


@pytest.mark.parametrize("made", [white_noise, music, babble])
def test_made_sound_is_as_long_as_asked_and_the_same_for_the_same_seed(made):
    sound = made(5 * RATE_HZ, 7)
    assert (sound.shape, str(sound.dtype)) == ((5 * RATE_HZ,), "float32")
    assert (sound == made(5 * RATE_HZ, 7)).all()
    assert (sound != made(5 * RATE_HZ, 8)).any()
    assert (sound**2).mean() ** 0.5 == pytest.approx(0.1, rel=0.05)
    assert not silence(RATE_HZ).any()
