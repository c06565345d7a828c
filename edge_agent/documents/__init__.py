"""The JSON documents the commands print: one Struct each, closed, from which `edge_agent/schemas/*.json` is generated
(`python tests/schema/make_schemas.py`). One module for each noun.

The bench tools (`transcribe`, `tag`) may print text, because their caller gave them the file; nothing else here has a field
for what was said.
"""

from typing import Final

import msgspec

from edge_agent.assets.commands import Installation, ModelList, Verification
from edge_agent.documents.audit import AuditExported, AuditLine, AuditList, AuditProved, AuditVerified
from edge_agent.documents.base import encode
from edge_agent.documents.box import Ingested, Ingestion, Officers, Ready, SealedLine, Status
from edge_agent.documents.bundle import BundleBuilt, BundleChecked, BundleFault
from edge_agent.documents.config import ConfigCheck, ConfigKeys, ConfigMistake
from edge_agent.documents.consent import EmployeeLine, Employees, Stated, Withdrawn
from edge_agent.documents.demo import Demo, DemoRecording, DemoTag, HqCount, WireCount
from edge_agent.documents.doctor import Diagnosis, DoctorLine, Wall, Walls
from edge_agent.documents.enrolment import Asked, Enrolment
from edge_agent.documents.opening import (
    Managers,
    OpeningEnded,
    OpeningRecord,
    Openings,
    OpeningViewed,
    Receipts,
    Released,
    Requested,
    WindowOpened,
)
from edge_agent.documents.retention import HoldLine, Holds, PlanLine, RetentionPlan
from edge_agent.documents.shelf import PriceTagLine, PriceTags, ShelfFound, ShelfLine, SlotLine
from edge_agent.documents.subject import (
    Erased,
    Exported,
    ObjectLine,
    StatementLine,
    SubjectFile,
    SubjectOpening,
    SubjectRecording,
    SubjectTag,
)
from edge_agent.documents.talk import (
    Condition,
    Correction,
    FactLine,
    Findings,
    Found,
    RecordingLine,
    Separation,
    TagLine,
    Tags,
    TextQuality,
    Transcription,
    Utterance,
    Why,
)

__all__ = [
    "PRINTED",
    "Asked",
    "AuditExported",
    "AuditLine",
    "AuditList",
    "AuditProved",
    "AuditVerified",
    "BundleBuilt",
    "BundleChecked",
    "BundleFault",
    "Condition",
    "ConfigCheck",
    "ConfigKeys",
    "ConfigMistake",
    "Correction",
    "Demo",
    "DemoRecording",
    "DemoTag",
    "Diagnosis",
    "DoctorLine",
    "EmployeeLine",
    "Employees",
    "Enrolment",
    "Erased",
    "Exported",
    "FactLine",
    "Findings",
    "Found",
    "HoldLine",
    "Holds",
    "HqCount",
    "Ingested",
    "Ingestion",
    "Managers",
    "ObjectLine",
    "Officers",
    "OpeningEnded",
    "OpeningRecord",
    "OpeningViewed",
    "Openings",
    "PlanLine",
    "PriceTagLine",
    "PriceTags",
    "Ready",
    "Receipts",
    "RecordingLine",
    "Released",
    "Requested",
    "RetentionPlan",
    "SealedLine",
    "Separation",
    "ShelfFound",
    "ShelfLine",
    "SlotLine",
    "Stated",
    "StatementLine",
    "Status",
    "SubjectFile",
    "SubjectOpening",
    "SubjectRecording",
    "SubjectTag",
    "TagLine",
    "Tags",
    "TextQuality",
    "Transcription",
    "Utterance",
    "Wall",
    "Walls",
    "Why",
    "WindowOpened",
    "WireCount",
    "Withdrawn",
    "encode",
]

PRINTED: Final[dict[str, type[msgspec.Struct]]] = {
    "demo": Demo,
    "transcribe": Transcription,
    "tag": Findings,
    "ingest": Ingestion,
    "status": Status,
    "tags": Tags,
    "why": Why,
    "shelf-score": ShelfLine,
    "shelf-tags": PriceTags,
    "models-list": ModelList,
    "models-install": Installation,
    "models-verify": Verification,
    "request": Requested,
    "unseal": Released,
    "opening-open": WindowOpened,
    "opening-view": OpeningViewed,
    "opening-end": OpeningEnded,
    "opening-list": Openings,
    "opening-receipts": Receipts,
    "opening-managers": Managers,
    "init": Ready,
    "officers": Officers,
    "audit-list": AuditList,
    "audit-verify": AuditVerified,
    "audit-prove": AuditProved,
    "audit-export": AuditExported,
    "bundle-build": BundleBuilt,
    "bundle-verify": BundleChecked,
    "doctor": Diagnosis,
    "doctor-from": Walls,
    "config-check": ConfigCheck,
    "config-explain": ConfigKeys,
    "enrol-request": Asked,
    "enrol-status": Enrolment,
    "consent-record": Stated,
    "consent-withdraw": Withdrawn,
    "consent-employees": Employees,
    "retention-plan": RetentionPlan,
    "retention-holds": Holds,
    "subject-export": Exported,
    "subject-file": SubjectFile,
    "subject-erase": Erased,
}
"""Every document by the name of its schema file."""
