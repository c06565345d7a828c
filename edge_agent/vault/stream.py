"""age's payload: STREAM of 64 KiB ChaCha20-Poly1305 chunks, written in order, read in order or anywhere.

Chunk i is sealed under the nonce (i as 11 bytes big endian, then 1 for the last chunk, else 0), without associated data; only an
empty plaintext has an empty chunk. A chunk is released after its tag verified, never before. In order, an authenticated prefix
appears before a later fault is met: bytes that appeared are not success. The seekable reader proves the end of the stream before
it releases the first byte, so there a cut file gives nothing.
"""

import io
import os
from collections.abc import Buffer, Iterable, Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from edge_agent.errors import SealBroken
from edge_agent.vault.refusal import broken

CHUNK_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
SEALED_BYTES: Final = CHUNK_BYTES + TAG_BYTES
