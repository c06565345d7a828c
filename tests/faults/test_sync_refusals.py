"""A row the broker refuses is given up once and told to HQ as a counted gap; a wrong access rule does not empty the outbox."""

from pathlib import Path

import pytest
from sync_world import GATEWAY, TENANT, Child, FileOutbox, Mosquitto, an_hq, at_hq, hq_report, wait_for

pytestmark = [pytest.mark.fault, pytest.mark.broker]
ROOT = f"sx/v1/{TENANT}/{GATEWAY}"


def rules(*denied: str) -> str:
    lines = "".join(f"topic deny {ROOT}/{leaf}\n" for leaf in denied)
    return f"{lines}topic readwrite sx/v1/#\n"


def test_not_authorised_row_is_dead_lettered_once_and_the_rest_arrives(tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    outbox = FileOutbox(tmp_path / "outbox.db")
    outbox.add(5)
    outbox.add(1, leaf="audit")
    outbox.add(20)
    with (
        Mosquitto(tmp_path, acl=rules("audit")) as broker,
        Child("sink", tmp_path / "hq.db", broker.port),
        Child("uplink", tmp_path / "outbox.db", broker.port),
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


def test_wrong_access_rule_holds_the_rows_instead_of_giving_them_all_up(tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    outbox = FileOutbox(tmp_path / "outbox.db")
    outbox.add(50)
    with (
        Mosquitto(tmp_path, acl=rules("tags", "backfill")) as broker,
        Child("uplink", tmp_path / "outbox.db", broker.port) as uplink,
    ):
        wait_for(lambda: "rows.held" in uplink.said, "the uplink stops blaming the rows")
        assert uplink.running
    assert 1 <= len(outbox.dead()) <= 3
    assert len(outbox.seqs()) >= 47
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
