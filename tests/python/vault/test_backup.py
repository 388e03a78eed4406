"""
a backup
├── manifest, entries and bodies come back as they went in, in their order
├── another seed, and the same seed of another chain: refused
├── any changed byte of the head, and one in each segment: refused
├── a file that is cut anywhere, also between two segments: refused
├── one that is lengthened, or put together from two: refused
├── an old entry of a body, or one body too many: refused
└── its length tells no more than the padding does
"""

import io
import itertools
import os

import pytest

from aceso import vault
from aceso.vault import BackedUp, BackupWriter, FormatError, OpeningError, PartKind

SEGMENT = 65_536 + 16


@pytest.fixture
def entry(capsule_of):
    return vault.ListEntry(
        cid="bafybei" + "a" * 52,
        capsule=capsule_of(),
        issuer="0x" + "00" * 19 + "07",
        root=bytes(32),
        envelope=b"sealed",
    )


@pytest.fixture
def write(keys, entry):
    """Write a backup of one entry with this body, and give its bytes."""

    def made(body=b"a sealed body" * 20_000, bodies=1):
        stream = io.BytesIO()
        with BackupWriter(stream, keys) as backup:
            backup.manifest(7, b"an index")
            backup.entry(BackedUp(entry, "2024-01-02", 2, b"l" * 32))
            for _ in range(bodies):
                backup.body(entry.cid, io.BytesIO(body), len(body))
        return stream.getvalue()

    return made


def read(data, keys):
    parts = []
    for part in vault.read_backup(io.BytesIO(data), keys):
        body = part.source.read() if part.source else None
        parts.append((part.kind, part.data, part.number, part.cid, body))
    return parts


def test_what_went_in_comes_back(write, keys, entry):
    first, second, third, last = read(write(), keys)

    assert first == (PartKind.MANIFEST, b"an index", 7, "", None)
    found = BackedUp.from_bytes(second[1])
    assert (found.entry.to_bytes(), found.day, found.step, found.leaves) == (
        *(entry.to_bytes(), "2024-01-02", 2),
        b"l" * 32,
    )
    assert third[3:] == (entry.cid, b"a sealed body" * 20_000)
    assert last[0] is PartKind.END


def test_a_body_that_is_not_read_is_passed_over(write, keys):
    kinds = [part.kind for part in vault.read_backup(io.BytesIO(write()), keys)]
    assert kinds == [PartKind.MANIFEST, PartKind.ENTRY, PartKind.BODY, PartKind.END]


def test_another_seed_and_another_chain_open_nothing(write, seed):
    with pytest.raises(OpeningError) as other:
        read(write(), vault.Seed.make().keys(31_337))
    assert other.value.code == "E_BACKUP_NOT_OPENED"
    with pytest.raises(OpeningError) as elsewhere:
        read(write(), seed.keys(1))
    assert elsewhere.value.code == "E_BACKUP_CHAIN"


def test_any_changed_byte_is_refused(write, keys):
    data = write()
    head = range(46)
    places = [*head, *range(46, len(data), SEGMENT // 2), len(data) - 1]
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(OpeningError):
            read(bytes(changed), keys)


def test_a_cut_file_is_refused(write, keys):
    data = write()
    between = [46 + number * SEGMENT for number in range(1, (len(data) - 46) // SEGMENT + 1)]
    assert len(between) >= 3
    for length in (0, 3, 45, 46, 47, *between, *(one - 1 for one in between), len(data) - 1):
        with pytest.raises(OpeningError):
            read(data[:length], keys)


def test_a_lengthened_file_or_one_of_two_is_refused(write, keys):
    one, other = write(), write()
    for joined in (
        one + b"\0",
        one + other,
        one[:46] + other[46:],
        one[:SEGMENT] + other[SEGMENT:],
    ):
        with pytest.raises(OpeningError):
            read(joined, keys)


def test_segments_that_change_places_are_refused(write, keys):
    data = write()
    parts = [data[46 + at * SEGMENT :][:SEGMENT] for at in range(3)]
    for order in itertools.permutations(range(3)):
        if order != (0, 1, 2):
            with pytest.raises(OpeningError):
                swapped = b"".join(parts[at] for at in order)
                read(data[:46] + swapped + data[46 + 3 * SEGMENT :], keys)


def test_a_body_without_an_entry_is_refused(write, keys):
    with pytest.raises(FormatError):
        read(write(bodies=2), keys)


def test_an_index_must_come_first(keys, entry):
    stream = io.BytesIO()
    with BackupWriter(stream, keys) as backup:
        backup.entry(BackedUp(entry, "", 0, bytes(32)))
    with pytest.raises(FormatError):
        read(stream.getvalue(), keys)


def test_its_length_tells_no_more_than_the_padding(write):
    lengths = {len(write(os.urandom(200_000 + more))) for more in (0, 100, 2_000)}
    assert len(lengths) == 1


def test_nothing_of_it_is_in_the_clear(write, entry):
    data = write(b"\x07" * 4096)
    assert entry.cid.encode() not in data
    assert b"\x07" * 32 not in data
