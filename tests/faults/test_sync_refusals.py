"""A row the broker refuses is given up once and told to HQ as a counted gap; a missing access rule costs no row at all."""

import re
from contextlib import closing
from pathlib import Path

import pytest
from sync_world import EPOCH, GATEWAY, TENANT, Child, FileOutbox, Mosquitto, Proxy, an_hq, at_hq, hq_report, wait_for

pytestmark = [pytest.mark.fault, pytest.mark.broker]
ROOT = f"sx/v1/{TENANT}/{GATEWAY}"


def rules(*denied: str) -> str:
    lines = "".join(f"topic deny {ROOT}/{leaf}\n" for leaf in denied)
    return f"{lines}topic readwrite sx/v1/#\n"


def sixth_goes_astray(chunk: bytes) -> bytes:
    """The one row under sequence 6 is sent to a topic that nobody may write."""
    found = re.search(rb"(?s)/(tags|backfill)(?:(?!/tags|/backfill).){,200}" + f'{GATEWAY}/{EPOCH}/6"'.encode(), chunk)
    return chunk if found is None else chunk[: found.end(1) - 1] + b"z" + chunk[found.end(1) :]


def test_row_that_the_broker_refuses_is_dead_lettered_once_and_the_rest_arrives(tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    outbox = FileOutbox(tmp_path / "outbox.db")
    outbox.add(5)
    outbox.add(21)
    with (
        Mosquitto(tmp_path, acl=rules("tagz", "backfilz")) as broker,
        Child("sink", tmp_path / "hq.db", broker.port),
        closing(Proxy(broker.port, change=sixth_goes_astray)) as proxy,
        Child("uplink", tmp_path / "outbox.db", proxy.port),
    ):
        wait_for(lambda: outbox.committed() == 27, "HQ confirms the rest, and the gap record in place of the row")
    assert outbox.dead() == {6: "puback-135"}
    assert outbox.refusals() == 1
    assert at_hq(tmp_path / "hq.db") == outbox.seqs() == set(range(1, 28)) - {6}
    report = hq_report(tmp_path / "hq.db")
    assert (report["missing"], report["duplicates"]) == (0, 0)
    assert isinstance(report["gateways"], list)
    assert report["gateways"][0]["gaps"] == 1
    outbox.close()


@pytest.mark.parametrize("denied", [("tags", "backfill"), ("audit",)])
def test_access_rule_that_comes_later_costs_no_row(denied: tuple[str, ...], tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    outbox = FileOutbox(tmp_path / "outbox.db")
    outbox.add(5)
    outbox.add(1, leaf="audit")
    outbox.add(20)
    with (
        Mosquitto(tmp_path, acl=rules(*denied)) as broker,
        Child("sink", tmp_path / "hq.db", broker.port),
        Child("uplink", tmp_path / "outbox.db", broker.port) as uplink,
    ):
        wait_for(lambda: uplink.said.count("rows.started_over") >= 2, "the uplink holds the rows and tries again")
        assert outbox.dead() == {}
        # Held, not hammered: each try costs a window at most.
        assert uplink.said.count("rows.held") <= 20 * (uplink.said.count("rows.started_over") + 1)
        broker.rule(rules())
        wait_for(lambda: outbox.committed() == 26, "all arrive once the rule is there")
    assert outbox.dead() == {}
    assert at_hq(tmp_path / "hq.db") == outbox.seqs()
    outbox.close()


def test_no_subscriber_is_no_success_and_no_refusal(tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    outbox = FileOutbox(tmp_path / "outbox.db")
    outbox.add(30)
    with Mosquitto(tmp_path) as broker, Child("uplink", tmp_path / "outbox.db", broker.port) as uplink:
        wait_for(lambda: '"code": 16' in uplink.said, "the broker says that nobody listens")
        assert (outbox.committed(), outbox.dead()) == (0, {})
        with Child("sink", tmp_path / "hq.db", broker.port):
            wait_for(lambda: outbox.committed() == 30, "HQ came up and gets the rows")
    assert at_hq(tmp_path / "hq.db") == outbox.seqs()
    outbox.close()
