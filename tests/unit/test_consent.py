"""Who may be analysed: the whole decision table, and what no table may ever allow."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_world import NOON, tag

from edge_agent.assets import bundled
from edge_agent.domain.consent import AGREED, NOTICE, REFUSED, Party, Policy, Standing, Statement, Verb, Waits, refusal, unheard
from edge_agent.domain.recording import Circumstances, Consent, Kind
from edge_agent.domain.tags import Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.tagging.tagger import RuleTagger

CN, EU = Policy(), Policy(jurisdiction="eu")
CALL = Circumstances(kind=Kind.CALL, started_at=NOON - timedelta(hours=1), consent=Consent.WRITTEN)


def said(verb: Verb = Verb.GIVEN, *, since_h: float = -48, until_h: float | None = None) -> Statement:
    return Statement(
        id="1", party=Party.REP, subject="p", verb=verb, basis="written", at=NOON, since=NOON + timedelta(hours=since_h),
        until=None if until_h is None else NOON + timedelta(hours=until_h),
    )  # fmt: skip


TABLE = {
    (Kind.CALL, Consent.NOTICE): ("", "basis-insufficient"),
    (Kind.CALL, Consent.SPOKEN): ("", ""),
    (Kind.CALL, Consent.WRITTEN): ("", ""),
    (Kind.CALL, Consent.NOT_PERSONAL): ("basis-insufficient", "basis-insufficient"),
    (Kind.CALL, Consent.NONE): ("no-consent", "no-consent"),
    (Kind.SHELF, Consent.NOTICE): ("", ""),
    (Kind.SHELF, Consent.SPOKEN): ("basis-insufficient", "basis-insufficient"),
    (Kind.SHELF, Consent.WRITTEN): ("", ""),
    (Kind.SHELF, Consent.NOT_PERSONAL): ("", ""),
    (Kind.SHELF, Consent.NONE): ("no-consent", "no-consent"),
    (Kind.FLOOR, Consent.NOTICE): ("", ""),
    (Kind.FLOOR, Consent.SPOKEN): ("basis-insufficient", "basis-insufficient"),
    (Kind.FLOOR, Consent.WRITTEN): ("", ""),
    (Kind.FLOOR, Consent.NOT_PERSONAL): ("basis-insufficient", "basis-insufficient"),
    (Kind.FLOOR, Consent.NONE): ("no-consent", "no-consent"),
    (Kind.CHANNEL, Consent.NOTICE): ("", "basis-insufficient"),
    (Kind.CHANNEL, Consent.SPOKEN): ("basis-insufficient", "basis-insufficient"),
    (Kind.CHANNEL, Consent.WRITTEN): ("", ""),
    (Kind.CHANNEL, Consent.NOT_PERSONAL): ("", ""),
    (Kind.CHANNEL, Consent.NONE): ("no-consent", "no-consent"),
}


def test_the_table_is_whole() -> None:
    assert set(TABLE) == set(product(Kind, Consent))


@pytest.mark.parametrize(("kind", "basis"), list(TABLE))
def test_each_basis_suffices_only_where_the_profile_says_so(kind: Kind, basis: Consent) -> None:
    around = replace(CALL, kind=kind, consent=basis)
    assert tuple(refusal(policy, around, Standing(), now=NOON) or "" for policy in (CN, EU)) == TABLE[kind, basis]


@pytest.mark.parametrize(
    ("rep", "expected"),
    [
        (None, Waits.EMPLOYEE),
        (said(), None),
        (said(Verb.WITHDRAWN), Waits.EMPLOYEE),
        (said(until_h=-0.5), Waits.EMPLOYEE),
        (said(until_h=24), None),
        (said(since_h=-0.5), Waits.EMPLOYEE),  # it came after the talk
    ],
)
def test_a_named_rep_is_in_the_register_then_and_now(rep: Statement | None, expected: Waits | None) -> None:
    assert refusal(CN, replace(CALL, rep="p"), Standing(rep=rep), now=NOON) is expected


def test_a_call_that_names_no_rep_waits_where_the_register_is_required() -> None:
    strict = Policy(employees="required")
    assert refusal(strict, CALL, Standing(), now=NOON) is Waits.UNNAMED
    assert refusal(strict, replace(CALL, kind=Kind.SHELF), Standing(), now=NOON) is None
    assert refusal(strict, replace(CALL, kind=Kind.CHANNEL), Standing(), now=NOON) is Waits.UNNAMED
    measured = replace(CALL, kind=Kind.CHANNEL, consent=Consent.NOT_PERSONAL)
    assert refusal(strict, measured, Standing(), now=NOON) is None
    assert refusal(CN, CALL, Standing(), now=NOON) is None


@given(
    around=st.builds(
        Circumstances, kind=st.sampled_from(Kind), started_at=st.just(NOON), consent=st.sampled_from(Consent),
        rep=st.sampled_from(["", "p"]), customer=st.sampled_from(["", "c"]),
    ),
    rep=st.none() | st.builds(said, st.sampled_from(Verb)),
    gone=st.sampled_from(["customer", "recording"]),
    policy=st.builds(Policy, jurisdiction=st.sampled_from(["cn", "eu"]), employees=st.sampled_from(["when-named", "required"])),
)  # fmt: skip
def test_a_withdrawal_outranks_everything_and_none_is_never_enough(
    around: Circumstances, rep: Statement | None, gone: str, policy: Policy
) -> None:
    standing = Standing(rep=rep, **{gone: said(Verb.WITHDRAWN)})
    assert refusal(policy, around, standing, now=NOON) is Waits.WITHDRAWN
    if around.consent is Consent.NONE:
        assert refusal(policy, around, Standing(rep=rep), now=NOON) is not None


@given(st.builds(said, st.sampled_from(Verb), since_h=st.floats(-99, 99), until_h=st.none() | st.floats(-99, 99)))
def test_eu_allows_nothing_that_cn_refuses(rep: Statement) -> None:
    for kind, basis in product(Kind, Consent):
        around = replace(CALL, kind=kind, consent=basis, rep="p")
        in_eu, in_cn = (refusal(policy, around, Standing(rep=rep), now=NOON) for policy in (EU, CN))
        assert in_cn is None or in_eu is not None


HEARD = tag(NOTICE, 5_000, speaker=Speaker.REP)
YES = tag(AGREED, 8_000, speaker=Speaker.CUSTOMER)


@pytest.mark.parametrize(
    ("tags", "cn", "eu"),
    [
        ((), Waits.NO_NOTICE, Waits.NO_NOTICE),
        ((HEARD,), None, Waits.NO_AGREEMENT),
        ((HEARD, YES), None, None),
        ((YES,), Waits.NO_NOTICE, Waits.NO_NOTICE),
        ((replace(HEARD, speaker=Speaker.CUSTOMER), YES), Waits.NO_NOTICE, Waits.NO_NOTICE),
        ((replace(HEARD, speaker=Speaker.UNKNOWN), YES), Waits.NO_NOTICE, Waits.NO_NOTICE),
        ((replace(HEARD, start_ms=180_000), replace(YES, start_ms=190_000)), Waits.NO_NOTICE, Waits.NO_NOTICE),
        ((HEARD, replace(YES, start_ms=1_000)), None, Waits.NO_AGREEMENT),  # before the notice: to something else
        ((HEARD, replace(YES, speaker=Speaker.REP)), None, Waits.NO_AGREEMENT),
        ((HEARD, YES, tag(REFUSED, 600_000, speaker=Speaker.CUSTOMER)), Waits.REFUSED, Waits.REFUSED),
    ],
)
def test_spoken_consent_is_heard_or_it_is_none(tags: tuple, cn: Waits | None, eu: Waits | None) -> None:
    assert (unheard(CN, tags), unheard(EU, tags)) == (cn, eu)


def test_the_lexicons_have_the_events_that_spoken_consent_is_heard_by() -> None:
    written = (bundled("lexicons") / "events" / "consent.toml").read_text(encoding="utf-8")
    for code in (NOTICE, AGREED, REFUSED):
        assert f'id = "{code}"' in written


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> RuleTagger:
    return RuleTagger.load(bundled("lexicons"), company=None, cache=tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize(
    ("talk", "cn", "eu"),
    [
        ((("rep", "您好，这通电话会录音，您知悉一下。"), ("customer", "行，没问题，你录吧。")), None, None),
        ((("rep", "您好，本次服务全程录音。"), ("customer", "这个多少钱？")), None, Waits.NO_AGREEMENT),
        ((("rep", "您好，我是恒拓小赵。"), ("customer", "你这电话是不是有录音？")), Waits.NO_NOTICE, Waits.NO_NOTICE),
        ((("rep", "您好，这通电话会录音。"), ("customer", "别录音，我不同意录。")), Waits.REFUSED, Waits.REFUSED),
    ],
)
def test_the_lexicons_hear_it_as_people_say_it(tagger: RuleTagger, talk: tuple, cn: Waits | None, eu: Waits | None) -> None:
    said = tuple(
        Utterance(start_ms=4000 * n, end_ms=4000 * n + 3000, speaker=Speaker(who), text=text)
        for n, (who, text) in enumerate(talk)
    )
    tags = tagger.tag(Conversation(utterances=said, duration_ms=60_000, context=frozenset({"recorded"})))
    assert (unheard(CN, tags), unheard(EU, tags)) == (cn, eu)
