"""Writes `edge_agent/schemas/*.json`: every document printed, and the touch document that is read.

`python tests/schema/make_schemas.py`.
"""

import json
from pathlib import Path

import msgspec

import edge_agent
from edge_agent import documents, officer
from edge_agent.capture.touch_form import TouchDocument
from edge_agent.vault.receipt import Receipt
from edge_agent.vault.release import Release
from edge_sync.schema import settled

FOLDER = Path(edge_agent.__file__).parent / "schemas"
PRINTED: dict[str, type[msgspec.Struct]] = {
    **documents.PRINTED,
    "officer-keygen": officer.KeyMade,
    "officer-ask": officer.IntentWritten,
    "officer-release": officer.ShareReleased,
    "officer-receipt": Receipt,
    "share": Release,
    "touch": TouchDocument,
}


def schemas() -> dict[str, str]:
    """File name -> JSON Schema 2020-12 text."""
    found = {}
    for name, document in PRINTED.items():
        head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name}
        found[f"{name}.json"] = json.dumps(settled(head | msgspec.json.schema(document)), indent=2, ensure_ascii=False) + "\n"
    return found


if __name__ == "__main__":
    for file, text in schemas().items():
        (FOLDER / file).write_text(text, encoding="utf-8")
