"""Whatever bytes a table holds, reading ends in lines or in faults, and a fault never repeats what stood there."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.shelf.setup import sheets
from edge_agent.shelf.setup.table import Faults

SECRET = "SÉCRET"
CELLS = st.sampled_from(["1", "0", "-3", "tea", "¥12.9", "", "99999999999", "nan", "inf", "=1+1", SECRET, "茶" * 90, '"', "\t"])


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw):
    faults = Faults()
    found = sheets.planogram(b"row,sku\n" + raw, faults)
    assert found.boards or faults.found


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=9), min_size=1, max_size=6))
def test_faults_name_places_and_never_contents(rows):
    text = "\n".join(",".join(row) for row in rows)
    faults = Faults()
    sheets.planogram(f"row,sku,facings,position\n{text}".encode(), faults)
    sheets.prices(f"sku,name,brand,price,width_cm\n{text}".encode(), faults)
    sheets.outlines(f"slot,x1,y1,x2,y2,x3,y3,x4,y4\n{text}".encode(), faults, 100, 100)
    for fault in faults.found:
        assert SECRET.casefold() not in f"{fault}{fault.in_zh}".casefold()
        assert 0 <= fault.line <= len(rows) + 1
