"""
hostile archives: what is told of each member
├── names that lead out, links, locked members: refused by the member, the others are read
├── bombs
│   ├── one member, and a gzip, of far more than it should be
│   ├── members that share their bytes
│   └── archives in archives, which share one budget and are read two deep
├── sizes and checksums that lie: the member is refused
├── a directory of more members than are read is not opened at all
└── two members of one name are both read
"""

from __future__ import annotations

import gzip
import io
import json
import stat
import struct
import zipfile

import pytest

from aceso.formats import _reader

from .conftest import import_all, observation

GOOD = json.dumps(observation()).encode()


def packed(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def told(read):
    return [(one.kind.value, one.code) for one in read.outcomes]


@pytest.mark.parametrize(
    "name",
    ["../out.json", "/etc/out.json", "a/../../out.json", "C:\\out.json", "..\\out.json", "c:/x"],
)
def test_a_name_that_leads_out(name, write):
    read = import_all(write(packed([(name, GOOD), ("good.json", GOOD)])))

    assert told(read)[0] == ("refused", "unsafe_name")
    assert "imported" in read.kinds[1:] or "unchanged" in read.kinds[1:]
    assert len(read.records) == 1


def test_a_link(write):
    link = zipfile.ZipInfo("link.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    read = import_all(write(packed([(link, "/etc/passwd"), ("good.json", GOOD)])))

    assert told(read)[0] == ("refused", "link")
    assert len(read.records) == 1


def test_a_locked_member(write):
    data = bytearray(packed([("locked.json", GOOD)]))
    # The bit that says so, in the member's header and in the directory.
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1

    assert told(import_all(write(bytes(data)))) == [("refused", "locked")]


def test_one_member_that_is_a_bomb(write):
    read = import_all(write(packed([("bomb", bytes(64 << 20)), ("good.json", GOOD)])))

    assert told(read)[0] == ("refused", "bomb")
    assert len(read.records) == 1


def test_a_gzip_that_is_a_bomb(write):
    assert told(import_all(write(gzip.compress(bytes(64 << 20))))) == [("refused", "bomb")]


def test_members_that_share_their_bytes(write):
    data = packed([("a", bytes(4 << 20))])
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[start:end]
    # A thousand entries of the directory point to the one member.
    directory = entry * 1000
    closing = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1000, 1000, len(directory), start, 0)

    assert told(import_all(write(data[:start] + directory + closing))) == [("refused", "bomb")]


def test_archives_in_archives_share_one_budget(write, monkeypatch):
    monkeypatch.setattr(_reader, "_MAX_BYTES", 40 << 20)
    inner = packed([("inner", bytes(12 << 20))])
    outer = packed([(f"{number}.zip", inner + bytes([number])) for number in range(5)])
    read = import_all(write(outer))

    assert ("refused", "bomb") in told(read)
    assert told(read).count(("refused", "bomb")) == 2


def test_archives_are_opened_two_deep(write):
    once = packed([("good.json", GOOD)])
    twice, thrice = packed([("in.zip", once)]), packed([("in.zip", packed([("in.zip", once)]))])

    assert len(import_all(write(twice)).records) == 1
    assert told(import_all(write(thrice))) == [("kept", "too_deep")]


def test_a_size_and_a_checksum_that_lie(write):
    data = bytearray(packed([("lie.json", GOOD)], zipfile.ZIP_STORED))
    data[data.index(b"PK\x01\x02") + 16] ^= 0xFF
    assert told(import_all(write(bytes(data)))) == [("refused", "damaged")]

    data = bytearray(packed([("lie.json", GOOD)]))
    at = data.index(b"PK\x01\x02") + 20
    data[at : at + 4] = struct.pack("<I", 7)
    assert told(import_all(write(bytes(data)))) == [("refused", "damaged")]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name(write):
    other = json.dumps(observation(id="two")).encode()
    read = import_all(write(packed([("one.json", GOOD), ("one.json", other)])))

    assert read.kinds == ["imported", "imported"]


@pytest.mark.parametrize("far", [False, True])
def test_a_directory_of_too_many_members_is_not_opened(far, write):
    # Each entry of 47 bytes would be held in a thousand.
    count = 200_000
    entry = b"PK\x01\x02" + bytes(24) + struct.pack("<H", 1) + bytes(16) + b"a"
    size = len(entry) * count
    closing = b"PK\x05\x06" + struct.pack(
        "<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF if far else size, 4, 0
    )
    if far:
        wide = struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, 4)
        locator = struct.pack("<IQI", 0, 4 + size, 1)
        closing = b"PK\x06\x06" + wide + b"PK\x06\x07" + locator + closing
    read = import_all(write(b"PK\x03\x04" + entry * count + closing))

    assert told(read) == [("refused", "too_large")]
