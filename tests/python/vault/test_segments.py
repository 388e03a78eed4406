"""
segments
├── P1  opens to what was sealed, with short reads; two seals share nothing
├── P1  in files: no more and no less than the body, and a full disk is told before the work
├── P2  flipped, another key or body, a source that changes: one error, nothing released
└── P3  a length is one of Padmé's, at most 12 % more

Every size up to 64 MiB is in test_sizes.py, nonces are in test_nonces.py, 2 GiB in test_large.py.
"""

import io
import os
import resource

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aceso import vault

KIB = 1024
SEGMENT = 64 * KIB + 28
BORDERS = [0, 1, 4095, 4096, 4097, 65_535, 65_536, 65_537, 16 * 65_536 - 1, 16 * 65_536, 3_000_001]


class Trickle(io.BytesIO):
    """A source that gives less than it is asked for, and has no `readinto`."""

    readinto = None

    def read(self, size=-1):
        return super().read(min(size, 10_007) if size > 0 else size)


@pytest.mark.parametrize("length", BORDERS)
def test_round_trip(length):
    plaintext, dek = os.urandom(length), vault.new_dek()
    sealed, plain = io.BytesIO(), io.BytesIO()

    body = vault.seal_stream(Trickle(plaintext), sealed, dek)
    vault.open_stream(Trickle(sealed.getvalue()), plain, dek, body)

    assert plain.getvalue() == plaintext
    assert len(sealed.getvalue()) == body.sealed_length == vault.sealed_length(length)


@pytest.mark.parametrize("length", [0, 1, 65_536, 300_000, 1 << 20, 3_000_001])
def test_a_file_is_sealed_to_a_file_of_the_right_length(tmp_path, length):
    plaintext, dek = os.urandom(length), vault.new_dek()
    plain, sealed, opened = tmp_path / "plain", tmp_path / "sealed", tmp_path / "opened"
    plain.write_bytes(plaintext)

    with plain.open("rb") as source, sealed.open("wb") as target:
        body = vault.seal_stream(source, target, dek)

    assert sealed.stat().st_size == body.sealed_length == vault.sealed_length(length)
    with sealed.open("rb") as source, opened.open("wb") as target:
        vault.open_stream(source, target, dek, body)
    assert opened.read_bytes() == plaintext


def test_a_file_that_was_cut_meanwhile_leaves_nothing_after_its_body(tmp_path):
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.write_bytes(bytes(1 << 20))

    class Cut(io.FileIO):
        def readinto(self, view):
            os.truncate(plain, 70_000)
            return super().readinto(view)

    with Cut(plain) as source, sealed.open("wb") as target:
        body = vault.seal_stream(source, target, vault.new_dek())

    assert body.length == 70_000
    assert sealed.stat().st_size == body.sealed_length


def test_a_full_disk_is_told_of_before_anything_is_read(tmp_path):
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.write_bytes(bytes(1 << 20))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 19, hard))
    try:
        with plain.open("rb") as source, sealed.open("wb") as target:
            with pytest.raises(OSError):
                vault.seal_stream(source, target, vault.new_dek())
            read = source.tell()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert read == 0


def test_two_seals_share_nothing():
    dek = vault.new_dek()
    one, two = (vault.seal_bytes(bytes(70_000), dek)[0] for _ in range(2))
    blocks = {one[at : at + 16] for at in range(0, len(one) - 15, 16)}

    assert not blocks & {two[at : at + 16] for at in range(len(two) - 15)}


@pytest.fixture(scope="module")
def long():
    dek = vault.new_dek()
    return dek, *vault.seal_bytes(os.urandom(5 * 65_536 + 9), dek)


def changes(sealed):
    segments = [sealed[at : at + SEGMENT] for at in range(0, len(sealed), SEGMENT)]
    yield "cut by a byte", sealed[:-1]
    yield "cut by a segment", b"".join(segments[:-1])
    yield "empty", b""
    yield "swapped", b"".join([segments[1], segments[0], *segments[2:]])
    yield "repeated", b"".join([segments[0], segments[0], *segments[2:]])
    yield "one more", sealed + segments[0]
    yield "one more byte", sealed + b"\0"
    for at in (0, 11, 12, 5_000, SEGMENT - 1, SEGMENT, len(sealed) - 1):
        yield f"flipped at {at}", bytes([*sealed[:at], sealed[at] ^ 128, *sealed[at + 1 :]])


def test_what_was_changed_is_refused_and_nothing_released(long):
    dek, sealed, body = long
    for what, changed in changes(sealed):
        target = io.BytesIO()
        with pytest.raises(vault.OpeningError):
            vault.open_stream(io.BytesIO(changed), target, dek, body)
        assert not target.getvalue(), what


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_flipped_bit_is_refused(data):
    dek = bytes(32)
    sealed, body = vault.seal_bytes(b"short", dek)
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    changed = bytearray(sealed)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(vault.OpeningError):
        vault.open_bytes(bytes(changed), dek, body)


def test_another_key_or_length_is_refused(long):
    dek, sealed, body = long
    for key, other in (
        (vault.new_dek(), body),
        (dek, vault.Body(body.sha256, body.sealed_length, body.length * 2)),
        (dek, vault.Body(body.sha256, body.sealed_length + 1, body.length)),
        (dek, vault.Body(bytes(32), body.sealed_length, body.length)),
    ):
        target = io.BytesIO()
        with pytest.raises(vault.OpeningError):
            vault.open_stream(io.BytesIO(sealed), target, key, other)
        assert not target.getvalue()


def test_a_source_that_changes_between_the_readings_is_refused():
    dek = vault.new_dek()
    sealed, body = vault.seal_bytes(os.urandom(2 * 65_536), dek)

    class Turning(io.BytesIO):
        def seek(self, *args):
            self.getbuffer()[:] = sealed[SEGMENT:] + sealed[:SEGMENT]
            return super().seek(*args)

    target = io.BytesIO()
    with pytest.raises(vault.OpeningError):
        vault.open_stream(Turning(sealed), target, dek, body)
    assert not target.getvalue()


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 1 << 44))
def test_padded_lengths(length):
    padded = vault.padded_length(length)

    assert padded == vault.padded_length(padded) >= max(length, 4_096)
    assert padded <= max(4_096, 1.12 * length)
