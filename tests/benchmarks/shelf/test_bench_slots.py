"""Per-slot states, facings and price tags of the shelf engine on generated shops, against plain comparison with the reference.

By default five scenes of the tuning shops are looked at. `EDGE_AGENT_SHELF_SCENES=60` (or `all`) opens the report set, shops that
nobody tuned on, in two processes, and holds the engine to its promises; `EDGE_AGENT_SHELF_SET=tuning` looks at the tuning shops
that many times instead, and promises nothing.
"""

import json
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from shop_judge import figures
from shop_run import judged, summed

pytestmark = [pytest.mark.bench, pytest.mark.model, pytest.mark.timeout(7200)]

FEW = (0, 1, 4, 9, 10)
ALL = 60
PROMISES = {"state": 0.95, "oos_f1": 0.92, "misplaced_f1": 0.85, "price_f1": 0.92}


def test_slot_states_and_prices_beat_comparison_with_the_reference(tmp_path, capsys):
    pytest.importorskip("rapidocr")
    asked = os.environ.get("EDGE_AGENT_SHELF_SCENES", "")
    name = os.environ.get("EDGE_AGENT_SHELF_SET", "report" if asked else "tuning")
    count = ALL if asked == "all" else int(asked or 0)
    if count:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            halves = [pool.submit(judged, name, range(start, count, 2), tmp_path) for start in (0, 1)]
            results = [one for half in halves for one in half.result()]
    else:
        results = judged(name, FEW, tmp_path)
    (ours, apart), (plain, _) = summed(results, 2), summed(results, 3)
    report = {
        "bench": "shelf.slots",
        "set": name,
        "scenes": len(results),
        "looks": len({one[0] for one in results}),
        "cpu_s_per_scene": round(sum(one[4] for one in results) / len(results), 2),
        "ours": figures(ours),
        "plain": figures(plain),
        "by_disturbance": {
            kind: {key: value for key, value in figures(found).items() if key in _BRIEF} for kind, found in sorted(apart.items())
        },
        "by_look": {
            look: figures(summed([one for one in results if one[0] == look], 2)[0])["state"]
            for look in sorted({one[0] for one in results})
        },
    }
    with capsys.disabled():
        print(json.dumps(report))
    assert ours["right"] > plain["right"]
    assert ours["false_faults"] < plain["false_faults"]
    assert report["ours"]["coverage"] is not None
    if name == "report" and count >= ALL:
        assert report["looks"] >= 10
        short = {key: report["ours"][key] for key, least in PROMISES.items() if report["ours"][key] < least}
        assert not short


_BRIEF = {
    "assessable",
    "state",
    "coverage",
    "hidden",
    "guessed",
    "false_faults",
    "oos_f1",
    "misplaced_f1",
    "price_f1",
    "missing_f1",
}
