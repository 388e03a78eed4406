"""
sizes, up to past 64 MiB (P1, P2)
├── at each border: opens to what was sealed, with the length that the format says
├── at each border: each segment is one of ChaCha20-Poly1305, and the rest is zeros
├── at each border: cut, swapped, repeated, appended, flipped: refused, nothing released
└── at any size between: opens to what was sealed
"""

import io
import math
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st

from aceso import vault

MIB = 1 << 20
PLAIN = 65_536
SEGMENT = PLAIN + 28
# Sealed lengths, worked out by hand: Padmé's length, and 28 bytes for each segment of it.
BORDERS = {
    0: 4_096 + 28,
    1: 4_096 + 28,
    4_096: 4_096 + 28,
    4_097: 4_352 + 28,
    65_535: 65_536 + 28,
    65_536: 65_536 + 28,
    65_537: 67_584 + 2 * 28,
    4 * 65_536 - 1: 262_144 + 4 * 28,
    4 * 65_536: 262_144 + 4 * 28,
    4 * 65_536 + 1: 270_336 + 5 * 28,
    5 * 65_536 - 1: 327_680 + 5 * 28,
    5 * 65_536: 327_680 + 5 * 28,
    5 * 65_536 + 1: 335_872 + 6 * 28,
    16 * 65_536: 1_048_576 + 16 * 28,
    16 * 65_536 + 1: 1_081_344 + 17 * 28,
    64 * MIB - 1: 64 * MIB + 1_024 * 28,
    64 * MIB: 64 * MIB + 1_024 * 28,
    64 * MIB + 1: 66 * MIB + 1_056 * 28,
}


class Pattern(io.RawIOBase):
    """A plaintext of this length, made as it is read. No two stretches of it are alike: every
    60,000 bytes, which fit no segment, begin with their number."""

    _NOISE = os.urandom(60_000 - 8)

    def __init__(self, length):
        self._length = length
        self._at = 0

    def readable(self):
        return True

    @classmethod
    def between(cls, start, end):
        first = start // 60_000
        blocks = [n.to_bytes(8, "big") + cls._NOISE for n in range(first, -(-end // 60_000))]
        return b"".join(blocks)[start - first * 60_000 : end - first * 60_000]

    def readinto(self, view):
        end = min(self._at + len(view), self._length)
        part = self.between(self._at, end)
        view[: len(part)] = part
        self._at = end
        return len(part)


class Compared(io.RawIOBase):
    """Takes what a `Pattern` gives, holds none of it, and counts what is right."""

    def __init__(self):
        self.count = 0

    def write(self, view):
        assert bytes(view) == Pattern.between(self.count, self.count + len(view))
        self.count += len(view)
        return len(view)


class Stitched(io.RawIOBase):
    """Stretches of a file, one after the other; to each byte at a place in `flips` another."""

    def __init__(self, file, stretches, flip=None):
        self._file, self._stretches, self._flip = file, stretches, flip
        self._at = 0

    def tell(self):
        return self._at

    def seek(self, at, whence=0):
        assert (at, whence) == (0, 0)
        self._at = 0

    def readinto(self, view):
        before = 0
        for start, end in self._stretches:
            if self._at < before + end - start:
                skipped = self._at - before
                self._file.seek(start + skipped)
                count = self._file.readinto(view[: end - start - skipped])
                if self._flip is not None and 0 <= self._flip - self._at < count:
                    view[self._flip - self._at] ^= 1
                self._at += count
                return count
            before += end - start
        return 0


@pytest.fixture(scope="module")
def sealed_of(tmp_path_factory):
    """The sealed file of each border, made once."""
    folder, made = tmp_path_factory.mktemp("sizes"), {}

    def get(length):
        if length not in made:
            dek, path = vault.new_dek(), folder / str(length)
            with path.open("wb") as target:
                body = vault.seal_stream(Pattern(length), target, dek)
            made[length] = (path, dek, body)
        return made[length]

    yield get
    for path, _, _ in made.values():
        path.unlink()


@pytest.mark.parametrize(("length", "expected"), BORDERS.items())
def test_a_border_opens_to_what_was_sealed(sealed_of, length, expected):
    path, dek, body = sealed_of(length)
    target = Compared()

    with path.open("rb") as source:
        vault.open_stream(source, target, dek, body)

    assert target.count == body.length == length
    assert path.stat().st_size == body.sealed_length == expected


@pytest.mark.parametrize("length", BORDERS)
def test_a_border_is_as_the_format_says(sealed_of, length):
    path, dek, body = sealed_of(length)
    count = math.ceil(body.sealed_length / SEGMENT)
    cipher = ChaCha20Poly1305(dek)
    with path.open("rb") as file:
        for number in {0, 1, count // 2, count - 2, count - 1} & set(range(count)):
            file.seek(number * SEGMENT)
            segment = file.read(SEGMENT)
            plain = cipher.decrypt(segment[:12], segment[12:], None)
            start = number * PLAIN
            content = Pattern.between(start, min(start + len(plain), max(length, start)))
            assert plain == content + bytes(len(plain) - len(content))


def changes(size):
    """What can be done to a sealed file of this size, as stretches of it and a flipped place."""
    whole, count = (0, size), math.ceil(size / SEGMENT)
    parts = [(n * SEGMENT, min((n + 1) * SEGMENT, size)) for n in range(count)]
    yield "nothing of it", [], None
    yield "cut by a byte", [(0, size - 1)], None
    yield "cut by its first byte", [(1, size)], None
    yield "cut by its last segment", parts[:-1], None
    yield "followed by a byte", [whole, (0, 1)], None
    yield "followed by its first segment", [whole, parts[0]], None
    yield "followed by its last segment", [whole, parts[-1]], None
    yield "twice", [whole, whole], None
    yield "flipped in its first nonce", [whole], 0
    yield "flipped in its last tag", [whole], size - 1
    if count > 1:
        yield "cut by its first segment", parts[1:], None
        yield "the first two swapped", [parts[1], parts[0], *parts[2:]], None
        yield "the last two swapped", [*parts[:-2], parts[-1], parts[-2]], None
        yield "the first for the second", [parts[0], parts[0], *parts[2:]], None
        yield "the first for the last", [*parts[:-1], parts[0]], None
        yield "the last twice for the one before", [*parts[:-2], parts[-1], parts[-1]], None
        yield "flipped at a border", [whole], SEGMENT


@pytest.mark.parametrize("length", BORDERS)
def test_a_changed_border_is_refused_and_nothing_released(sealed_of, length):
    path, dek, body = sealed_of(length)
    with path.open("rb", buffering=0) as file:
        for what, stretches, flip in changes(body.sealed_length):
            target = io.BytesIO()
            with pytest.raises(vault.OpeningError):
                vault.open_stream(Stitched(file, stretches, flip), target, dek, body)
            assert not target.getvalue(), what
        # The stitching itself changes nothing.
        target = Compared()
        vault.open_stream(Stitched(file, [(0, body.sealed_length)]), target, dek, body)
        assert target.count == length


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 26).flatmap(lambda bits: st.integers(0, 1 << bits)))
def test_any_size_opens_to_what_was_sealed(length):
    dek, sealed, target = vault.new_dek(), io.BytesIO(), Compared()

    body = vault.seal_stream(Pattern(length), sealed, dek)
    sealed.seek(0)
    vault.open_stream(sealed, target, dek, body)

    assert target.count == body.length == length
    assert sealed.getbuffer().nbytes == body.sealed_length
