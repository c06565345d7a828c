"""A shop's spreadsheet is read as it is, and everything wrong in it is told at once, by place and never by content."""

import numpy as np
import pytest

from edge_agent.errors import BadConfig
from edge_agent.shelf.setup import sheets
from edge_agent.shelf.setup.table import Faults

PLAN = "row,sku,facings\n1,tea,2\n1,milk,\n2,soap,3\n"
PRICES = "sku,name,brand,price\ntea,麦田茶,麦田,¥12.90\nmilk,金谷牛奶,金谷,6\nsoap,云汀皂,云汀,1299元\n"


def boards(text: str | bytes, **options) -> list[list[sheets.Planned]]:
    faults = Faults()
    found = sheets.planogram(text if isinstance(text, bytes) else text.encode(), faults, **options)
    faults.stop()
    return found.boards


def prices(text: str | bytes) -> dict[str, sheets.Priced]:
    faults = Faults()
    found = sheets.prices(text if isinstance(text, bytes) else text.encode(), faults)
    faults.stop()
    return found.products


def faults_of(read, text: str) -> list[tuple[int, str]]:
    faults = Faults()
    read(text.encode(), faults)
    return [(one.line, one.column) for one in faults.found]


def test_boards_come_from_the_top_and_slots_are_named_by_their_place():
    found = boards(PLAN)
    assert [[one.slot for one in board] for board in found] == [["r1s1", "r1s2"], ["r2s1"]]
    assert [one.facings for board in found for one in board] == [2, 1, 3]


def test_a_table_that_counts_from_below_is_turned_over():
    assert [board[0].sku for board in boards(PLAN, from_bottom=True)] == ["soap", "tea"]


def test_positions_order_a_board_whatever_the_order_of_lines():
    text = "层,位置,商品编码\n1,2,b\n1,1,a\n1,3,c\n"
    assert [one.sku for one in boards(text)[0]] == ["a", "b", "c"]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_of_spreadsheets_are_read(codec, delimiter):
    text = PRICES.replace("sku,name,brand,price", "商品编码,品名,品牌,售价").replace(",", delimiter)
    assert prices(text.encode(codec))["tea"].name == "麦田茶"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("¥12.90", "12.90"),
        ("￥１２.９", "12.90"),
        ("12,90", "12.90"),
        ("1,299", "1299.00"),
        ("5 元", "5.00"),
        ("RMB 3.5", "3.50"),
    ],
)
def test_prices_are_read_however_they_are_written(written, read):
    assert prices(f"sku;name;brand;price\ntea;茶;麦田;{written}\n")["tea"].price == read


@pytest.mark.parametrize("written", ["", "free", "-1", "0", "12.345", "1e3", "9999999", "12.9/kg"])
def test_what_is_no_price_is_refused(written):
    assert faults_of(sheets.prices, f"sku;name;brand;price\ntea;茶;麦田;{written}\n") == [(2, "price")]


def test_other_columns_and_empty_lines_are_left_alone():
    text = "备注,row,sku,总部\n\nx,1,tea,y\n,,,\nz,1,milk,\n"
    assert [one.sku for one in boards(text)[0]] == ["tea", "milk"]


def test_a_header_may_name_its_unit_in_brackets():
    assert prices("商品编码;品名;品牌;售价（元）;宽度(cm)\ntea;茶;麦田;5;7.5\n")["tea"].width_cm == 7.5


def test_line_numbers_count_lines_of_the_file_also_after_a_cell_of_two_lines():
    text = 'row,sku,note\n1,tea,"two\nlines"\n1,bad code,\n'
    assert faults_of(sheets.planogram, text) == [(4, "sku")]


def test_a_code_that_the_spreadsheet_made_a_number_is_told_as_that():
    faults = Faults()
    sheets.planogram(b"row,sku\n1,6.92123E+12\n", faults)
    assert "spreadsheet" in faults.found[0].en


def test_all_faults_of_all_files_are_told_at_once_in_both_languages():
    faults = Faults()
    planned = sheets.planogram(b"row,sku,facings\n1,tea,0\nx,milk,1\n1,soap,1\n1,gone,1\n", faults)
    listed = sheets.prices("sku,name,brand,price\ntea,茶,麦田,abc\nsoap,皂,,3\nmilk,奶,金谷,2\n".encode(), faults)
    sheets.agree(planned, listed, faults)
    with pytest.raises(BadConfig) as refused:
        faults.stop()
    for place in ("planogram:2:facings", "planogram:3:row", "prices:2:price", "prices:3:brand", "planogram:5:sku"):
        assert place in str(refused.value)
        assert place in refused.value.zh


def test_a_missing_column_and_one_that_stands_twice_are_faults_of_the_header():
    assert faults_of(sheets.prices, "sku,name,品名,brand\na,b,c,d\n") == [(1, "name"), (1, "price")]


def test_a_sku_listed_twice_with_two_prices_is_a_fault_and_with_the_same_line_is_not():
    same = PRICES + "tea,麦田茶,麦田,12.9\n"
    assert len(prices(same)) == 3
    assert faults_of(sheets.prices, same + "tea,麦田茶,麦田,13.9\n") == [(6, "sku")]


def test_a_half_numbered_board_and_a_doubled_position_are_faults():
    assert faults_of(sheets.planogram, "row,sku,position\n1,a,1\n1,b,\n") == [(3, "position")]
    assert faults_of(sheets.planogram, "row,sku,position\n1,a,1\n1,b,1\n") == [(2, "position"), (3, "position")]


def test_corners_are_fractions_or_pixels_of_the_photo():
    head = "slot,x1,y1,x2,y2,x3,y3,x4,y4\n"
    faults = Faults()
    pixels = sheets.outlines((head + "r1s1,100,50,300,50,300,200,100,200\n").encode(), faults, 1000, 500)
    shares = sheets.outlines((head + "r1s1,0.1,0.1,0.3,0.1,0.3,0.4,0.1,0.4\n").encode(), faults, 1000, 500)
    assert not faults.found
    assert np.allclose(pixels["r1s1"].area, shares["r1s1"].area)


def test_corners_that_run_the_wrong_way_or_lie_outside_are_faults():
    head = "slot,x1,y1,x2,y2,x3,y3,x4,y4\n"
    faults = Faults()
    rows = "a,0.1,0.4,0.3,0.4,0.3,0.1,0.1,0.1\nb,0.1,0.1,0.3,,0.3,0.4,0.1,0.4\n"
    sheets.outlines((head + rows).encode(), faults, 100, 100)
    assert {(one.line, one.column) for one in faults.found} == {(2, "x1"), (3, "y2"), (3, "x1")}


def test_the_printed_examples_are_good_tables():
    assert boards(sheets.EXAMPLES[sheets.PLANOGRAM])[0][0].facings == 3
    assert prices(sheets.EXAMPLES[sheets.PRICES])["jg-milk-1l"].price == "13.90"
    faults = Faults()
    assert sheets.outlines(sheets.EXAMPLES[sheets.SLOTS].encode(), faults, 100, 100)
    assert not faults.found
    assert any("商品编码" in line for line in sheets.explained())


def test_one_fault_hides_no_other_and_brings_about_none():
    faults = Faults()
    planned = sheets.planogram(b"row,sku,facings\nx,gone,1\n1,tea,1\n", faults)
    listed = sheets.prices("sku,name,brand,price\ntea,茶,麦田,abc\nmilk,奶,金谷,2\n".encode(), faults)
    sheets.agree(planned, listed, faults)
    assert {(one.file, one.line, one.column) for one in faults.found} == {
        ("planogram", 2, "row"), ("planogram", 2, "sku"), ("prices", 2, "price"),
    }  # fmt: skip
    unread = Faults()
    sheets.agree(planned, sheets.prices(None, unread), unread)
    assert unread.found == []


def test_a_brand_of_a_side_that_no_product_has_is_a_fault():
    faults = Faults()
    listed = sheets.prices(PRICES.encode(), faults)
    sheets.agree_brands(["麦田", "麦畑"], "--own", listed, faults)
    assert [str(one) for one in faults.found] == ["prices:brand: 麦畑 of --own is on no line"]
