"""What the box says about one sealed object, signed with its key: age itself has no sender and no associated data.

`recipients` is the digest of the LEGAL and HR lists the shares were made for. Sizes and hash are of the ciphertext.
"""

from datetime import datetime
from typing import Annotated, Final

import msgspec

CONTEXT: Final = "manifest"
CODE: Final = r"^[a-z0-9_.-]{1,64}$(?!\n)"
_DIGEST: Final = r"^[0-9a-f]{64}$(?!\n)"


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    object: str
    sha256: Annotated[str, msgspec.Meta(pattern=_DIGEST)]
    bytes: Annotated[int, msgspec.Meta(ge=0)]
    retention: Annotated[str, msgspec.Meta(pattern=CODE)]
    recipients: Annotated[str, msgspec.Meta(pattern=_DIGEST)]
    created_at: Annotated[datetime, msgspec.Meta(tz=True)]
