"""An import is killed between every two steps of publishing, and goes on on the same device.

at each point      what was written is what the point says; after another import of the file ...
                   every record opens and is listed by enough custodians
                   each root was anchored once, and no transaction was sent twice
                   at most one body or list of leaves is kept that nothing refers to
not mined yet      killed as the transaction waits at the node: the record is anchored once
twice              killed again while it goes on

P8: no root is anchored before its bodies are at both IPFS nodes. P9: no act happens twice.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest

from aceso.codes import DataClass, Use
from aceso.devnet import Devnet
from aceso.flows import HOME, Person, Profile
from aceso.storage import cid_from_digest

from .conftest import PASSPHRASE, Bundle, World, new_world
from .cutting import Cutting


@dataclass(frozen=True)
class Written:
    """What a device has written when it was killed."""

    added: int  # Bodies on IPFS that are in no entry yet.
    kept: int
    anchored: bool
    posted: int
    pinned: int


# What each point has behind it. There are five records, one of them the file itself, of four
# classes; the vault is new, so that four lists are opened, and noted in the manifest together.
_POINTS: dict[str, Callable[[Written], bool]] = {
    "before:IpfsClient.add": lambda w: w == Written(0, 0, False, 0, 0),
    "after:IpfsClient.add": lambda w: w == Written(0, 0, False, 0, 1),
    "after:ReplicatedIpfs.add": lambda w: w == Written(0, 0, False, 0, 1),
    "before:Store.note_added": lambda w: w == Written(0, 0, False, 0, 1),
    "event:sealed:1": lambda w: w == Written(1, 0, False, 0, 1),
    "event:sealed:3": lambda w: w == Written(3, 0, False, 0, 3),
    "event:stored": lambda w: (w.added, w.kept, w.pinned) == (5, 0, 6),
    "before:Committee.open_list": lambda w: (w.added, w.kept, w.pinned) == (5, 0, 6),
    "before:Person._save_manifest": lambda w: (w.added, w.kept, w.pinned) == (5, 0, 6),
    "before:Store.keep": lambda w: (w.added, w.kept, w.pinned) == (5, 0, 7),
    "after:Store.keep": lambda w: (w.added, w.kept, w.anchored) == (0, 5, False),
    "event:kept": lambda w: (w.added, w.kept, w.anchored) == (0, 5, False),
    "before:Sender.send": lambda w: (w.kept, w.anchored) == (5, False),
    "before:Node.send_once": lambda w: (w.kept, w.anchored) == (5, False),
    "after:Node.send_once": lambda w: (w.kept, w.anchored) == (5, False),
    "after:Sender.send": lambda w: (w.kept, w.anchored) == (5, False),
    "before:Store.anchored": lambda w: (w.kept, w.anchored) == (5, False),
    "event:anchored": lambda w: (w.anchored, w.posted) == (True, 0),
    "before:Store.posted": lambda w: (w.anchored, w.posted) == (True, 0),
    "event:posted:1": lambda w: (w.anchored, w.posted) == (True, 1),
    "event:posted:4": lambda w: (w.anchored, w.posted) == (True, 4),
    "before:Person._save_manifest:2": lambda w: w.posted == 5,
    "before:Committee.put_head:2": lambda w: w.posted == 5,
    "after:Committee.put_head:2": lambda w: w.posted == 5,
}


# How many transactions are out at the points next to sending.
_SENT = {"before:Sender.send": 0, "before:Node.send_once": 0, "after:Node.send_once": 1}


class Device:
    """A person's device that is killed and used again."""

    def __init__(self, world: World, path: Path, cutting: Cutting):
        self.world = world
        self._cutting = cutting
        self.path = path
        made = world.profile("person")
        self.folder = made.folder
        self.seed = made.seed
        made.close()
        self.before_pins = world.network.ipfs.pins()
        self.before_nonce = self._nonce()

    def _nonce(self) -> int:
        suite, relayer = self.world.network.suite, self.world.network.relayer
        return suite.node.nonce(relayer.address)

    @property
    def sent(self) -> int:
        """How many transactions the relayer has sent since."""
        return self._nonce() - self.before_nonce

    def killed_at(self, point: str) -> None:
        self._cutting.off(self.world.devnet.folder, self.folder, self.path, point)

    def written(self) -> Written:
        profile = Profile.open(self.folder, passphrase=PASSPHRASE)
        try:
            store = profile.store
            entries = store.entries()
            return Written(
                added=len(store.left_behind()),
                kept=len(entries),
                anchored=bool(entries) and not store.unanchored(),
                posted=len(entries) - len(store.unposted()) if not store.unanchored() else 0,
                pinned=len(self.world.network.ipfs.pins() - self.before_pins),
            )
        finally:
            profile.close()

    def go_on(self) -> Person:
        profile = Profile.open(self.folder, passphrase=PASSPHRASE)
        person = Person(self.world.network, profile)
        person.import_files([self.path])
        return person


@pytest.fixture
def device(world: World, bundle: Bundle, cutting: Cutting) -> Device:
    return Device(world, bundle(), cutting)


def _check(device: Device, person: Person, folder: Path) -> None:
    network = device.world.network
    # Every record opens, and one of them is the file.
    bodies = []
    for record_id, _ in person.records():
        person.open_record(record_id, folder / "body")
        bodies.append((folder / "body").read_bytes())
    assert len(bodies) == len(set(bodies)) == 5
    assert device.path.read_bytes() in bodies
    # Enough custodians list it.
    home = person.persona(HOME)
    for data_class in {DataClass(note.data_class) for _, note in person.records()}:
        wanted = {
            record_id for record_id, note in person.records() if note.data_class == data_class
        }
        listing = network.committee.listing(
            actor=home,
            subject=home.address,
            grantee=bytes(12) + bytes.fromhex(home.address[2:]),
            use=Use.PATRQT,
            data_class=data_class,
        )
        assert {entry.record_id for entry in listing.entries} == wanted
    # Anchored once.
    anchored = network.synced().records([home.address])
    roots = {note.root for _, note in person.records()}
    assert sorted(row.root for row in anchored) == sorted(roots)
    assert device.sent == len(roots) == 1
    # Nothing is kept for nobody.
    needed = {note.cid for _, note in person.records()}
    needed |= {cid_from_digest(row.batch) for row in anchored}
    kept_manifest = person.profile.store.get("manifest-cid")
    assert kept_manifest is not None
    needed.add(kept_manifest.decode())
    pins = network.ipfs.pins()
    for node in network.ipfs.nodes:
        assert needed <= node.pins()
    assert len(pins - device.before_pins - needed) <= 1
    # And nothing is left to do.
    again = person.import_files([device.path])
    assert (again.added, again.receipts) == (0, ())
    assert device.sent == 1


@pytest.mark.parametrize("point", _POINTS)
def test_an_import_that_is_killed_goes_on(device: Device, point: str, tmp_path: Path) -> None:
    device.killed_at(point)
    written = device.written()
    assert _POINTS[point](written), written
    assert device.sent == _SENT.get(point, device.sent)
    person = device.go_on()
    try:
        _check(device, person, tmp_path)
    finally:
        person.profile.close()


def _waiting(devnet: Devnet) -> int:
    """How many transactions are at the node and in no block."""
    return int(devnet.chain.ask("txpool_status")["pending"], 16)


def _mine_when_two_wait(devnet: Devnet) -> None:
    try:
        devnet.process("chain").wait_until(lambda: _waiting(devnet) >= 2, seconds=20)
    finally:
        devnet.chain.ask("evm_setAutomine", True)
        devnet.chain.mine()


def test_a_transaction_that_waits_as_the_device_is_killed_happens_once(
    tmp_path: Path, bundle: Bundle, cutting: Cutting
) -> None:
    """On a chain of its own: one that has stopped to mine doesn't begin again as it was."""
    with ExitStack() as stack:
        world = stack.enter_context(new_world(tmp_path))
        devnet, network = world.devnet, world.network
        device = Device(world, bundle(), cutting)
        devnet.chain.ask("evm_setIntervalMining", 0)
        device.killed_at("after:Node.send_once")
        assert (device.sent, _waiting(devnet)) == (0, 1)
        mining = Thread(target=_mine_when_two_wait, args=(devnet,))
        mining.start()
        person = device.go_on()
        stack.callback(person.profile.close)
        mining.join()
        records = network.synced().records([person.persona(HOME).address])
        assert device.sent == 2
        assert [row.root for row in records] == list({note.root for _, note in person.records()})
        for record_id, _ in person.records():
            person.open_record(record_id, tmp_path / "body")


def test_an_import_that_is_killed_while_it_goes_on_goes_on(device: Device, tmp_path: Path) -> None:
    for point in ("event:sealed:2", "event:kept", "after:Sender.send", "event:posted:2"):
        device.killed_at(point)
    person = device.go_on()
    try:
        _check(device, person, tmp_path)
    finally:
        person.profile.close()


@pytest.mark.parametrize(("point", "restored"), [("event:posted:5", 5), ("event:anchored", 0)])
def test_what_was_cut_off_is_restored_elsewhere(
    world: World, device: Device, tmp_path: Path, point: str, restored: int
) -> None:
    """The device is lost in its first import: what was posted is there, the rest comes anew."""
    device.killed_at(point)
    fresh = Person(world.network, world.profile("person", device.seed))
    assert fresh.restore() == restored
    assert fresh.import_files([device.path]).added == 5 - restored
    for record_id, _ in fresh.records():
        fresh.open_record(record_id, tmp_path / "body")
