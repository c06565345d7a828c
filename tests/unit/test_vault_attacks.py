"""The attacks on "opening with two persons": each works against a build without its checks, and each check alone refuses it.

A row is an attack, and the checks that stand against it as edits that take them out. Three facts are tested: with all of a row's
checks out the attacker reads the recording; with any one of them left in it is refused by that one; the real build refuses it.
At the end no policy is left at all, and cryptography alone decides.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import msgspec
import pytest
from broken_vault import REAL, Build, Edit, without
from ledger_world import memory_folder

from edge_agent import ids
from edge_agent.errors import EdgeError, Refused
from edge_agent.vault import age, epochs
from edge_agent.vault.device import DeviceVault
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.release import Release
from edge_agent.vault.x25519 import Identity

LEGAL, HR, SECOND_HR, MANAGER = (Identity.generate().text for _ in range(4))
CONTENT = b"what was said " * 5000
NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
UP_MS = 1_000_000
LATER_MS = UP_MS + 3 * 3_600_000


class Clock:
    def now(self) -> datetime:
        return NOW


class World:
    """A box made by one build, with one closed recording; secrets are texts, because each build has classes of its own."""

    def __init__(self, build: Build, folder: Path) -> None:
        self.build, self.folder = build, folder

    def box(self, *, legal: str = LEGAL, hr: Sequence[str] = (HR, SECOND_HR)) -> "World":
        b = self.build
        self.keys = b.keys.DeviceKeys.create(self.folder / "keys", legal=[self.public(legal)], hr=[*map(self.public, hr)])
        self.vault = b.device.DeviceVault(self.folder / "vault", self.keys, Clock())
        self.object = self.sealed(CONTENT)
        return self

    def sealed(self, content: bytes) -> str:
        object_id = ids.new_id()
        self.vault.seal(object_id, [content], retention="call")
        self.vault.close(object_id)
        return object_id

    def identity(self, secret: str):
        return self.build.x25519.Identity.parse(secret)

    def public(self, secret: str) -> str:
        return str(self.identity(secret))

    def up(self, ms: int = UP_MS, boot: str = "this boot"):
        return self.build.span.Uptime(boot, ms)

    def ask(self, object_id: str = "", *, purpose: str = "complaint 4711"):
        return self.build.request.ask(self.vault, object_id or self.object, purpose=purpose, hours=2, now=NOW, up=self.up())

    def ask_for(self, secret: str):
        """As a manager; enrolled first."""
        b = self.build
        who = self.identity(secret)
        b.managers.enrol(self.keys, [str(b.managers.Manager.of(who))])
        said = b.intent.intend(who, self.object, purpose="complaint 4711", hours=2, minutes=30, now=NOW)
        return b.request.ask_for(self.vault, said, now=NOW, up=self.up())

    def release(self, document: bytes, secret: str, now: datetime = NOW) -> bytes:
        return msgspec.json.encode(self.build.release.release(document, self.identity(secret), now=now))

    def both(self, document: bytes, now: datetime = NOW) -> list[bytes]:
        return [self.release(document, LEGAL, now), self.release(document, HR, now)]

    def combine(self, documents: list[bytes], *, now: datetime = NOW, ms: int = UP_MS):
        return self.build.unseal.combine(self.vault, self.object, documents, now=now, up=self.up(ms))

    def read(self, opening) -> bytes:
        output = self.folder / ids.new_id()
        opening.write(output)
        return output.read_bytes()

    def resigned(self, document: bytes, **change: object) -> bytes:
        """What a patched box makes of a request: it has the signing key."""
        said = self.build.signed.unchecked(document, self.build.request.Request, "request")
        return self.build.signed.sign(msgspec.structs.replace(said, **change), "request", self.keys.sign)

    def window(self):
        place = self.folder / "openings"
        place.mkdir()
        asked = self.ask()
        self.build.window.begin(self.combine(self.both(asked.document)), place, now=NOW, up=self.up())
        return place, asked.id


# The attacks: each gives what the attacker reads ------------------------------------------------------------------------------


def one_person_holds_both_roles(world: World) -> bytes:
    world.box(legal=LEGAL, hr=[LEGAL])
    asked = world.ask()
    shares = []
    for turn in (0, 1):
        world.build.release.TURN = turn  # a tool that lets its owner choose the role
        shares.append(world.release(asked.document, LEGAL))
    return world.read(world.combine(shares))


def one_officer_releases_twice(world: World) -> bytes:
    document = world.box().ask().document
    return world.read(world.combine([world.release(document, LEGAL), world.release(document, LEGAL)]))


def a_release_is_used_again(world: World) -> bytes:
    shares = world.box().both(world.ask().document)
    world.read(world.combine(shares))
    return world.read(world.combine(shares))


def an_expired_release_is_used(world: World) -> bytes:
    return world.read(world.combine(world.box().both(world.ask().document), now=LATER, ms=LATER_MS))


def an_officer_releases_an_expired_request(world: World) -> bytes:
    """To a box whose clock stands still."""
    return world.read(world.combine(world.box().both(world.ask().document, LATER)))


def officers_release_another_object_than_they_read_of(world: World) -> bytes:
    """A patched box puts the recording's shares into a request for a harmless object, and joins what comes back."""
    harmless = world.box().sealed(b"harmless")
    wrapped, roles = world.vault.wrapped_shares(world.object), world.build.shares.Role
    asked = world.ask(harmless)
    request = world.resigned(asked.document, legal=wrapped[roles.LEGAL], hr=wrapped[roles.HR])
    session = world.identity(world.build.request.session(world.keys, asked.id).identity)
    halves = {}
    for share in world.both(request):
        one = msgspec.json.decode(share, type=world.build.release.Release)
        halves[one.role] = world.build.age.decrypt_bytes([session], one.sealed)
    with world.vault.open_with(world.object, world.vault.join(world.object, halves)) as plain:
        return plain.read()


def the_request_is_altered_on_its_way(world: World) -> bytes:
    """Somebody between box and officers makes the purpose look harmless."""
    document = world.box().ask().document.replace(b"complaint 4711", b"routine check!")
    return world.read(world.combine(world.both(document)))


def the_box_alters_what_the_manager_asked(world: World) -> bytes:
    asked = world.box().ask_for(MANAGER)
    request = world.resigned(asked.document, purpose="routine check")
    path = world.keys.folder / f"sessions/{asked.id}.json"
    kept = json.loads(path.read_bytes()) | {"purpose": "routine check", "binding": world.build.request.binding(request)}
    path.write_text(json.dumps(kept))
    return world.read(world.combine(world.both(request)))


def an_officer_asks_and_releases(world: World) -> bytes:
    return world.read(world.combine(world.box().both(world.ask_for(LEGAL).document)))


def a_stranger_asks(world: World) -> bytes:
    """With a manager's key that nobody enrolled."""
    b, who = world.build, world.box().identity(Identity.generate().text)
    b.managers.enrol(world.keys, [str(b.managers.Manager.of(world.identity(MANAGER)))])
    said = b.intent.intend(who, world.object, purpose="p", hours=2, minutes=30, now=NOW)
    return world.read(world.combine(world.both(b.request.ask_for(world.vault, said, now=NOW, up=world.up()).document)))


def the_box_asks_past_its_managers(world: World) -> bytes:
    b = world.box().build
    b.managers.enrol(world.keys, [str(b.managers.Manager.of(world.identity(MANAGER)))])
    return world.read(world.combine(world.both(world.ask().document)))


def an_officer_who_left_the_list_releases(world: World) -> bytes:
    document = world.box().ask().document
    keys = world.keys.enrol(legal=[world.public(LEGAL)], hr=[world.public(SECOND_HR)])
    world.vault = world.build.device.DeviceVault(world.folder / "vault", keys, Clock())
    return world.read(world.combine(world.both(document)))


def shares_of_two_requests_are_mixed(world: World) -> bytes:
    one, two = world.box().ask(), world.ask(purpose="another purpose")
    return world.read(world.combine([world.release(one.document, LEGAL), world.release(two.document, HR)]))


def a_share_is_relabelled_with_another_officer(world: World) -> bytes:
    """HR's share, said to be released by the other HR officer: the log would name who did not do it."""
    legal, hr = world.box().both(world.ask().document)
    forged = json.loads(hr) | {"officer": world.public(SECOND_HR)}
    opening = world.combine([legal, json.dumps(forged).encode()])
    assert list(opening.officers.values())[1] == world.public(SECOND_HR)
    return world.read(opening)


def a_view_after_the_window(world: World) -> bytes:
    place, name = world.box().window()
    return world.read(world.build.window.look(place, world.vault, name, now=LATER, up=world.up(LATER_MS)))


def the_clock_is_turned_back_into_the_window(world: World) -> bytes:
    place, name = world.box().window()
    return world.read(world.build.window.look(place, world.vault, name, now=NOW, up=world.up(LATER_MS)))


def the_clock_is_turned_back_into_the_request(world: World) -> bytes:
    return world.read(world.combine(world.box().both(world.ask().document), now=NOW, ms=LATER_MS))


def a_window_is_kept_over_a_reboot(world: World) -> bytes:
    place, name = world.box().window()
    return world.read(world.build.window.look(place, world.vault, name, now=NOW, up=world.up(5, "next boot")))


# The checks, by the words with which they refuse ------------------------------------------------------------------------------

DISTINCT = "the same key stands in"
BOTH_SHARES = "this key opens both shares"
ONE_OFFICER = "one officer released both"
ONE_ROLE = "both shares are LEGAL's"
JOIN = "do not belong together"
USED = "it was used"
OVER = "the request has expired"
OVER_THERE = "the request has expired "
OTHER_SHARE = "it carries a share of another object or role"
SIGNED = "request: the signature does not verify"
BOUND = "another request or purpose"
INTENT = "it says other than the manager signed"
ENROL = "this is an officer's key"
ASK = "an officer cannot ask"
OWN = "you asked for this yourself"
ASKED = "who asked cannot release"
ENROLLED = "no manager of this box"
MANAGED = "on this box a manager asks"
LISTED = "not on this box's HR list"
MAC = "it was changed, or is not this officer's"
WINDOW = "no window is open"

CHECKS: dict[str, list[Edit]] = {
    DISTINCT: [
        ("keys", "if recipient in seen:", "if False:"),
        (
            "keys", "tuple(key for key, owner in seen.items() if owner is role)",
            "tuple(Recipient.parse(text.strip()) for text in lists[role])",
        ),
    ],
    BOTH_SHARES: [
        ("release", "if len(opened) > 1:", "if False:"),
        ("release", "return opened[0]", 'return opened[globals().get("TURN", 0)]'),
    ],
    ONE_OFFICER: [("unseal", "if releases[0].officer == releases[1].officer:", "if False:")],
    ONE_ROLE: [
        ("unseal", "by_role = {one.role: one for one in releases}", "by_role = dict(zip(Role, releases))"),
        ("unseal", "if len(by_role) != len(Role):", "if False:"),
    ],
    JOIN: [  # shares that are each the whole
        ("shares", "Role.LEGAL: _xor(secret, pad), Role.HR: pad", "Role.LEGAL: secret, Role.HR: secret"),
        ("shares", "_xor(halves[Role.LEGAL], halves[Role.HR])", "halves[Role.LEGAL]"),
        ("shares", 'f"edge-agent share {object_id} {role}"', 'f"edge-agent share {object_id}"'),
    ],
    USED: [("request", "durable.shred(_path(keys, request_id))", "return")],
    OVER: [("unseal", "if kept.span.is_over(now, up or Uptime.here()):", "if False:")],
    OVER_THERE: [("release", "if now >= request.expires_at:", "if False:")],
    OTHER_SHARE: [("release", "if (share.role, share.object) != (role, request.object):", "if False:")],
    SIGNED: [
        (
            "release", "role, share = _own_share(request, identity)\n    signed.check(document, Request, CONTEXT, share.box)",
            "role, share = _own_share(request, identity)",
        ),
    ],
    BOUND: [("unseal", "if any((object_id, one.request, one.binding) != asked for one in releases.values()):", "if False:")],
    INTENT: [
        (
            "release", "if (said.id, said.object, said.purpose, said.minutes, said.expires_at, said.manager) != asked:",
            "if False:",
        ),
    ],
    ENROL: [("managers", "if is_officer(keys, one):", "if False:")],
    ASK: [("request", "if managers.is_officer(vault.keys, manager):", "if False:")],
    OWN: [("release", "if Manager.parse(said.manager).recipient == identity.recipient:", "if False:")],
    ASKED: [("unseal", "    if managers.is_officer(keys, manager) or ", "    if False and ")],
    ENROLLED: [("request", "if manager not in managers.enrolled(vault.keys):", "if False:")],
    MANAGED: [("request", "if managers.enrolled(vault.keys):", "if False:")],
    LISTED: [
        (
            "unseal", "officer = next((key for key in keys.recipients.of(one.role) if str(key) == one.officer), None)",
            "officer = type(session.recipient).parse(one.officer)",
        ),
    ],
    MAC: [("unseal", "if not hmac.compare_digest(one.mac, one.authenticated(session, officer)):", "if False:")],
    WINDOW: [
        (
            "window", "if kept is None or kept.span.boot != up.boot or kept.span.is_over(now, up):\n        end(",
            "if kept is None:\n        end(",
        ),
    ],
}  # fmt: skip
ONCE: Edit = ("request", "once = Identity.generate()", "once = vault.keys.device_identity")
TURNED: Edit = ("span", "return up.ms - self.up_ms >= ", "return False and ")


@dataclass(frozen=True)
class Row:
    attack: Callable[[World], bytes]
    checks: dict[str, list[Edit]]

    @classmethod
    def of(cls, attack: Callable[[World], bytes], *checks: str, **more: tuple[str, list[Edit]]) -> "Row":
        return cls(attack, {check: CHECKS[check] for check in checks} | dict(more.values()))


ROWS = [
    Row.of(one_person_holds_both_roles, DISTINCT, BOTH_SHARES, ONE_OFFICER),
    Row.of(one_officer_releases_twice, ONE_ROLE, ONE_OFFICER, JOIN),
    Row.of(a_release_is_used_again, USED),
    Row.of(an_expired_release_is_used, OVER),
    Row.of(an_officer_releases_an_expired_request, OVER_THERE),
    Row.of(officers_release_another_object_than_they_read_of, OTHER_SHARE),
    Row.of(the_request_is_altered_on_its_way, SIGNED, BOUND),
    Row.of(the_box_alters_what_the_manager_asked, INTENT),
    Row.of(an_officer_asks_and_releases, ENROL, ASK, OWN, ASKED),
    Row.of(a_stranger_asks, ENROLLED),
    Row.of(the_box_asks_past_its_managers, MANAGED),
    Row.of(an_officer_who_left_the_list_releases, LISTED),
    Row.of(shares_of_two_requests_are_mixed, BOUND, once=(MAC, [ONCE])),
    Row.of(a_share_is_relabelled_with_another_officer, MAC),
    Row.of(a_view_after_the_window, WINDOW),
    Row.of(the_clock_is_turned_back_into_the_window, turned=(WINDOW, [TURNED])),
    Row.of(the_clock_is_turned_back_into_the_request, turned=(OVER, [TURNED])),
    Row.of(a_window_is_kept_over_a_reboot, WINDOW),
]
CASES = [(row, check) for row in ROWS for check in row.checks]


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as made:
        yield made


def broken(folder: Path, row: Row, *, keep: str = "") -> World:
    edits = [edit for check, lines in row.checks.items() if check != keep for edit in lines]
    return World(without(folder, edits), folder)


def label(value: object) -> str:
    return value.attack.__name__ if isinstance(value, Row) else str(value)


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_the_attack_works_against_a_build_without_its_checks(row: Row, folder: Path) -> None:
    assert row.attack(broken(folder, row)) == CONTENT


@pytest.mark.parametrize(("row", "check"), CASES, ids=label)
def test_each_check_alone_refuses_it(row: Row, check: str, folder: Path) -> None:
    with pytest.raises(Refused, match=check.strip()):
        row.attack(broken(folder, row, keep=check))


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_the_real_build_refuses_it(row: Row, folder: Path) -> None:
    with pytest.raises(Refused) as refused:
        row.attack(World(REAL, folder))
    assert any(check.strip() in refused.value.message for check in row.checks)
    read = sum(path.read_bytes() == CONTENT for path in folder.iterdir() if path.is_file())
    assert read == (row.attack is a_release_is_used_again)  # the first use was right


# No policy at all -------------------------------------------------------------------------------------------------------------


def plunder(root: Path, releases: Sequence[bytes], officers: Sequence[str] = ()) -> list[bytes]:
    """What an attacker reads who has every file of the box, some releases, some officers' keys, and asks nobody's permission.

    Opens whatever any known key opens, takes every half out of its lock with every key, and tries every pair of halves (and each
    half alone) as the identity of every object.
    """
    keys = DeviceKeys.load(root / "keys")
    vault = DeviceVault(root / "vault", keys, Clock())
    sessions = [json.loads(path.read_bytes())["identity"] for path in (root / "keys").glob("sessions/*.json")]
    identities = [keys.device_identity, *map(Identity.parse, [*sessions, *officers])]
    locks = {ring.key(name) for ring in (vault._ways._share_keys, vault._ways._hot_keys) for name in ring.objects()}
    names = vault.objects()
    found: list[bytes] = []
    for sealed in [*(path.read_bytes() for path in (root / "vault").rglob("*.age")), *(sealed_in(one) for one in releases)]:
        try:
            found.append(age.decrypt_bytes(identities, sealed))
        except EdgeError:
            continue
    secrets: list[bytes] = []
    for content in found:
        locked = locked_in(content)
        contexts = [f"edge-agent {use}" for name in names for use in (f"hot {name}", f"share {name} legal", f"share {name} hr")]
        for key, context in product(locks, contexts):
            try:
                secrets.append(epochs.take_out(key, context, locked))
            except EdgeError:
                continue
    tries = {bytes(a ^ b for a, b in zip(one, two, strict=True)) for one in secrets for two in secrets} | {*secrets}
    read = []
    for secret, object_id in product(tries, names):
        try:
            with vault.open_with(object_id, Identity.parse(secret.decode("ascii"))) as plain:
                read.append(plain.read())
        except (EdgeError, UnicodeDecodeError):
            continue
    return read


def sealed_in(share: bytes) -> bytes:
    return msgspec.json.decode(share, type=Release).sealed


def locked_in(content: bytes) -> bytes:
    try:
        return msgspec.json.decode(msgspec.json.encode(json.loads(content)["share"]), type=bytes)
    except (ValueError, KeyError, TypeError, msgspec.DecodeError):
        return content


@pytest.fixture
def world(folder: Path) -> World:
    made = World(REAL, folder).box()
    made.sealed(b"another recording")
    return made


def test_a_patched_box_opens_nothing_with_no_share_or_one(world: World) -> None:
    legal, hr = world.both(world.ask().document)
    for releases in ([], [legal], [hr], [legal, legal], [hr, hr]):
        assert plunder(world.folder, releases) == []


def test_a_patched_box_opens_nothing_with_one_officers_key(world: World) -> None:
    for officer in (LEGAL, HR, SECOND_HR, MANAGER):
        assert plunder(world.folder, [], [officer]) == []
    assert plunder(world.folder, [], [HR, SECOND_HR]) == []


def test_the_plunderer_does_read_what_both_released(world: World) -> None:
    """So that the two tests above say something."""
    assert plunder(world.folder, world.both(world.ask().document)) == [CONTENT]
    assert sorted(plunder(world.folder, [], [LEGAL, HR])) == sorted([CONTENT, b"another recording"])


def test_the_plunderer_does_read_what_is_hot(world: World) -> None:
    world.vault.seal(ids.new_id(), [b"still hot"], retention="call")
    assert plunder(world.folder, []) == [b"still hot"]


def test_the_plunderer_reads_nothing_of_what_is_shredded_even_with_both(world: World) -> None:
    shares = world.both(world.ask().document)
    kept = {path: path.read_bytes() for path in (world.folder / "vault").rglob("*") if path.is_file()}
    world.vault.shred([world.object])
    for path, content in kept.items():
        if "epochs" not in path.parts and not path.exists():
            path.write_bytes(content)  # every unlinked file is found again, but for the key that was overwritten
    assert plunder(world.folder, shares, [LEGAL, HR]) == [b"another recording"]


def test_every_check_is_one_of_the_code(tmp_path: Path) -> None:
    """The table speaks of lines that are there: each edit applies, and together they still make a build."""
    for edits in CHECKS.values():
        without(tmp_path, edits)
    assert len(list(tmp_path.iterdir())) == len(CHECKS)
