"""
nonces and data keys (P4)
├── a million draws of each have no two alike
├── every segment and every box has one of its own, just drawn
└── two processes that start from the same memory draw different ones
"""

import os

import pytest

from aceso import vault
from aceso.vault import _boxes, segments

DRAWS = 1_000_000
SEGMENT = 64 * 1024 + 28


def test_a_million_nonces_and_keys_are_all_different():
    nonces = set()
    for _ in range(DRAWS // 4):
        nonces.update(segments.new_nonces(4))
    assert len(nonces) == DRAWS
    assert {len(nonce) for nonce in nonces} == {12}
    nonces.clear()

    deks = {vault.new_dek() for _ in range(DRAWS)}
    assert len(deks) == DRAWS
    assert {len(dek) for dek in deks} == {32}


@pytest.fixture
def drawn(monkeypatch):
    """Every nonce that is drawn, in order."""
    real, seen = segments.new_nonces, []

    def watched(count):
        fresh = real(count)
        seen.extend(fresh)
        return fresh

    monkeypatch.setattr(segments, "new_nonces", watched)
    monkeypatch.setattr(_boxes, "new_nonces", watched)
    return seen


def test_each_segment_has_a_nonce_of_its_own(drawn):
    sealed, _ = vault.seal_bytes(bytes(35 * 65_536 + 1), bytes(32))

    used = [sealed[at : at + 12] for at in range(0, len(sealed), SEGMENT)]

    assert used == drawn
    assert len(set(used)) == 36


def test_each_box_has_a_nonce_of_its_own(drawn, keys):
    boxes = [vault.Manifest(version=3).seal(keys) for _ in range(50)]

    used = [box[6:18] for box in boxes]

    assert used == drawn
    assert len(set(used)) == 50


def nonces_and_key():
    sealed, _ = vault.seal_bytes(bytes(16 * 65_536), bytes(32))
    return b"".join(sealed[at : at + 12] for at in range(0, len(sealed), SEGMENT)) + vault.new_dek()


def test_two_that_start_from_the_same_memory_draw_different_ones():
    # As two machines do that were brought back from one snapshot.
    vault.new_dek()
    said = [_in_a_fork(nonces_and_key) for _ in range(2)] + [nonces_and_key()]
    parts = [part[at : at + 12] for part in said for at in range(0, 16 * 12, 12)]
    keys = [part[16 * 12 :] for part in said]

    assert len(parts) == len(set(parts)) == 48
    assert len(set(keys)) == 3
    assert {len(key) for key in keys} == {32}


def _in_a_fork(does):
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writer, does())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    return answer
