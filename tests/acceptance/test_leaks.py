"""G1: nothing that was said leaves. Every byte the uplink sends is recorded, peeled and searched, while calls run.

The bundled calls are Mandarin from end to end, so any run of three Han characters is a leak; brands and the file names are
canaries besides. First the same check must catch a leak planted on purpose, in every disguise it claims to see through.
"""

import base64
import gzip
import json
import random
import socket
import threading
import zlib
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import zstandard
from conftest import SAMPLES, Box
from leaks import leaks, peel, publishes

from edge_sync.broker import EmbeddedBroker
from edge_sync.listener import Listener

pytestmark = pytest.mark.acceptance

SENTENCE = "这个价格我接受不了"
FILE_NAME = "canary-wang-zong-tousu"
CANARIES = frozenset({FILE_NAME, "canarybrand", "青山食品", "红叶", "canary-customer"})
DISGUISES = {
    "plain": lambda text: text.encode(),
    "json escapes": lambda text: json.dumps({"a": [text]}).encode(),
    "json in json": lambda text: json.dumps({"a": json.dumps({"b": text})}).encode(),
    "base64": lambda text: json.dumps({"x": base64.b64encode(text.encode()).decode()}).encode(),
    "url-safe base64": lambda text: base64.urlsafe_b64encode(text.encode()),
    "base64 with a prefix": lambda text: b"id-" + base64.b64encode(b"a" + text.encode()).rstrip(b"="),
    "hex": lambda text: text.encode().hex().encode(),
    "percent": lambda text: quote(text).encode(),
    "zstd": lambda text: zstandard.compress(json.dumps({"t": text}, ensure_ascii=False).encode()),
    "gzip": lambda text: gzip.compress(text.encode()),
    "bare deflate in hex": lambda text: zlib.compress(text.encode(), wbits=-15).hex().encode(),
    "zlib in base64": lambda text: base64.b64encode(zlib.compress(text.encode())),
}


class RecordingProxy:
    """A TCP proxy before the broker that keeps every byte each client sent."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.streams: list[bytearray] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            broker = socket.create_connection(("127.0.0.1", self._target))
            kept = bytearray()
            self.streams.append(kept)
            for source, sink, copy in ((client, broker, kept), (broker, client, None)):
                threading.Thread(target=self._pump, args=(source, sink, copy), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket, copy: bytearray | None) -> None:
        with source, sink:
            while True:
                try:
                    chunk = source.recv(65536)
                    if not chunk:
                        return
                    if copy is not None:
                        copy.extend(chunk)
                    sink.sendall(chunk)
                except OSError:
                    return

    def close(self) -> None:
        self._door.close()


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Box, list[bytes], list[bytes]]]:
    """Both calls and a refused file, sent through the proxy: the box, each client's stream, what a subscriber saw."""
    with EmbeddedBroker() as broker:
        proxy = RecordingProxy(broker.port)
        box = Box(tmp_path_factory.mktemp("leaks"), port=proxy.port)
        box.init()
        box.run("models", "install")
        with Listener("127.0.0.1", broker.port) as listener:
            box.start("sink", port=broker.port)
            box.start("worker")
            box.start("uplink")
            for name in ("call-1", "call-2"):
                meta = (SAMPLES / f"{name}.meta.toml").read_text(encoding="utf-8").replace("own = [", 'own = ["CanaryBrand", ')
                box.drop((SAMPLES / f"{name}.ogg").read_bytes(), f"{FILE_NAME}-{name}.ogg", meta)
            box.drop(SENTENCE.encode() * 40, f"{FILE_NAME}-bad.ogg", meta)
            box.until(lambda: box.finished(3) and box.all_committed())
            for name in ("uplink", "worker", "sink"):
                assert box.stop(name) == 0
            seen = [payload for _, payload in listener.messages()]
        yield box, [bytes(stream) for stream in proxy.streams], seen
        proxy.close()


@pytest.mark.parametrize("disguise", sorted(DISGUISES))
def test_the_check_catches_a_leak_planted_on_purpose(disguise: str) -> None:
    assert leaks(DISGUISES[disguise](SENTENCE), CANARIES), "a sentence passed"
    assert leaks(DISGUISES[disguise](f"x {FILE_NAME} y"), CANARIES), "a file name passed"


def test_signatures_and_digests_are_not_mistaken_for_speech() -> None:
    """4,000 messages of noise: about two of them held a "sentence" before noise was told from text."""
    noise = random.Random(20)
    for _ in range(4000):
        signature = base64.urlsafe_b64encode(noise.randbytes(64)).decode()
        payload = base64.b64encode(noise.randbytes(256)).decode()
        message = {"signature": signature, "digest": noise.randbytes(64).hex(), "payload": payload}
        assert leaks(json.dumps(message).encode(), frozenset()) == set()


def test_the_check_catches_a_leak_in_a_real_message(wire: tuple[Box, list[bytes], list[bytes]]) -> None:
    payload = next(one for one in wire[1] if one)
    _, _, message = max(publishes(payload), key=lambda one: len(one[2]))
    document = json.loads(max(peel(message, 1), key=lambda raw: raw[:1] == b"{"))
    assert not leaks(json.dumps(document).encode(), CANARIES)
    document["data"]["tags"][0]["slots"] = {"note": base64.b64encode(zlib.compress(SENTENCE.encode())).decode()}
    assert leaks(zstandard.compress(json.dumps(document).encode()), CANARIES)


def test_no_byte_that_leaves_holds_what_was_said(wire: tuple[Box, list[bytes], list[bytes]]) -> None:
    _, streams, seen = wire
    packets = [packet for stream in streams for packet in publishes(stream)]
    assert sum("/tags" in topic for topic, _, _ in packets) >= 2, "the calls' tags did not pass the proxy"
    for topic, properties, payload in packets:
        for part in (topic.encode(), properties, payload):
            assert leaks(part, CANARIES) == set(), topic
    for stream in streams:
        assert leaks(stream, CANARIES) == set()
    for payload in seen:
        assert leaks(payload, CANARIES) == set()


def test_no_log_line_holds_what_was_said(wire: tuple[Box, list[bytes], list[bytes]]) -> None:
    box, _, _ = wire
    lines = box.logs().splitlines()
    assert len(lines) > 5
    for line in lines:
        assert leaks(line, CANARIES) == set()


def test_no_plain_file_of_the_state_holds_what_was_said(wire: tuple[Box, list[bytes], list[bytes]]) -> None:
    """The ledger included: codes and offsets only. Lexicons are not in the state; the models' vocabulary is left out."""
    box, _, _ = wire
    files = [path for path in box.state.rglob("*") if path.is_file() and "models" not in path.parts and "cache" not in path.parts]
    assert any(path.name == "ledger.db" for path in files)
    for path in files:
        content = path.read_bytes()
        for word in (SENTENCE, "太贵了", "三个点", FILE_NAME):
            for encoding in ("utf-8", "utf-16-le", "gb18030"):
                assert word.encode(encoding) not in content, path.suffix
