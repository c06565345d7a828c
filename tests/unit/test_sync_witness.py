"""What HQ thinks of checkpoints: growth is followed and cosigned, everything else is an alarm that is kept."""

import base64
from collections.abc import Iterator, Sequence
from datetime import timedelta
from hashlib import sha256

import pytest
from postgres_world import Place, opened_at
from sync_world import (
    BOX_PUBLIC,
    EPOCH,
    GATEWAY,
    HQ_PUBLIC,
    NOON,
    OTHER,
    TENANT,
    an_hq,
    box_sign,
    box_verify,
    envelope,
    hq_sign,
    hq_verify,
    other_sign,
)
from sync_world import sealed as sealed_row

from edge_sync import checkpoint, merkle, signing, wire, witness
from edge_sync.errors import Malformed
from edge_sync.store import Accepted, Gateway, Result, Store
from edge_sync.witness import Kept, Verdict, judge, silent

ORIGIN = f"sx/v1/{TENANT}/{GATEWAY}/0123abcd"


class Log:
    """A gateway's log of numbered leaves; `rewritten` is what an insider makes of it."""

    def __init__(self, size: int, *, changed: int = -1, origin: str = ORIGIN) -> None:
        self.origin = origin
        self.leaves = [merkle.leaf_hash(b"%d%s" % (n, b"!" * (n == changed))) for n in range(size)]

    def node(self, level: int, place: int) -> bytes:
        return merkle.root_of(self.leaves[place << level : (place + 1) << level])

    def at(self, size: int, *since: int, sign: wire.Sign = box_sign) -> wire.Checkpoint:
        root = merkle.root(size, self.node)
        proofs = (
            wire.Proof(size=old, hashes=tuple(one.hex() for one in merkle.consistency(old, size, self.node))) for old in since
        )
        signature = base64.b64encode(sign(checkpoint.text(self.origin, size, root))).decode()
        return wire.Checkpoint(origin=self.origin, size=size, root=root.hex(), signature=signature, proofs=tuple(proofs))


def kept(said: wire.Checkpoint, seq: int = 1) -> Kept:
    made = wire.envelope(tenant=TENANT, gateway=GATEWAY, epoch=EPOCH, seq=seq, time=NOON, recorded=NOON, data=said)
    assert isinstance(made, wire.AuditEnvelope)
    return witness.examined(made, None, key=BOX_PUBLIC, other_log=False, at=NOON)


LOG, REWRITTEN = Log(100), Log(100, changed=20)
OTHER_LOG = Log(100, origin=f"sx/v1/{TENANT}/{GATEWAY}/feed0000")
CASES: dict[str, tuple[wire.Checkpoint | None, wire.Checkpoint, Verdict]] = {
    "the first": (None, LOG.at(40), Verdict.FIRST),
    "grown": (LOG.at(40), LOG.at(70, 40), Verdict.CONSISTENT),
    "grown, proved from two": (LOG.at(40), LOG.at(70, 60, 40), Verdict.CONSISTENT),
    "said again": (LOG.at(40), LOG.at(40), Verdict.REPEATED),
    "rewritten and grown": (LOG.at(40), REWRITTEN.at(70, 40), Verdict.FORKED),
    "rewritten in place": (LOG.at(40), REWRITTEN.at(40), Verdict.FORKED),
    "rewritten, with the proof of the true one": (
        LOG.at(40),
        wire.Checkpoint(**{**{name: getattr(REWRITTEN.at(70), name) for name in ("origin", "size", "root", "signature")},
                           "proofs": LOG.at(70, 40).proofs}),
        Verdict.FORKED,
    ),
    "shortened": (LOG.at(40), LOG.at(39), Verdict.SHRUNK),
    "without a proof": (LOG.at(40), LOG.at(70), Verdict.UNPROVED),
    "with a proof from elsewhere": (LOG.at(40), LOG.at(70, 41), Verdict.UNPROVED),
    "signed by another": (LOG.at(40), LOG.at(70, 40, sign=other_sign), Verdict.BAD_SIGNATURE),
}  # fmt: skip


@pytest.mark.parametrize(("newest", "offered", "verdict"), CASES.values(), ids=CASES.keys())
def test_verdicts(newest: wire.Checkpoint | None, offered: wire.Checkpoint, verdict: Verdict) -> None:
    assert judge(None if newest is None else kept(newest), offered, verify=box_verify) is verdict


def test_a_second_log_of_the_same_gateway_is_an_alarm_and_is_followed() -> None:
    verdict = judge(None, OTHER_LOG.at(3), verify=box_verify, other_log=True)
    assert (verdict, verdict.alarming, verdict.followed) == (Verdict.REPLACED, True, True)


def test_only_growth_is_cosigned() -> None:
    assert {one for one in Verdict if one.followed} == {Verdict.FIRST, Verdict.CONSISTENT, Verdict.REPLACED}
    assert {one for one in Verdict if not one.alarming} == {Verdict.FIRST, Verdict.CONSISTENT, Verdict.REPEATED}


def test_hqs_word_is_a_c2sp_cosignature_over_the_note() -> None:
    said = witness.cosigned(kept(LOG.at(40)), hq_sign)
    note = f"{ORIGIN}\n40\n{base64.b64encode(bytes.fromhex(said.root)).decode()}\n"
    told = f"cosignature/v1\ntime {said.signed_s}\n{note}".encode()
    assert said.signed_s == int(NOON.timestamp())
    assert hq_verify(told, base64.b64decode(said.cosignature))
    written = checkpoint.written(kept(LOG.at(40)).head(hq_sign), bytes(32), hq_key=HQ_PUBLIC)
    head, _, lines = written.partition("\n\n")
    name, blob = lines.splitlines()[1].removeprefix("— ").split(" ")
    raw = base64.b64decode(blob)
    assert head + "\n" == note
    assert raw[:4] == sha256(name.encode() + b"\n\x04" + HQ_PUBLIC).digest()[:4]
    assert raw[4:12] == said.signed_s.to_bytes(8, "big")
    assert hq_verify(told, raw[12:])


def test_a_checkpoint_of_another_gateways_log_is_outside_the_contract() -> None:
    foreign = Log(4, origin=f"sx/v1/{TENANT}/gateway-2/0123abcd").at(3)
    with pytest.raises(Malformed):
        wire.envelope(tenant=TENANT, gateway=GATEWAY, epoch=EPOCH, seq=1, time=NOON, recorded=NOON, data=foreign)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    made = an_hq(place.name)
    yield made
    made.close()


def row(seq: int, data: wire.Checkpoint | None = None, epoch: str = EPOCH) -> Accepted:
    return Accepted(envelope=envelope(seq, data, epoch=epoch), payload=sealed_row(seq, data, epoch=epoch))


def put(store: Store, *rows: Accepted) -> Result:
    return store.commit(rows, at=NOON)


def verdicts(found: Sequence[Kept]) -> list[tuple[int, str]]:
    return [(one.size, str(one.verdict)) for one in found]


def test_the_store_judges_in_the_commit_that_takes_them_in(store: Store) -> None:
    result = put(store, row(1, LOG.at(10)), row(2), row(3, LOG.at(30, 10)))
    assert verdicts(result.checkpoints) == [(10, "first"), (30, "consistent")]
    assert all(one.counter for one in result.checkpoints)
    assert verdicts(put(store, row(3, LOG.at(30, 10))).checkpoints) == []
    assert verdicts(store.checkpoints()) == verdicts(store.checkpoints(GATEWAY)) == [(10, "first"), (30, "consistent")]
    assert store.checkpoints("gateway-2") == []


def test_what_does_not_grow_out_of_the_newest_is_kept_and_not_followed(store: Store) -> None:
    put(store, row(1, LOG.at(10)))
    result = put(store, row(2, REWRITTEN.at(40, 10)), row(3, REWRITTEN.at(50)), row(4, LOG.at(9)), row(5, LOG.at(60, 10)))
    assert verdicts(result.checkpoints) == [(40, "consistent"), (50, "unproved"), (9, "shrunk"), (60, "unproved")]
    assert [one.counter > 0 for one in result.checkpoints] == [True, False, False, False]


def test_a_rewritten_log_never_becomes_the_newest(store: Store) -> None:
    put(store, row(1, LOG.at(30)))
    put(store, row(2, REWRITTEN.at(40, 30)), row(3, LOG.at(70, 30)))
    assert verdicts(store.checkpoints()) == [(30, "first"), (40, "forked"), (70, "consistent")]
    assert verdicts(store.witnessed()) == [(70, "consistent")]


def test_rows_that_come_late_are_judged_in_their_order(store: Store) -> None:
    first = put(store, row(1, LOG.at(10)), row(3, LOG.at(30, 20)))
    assert verdicts(first.checkpoints) == [(10, "first")]
    assert verdicts(put(store, row(2, LOG.at(20, 10))).checkpoints) == [(20, "consistent"), (30, "consistent")]


def test_another_epoch_goes_on_with_the_same_log(store: Store) -> None:
    put(store, row(1, LOG.at(10)))
    assert verdicts(put(store, row(1, LOG.at(20, 10), epoch="feed")).checkpoints) == [(20, "consistent")]


def test_two_logs_of_one_gateway_are_held_apart(store: Store) -> None:
    put(store, row(1, LOG.at(10)), row(2, OTHER_LOG.at(5)), row(3, OTHER_LOG.at(8, 5)), row(4, REWRITTEN.at(30)))
    assert verdicts(store.checkpoints()) == [(10, "first"), (5, "replaced"), (8, "consistent"), (30, "unproved")]
    assert verdicts(store.witnessed()) == [(8, "consistent")]


def test_a_log_keeps_the_key_that_it_began_with(store: Store) -> None:
    """A box that is replaced signs with a key of its own; what was judged by the one before stays so, and so do late rows."""
    put(store, row(1, LOG.at(10)))
    other = signing.public_of(OTHER)
    store.enrol(Gateway(name=GATEWAY, tenant=TENANT, key=other))
    result = put(store, row(2, LOG.at(20, 10)), row(3, LOG.at(30, 20, sign=other_sign)), row(4, OTHER_LOG.at(5, sign=other_sign)))
    assert verdicts(result.checkpoints) == [(20, "consistent"), (30, "bad-signature"), (5, "replaced")]
    assert [one.key for one in store.checkpoints()] == [BOX_PUBLIC, BOX_PUBLIC, BOX_PUBLIC, other]


def silence(store: Store, minutes: int) -> list[str]:
    return [one.gateway for one in silent(store.checkpoints(), store.heard(), after=timedelta(minutes=minutes))]


def test_rows_that_go_on_without_checkpoints_are_noticed(store: Store) -> None:
    assert store.heard() == []
    put(store, row(1, LOG.at(10)))
    store.commit([row(2), row(3, LOG.at(40))], at=NOON + timedelta(minutes=31))  # unproved: not followed
    assert [(one.first_at, one.last_at) for one in store.heard()] == [(NOON, NOON + timedelta(minutes=31))]
    assert (silence(store, 30), silence(store, 31)) == ([GATEWAY], [])
    store.commit([row(4, LOG.at(50, 10))], at=NOON + timedelta(minutes=32))
    assert silence(store, 0) == []
    store.commit([row(6)], at=NOON + timedelta(minutes=90))
    assert silence(store, 30) == [GATEWAY]
    store.revoke(GATEWAY)
    assert silence(store, 30) == []


def test_a_gateway_that_never_sent_a_checkpoint_is_silent_as_well(store: Store) -> None:
    put(store, row(1))
    assert silence(store, 30) == []
    store.commit([row(2)], at=NOON + timedelta(minutes=31))
    assert silence(store, 30) == [GATEWAY]


def test_an_acknowledged_log_is_no_alarm_any_more(store: Store) -> None:
    put(store, row(1, LOG.at(10)), row(2, OTHER_LOG.at(5)), row(3, REWRITTEN.at(30)))
    assert [one.alarming for one in store.checkpoints()] == [False, True, True]
    assert not store.acknowledge(GATEWAY, ORIGIN)
    assert not store.acknowledge("gateway-2", OTHER_LOG.origin)
    assert store.acknowledge(GATEWAY, OTHER_LOG.origin)
    assert [one.alarming for one in store.checkpoints()] == [False, False, True]


def test_hq_opened_again_still_knows(store: Store, place: Place) -> None:
    put(store, row(1, LOG.at(10)))
    again = opened_at(place)
    assert verdicts(put(again, row(2, REWRITTEN.at(10))).checkpoints) == [(10, "repeated")]
    assert verdicts(put(again, row(3, LOG.at(9))).checkpoints) == [(9, "shrunk")]
    again.close()
