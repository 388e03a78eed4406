"""
what an issuer keeps of a record
├── is read as it was kept
└── of a record of before, or spoilt: its leaf alone
which record takes the place of which
├── that of the same person and lineage, whatever else was issued
├── the only one of its class, where the lineage changed with what was corrected
└── none: another person's, another class, one of several, the same record, one that is not known
"""

from __future__ import annotations

import pytest

from aceso.flows import Issued, replacements

NARA, MINHO = "0x" + "11" * 20, "0x" + "22" * 20
LABS, PROBLEMS = 1 << 2, 1 << 3


def record(leaf: int, persona: str = NARA, data_class: int = LABS, lineage: int = 1) -> Issued:
    return Issued(bytes([leaf]) * 32, persona, data_class, bytes([lineage]) * 32)


def test_is_read_as_it_was_kept() -> None:
    assert Issued.from_note(record(7).leaf, record(7).note()) == record(7)


@pytest.mark.parametrize("note", [b"", b"{}", b"[", b'{"persona": 1, "class": [], "lineage": ""}'])
def test_of_what_cannot_be_read_the_leaf_stays(note: bytes) -> None:
    assert Issued.from_note(record(7).leaf, note) == Issued(record(7).leaf)


def test_the_same_lineage_takes_the_place() -> None:
    earlier = [record(1, lineage=1), record(2, lineage=2), record(3, MINHO, lineage=1)]
    later = [record(13, MINHO, lineage=1), record(12, lineage=2), record(11, lineage=1)]

    found = replacements(earlier, later)

    assert [(old.leaf[0], new.leaf[0]) for old, new in found.pairs] == [(1, 11), (2, 12), (3, 13)]
    assert found.left == ()


def test_the_only_one_of_its_class_takes_the_place_under_another_lineage() -> None:
    found = replacements(
        [record(1, lineage=1), record(2, data_class=PROBLEMS, lineage=2)],
        [record(11, lineage=5), record(12, data_class=PROBLEMS, lineage=6)],
    )
    assert [(old.leaf[0], new.leaf[0]) for old, new in found.pairs] == [(1, 11), (2, 12)]


@pytest.mark.parametrize(
    "earlier, later",
    [
        ([record(1)], [record(11, MINHO)]),
        ([record(1)], [record(11, data_class=PROBLEMS)]),
        # Which of them it is nobody can say.
        ([record(1)], [record(11, lineage=5), record(12, lineage=6)]),
        ([record(1, lineage=1), record(2, lineage=2)], [record(11, lineage=5)]),
        ([record(1)], [record(1)]),
        ([record(1)], []),
        ([Issued(b"\1" * 32)], [Issued(b"\2" * 32)]),
    ],
)
def test_nothing_takes_the_place(earlier: list[Issued], later: list[Issued]) -> None:
    found = replacements(earlier, later)
    assert found.pairs == ()
    assert found.left == tuple(earlier)
