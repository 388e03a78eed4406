"""How fast the vault seals, opens and joins: beside `age` on the same file, and against its limits.

`run()` gives one row per figure: name, value, unit, limit, and ratio (value to limit, turned so
that 1 or more is good). The rates of capsules are in one process on one core. `age` is the format's
Rust implementation (rage, through PyPI `pyrage`), in the same process, from file to file. Times are
processor seconds, and the best of several turns, which is the one that other programs on the
machine disturbed least.

Of the time to seal, two fifths are the SHA-256 of the whole body, which `age` has not, a fifth is
the cipher, a third is reading and writing, and the rest is ours: there is little left to win. So it
is set beside `age` twice: as it is, and with a SHA-256 of what `age` wrote, which is as much work.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage

from aceso import vault

MIB = 1 << 20
FILE_MIB = 64
LARGE_MIB = 1024
TURNS = 5

_PEAK = """
import sys
from aceso import vault
path = sys.argv[1]
with open(path, "rb") as source, open(path + ".sealed", "wb") as target:
    body = vault.seal_stream(source, target, bytes(32))
with open(path + ".sealed", "rb") as source, open("/dev/null", "wb") as target:
    vault.open_stream(source, target, bytes(32), body)
# Not ru_maxrss, which a child inherits from its parent.
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


def _seconds(*acts: Callable[[], object], turns: int = TURNS) -> list[float]:
    """The best time of each act; they take turns, so that a slow moment hits all of them."""
    best = [float("inf")] * len(acts)
    for _ in range(turns):
        for index, act in enumerate(acts):
            start = time.process_time()
            act()
            best[index] = min(best[index], time.process_time() - start)
    return best


def _row(
    name: str, value: float, unit: str, limit: float, *, lower: bool = False
) -> dict[str, Any]:
    ratio = limit / value if lower else value / limit
    return {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "limit": round(limit, 1),
        "ratio": round(ratio, 2),
    }


def _bodies(folder: Path) -> list[dict[str, Any]]:
    plain = folder / "plain"
    plain.write_bytes(os.urandom(FILE_MIB * MIB))
    sealed, opened = folder / "sealed", folder / "opened"
    aged, unaged = folder / "aged", folder / "unaged"
    dek = vault.new_dek()
    identity = pyrage.x25519.Identity.generate()
    recipient = identity.to_public()
    bodies: list[vault.Body] = []

    def seal() -> None:
        with plain.open("rb") as source, sealed.open("wb") as target:
            bodies[:] = [vault.seal_stream(source, target, dek)]

    def open_() -> None:
        with sealed.open("rb") as source, opened.open("wb") as target:
            vault.open_stream(source, target, dek, bodies[0])

    def age_seal() -> None:
        pyrage.encrypt_file(str(plain), str(aged), [recipient])

    def age_digest() -> None:
        age_seal()
        with aged.open("rb") as file:
            hashlib.file_digest(file, "sha256")

    def age_open() -> None:
        pyrage.decrypt_file(str(aged), str(unaged), [identity])

    ours, theirs, digested = _seconds(seal, age_seal, age_digest)
    ours_open, theirs_open = _seconds(open_, age_open)
    if opened.read_bytes() != plain.read_bytes():
        raise AssertionError("what was opened is not what was sealed")
    return [
        _row(f"seal {FILE_MIB} MiB, against age", FILE_MIB / ours, "MiB/s", FILE_MIB / theirs),
        _row(
            f"seal {FILE_MIB} MiB, against age and a SHA-256",
            FILE_MIB / ours,
            "MiB/s",
            FILE_MIB / digested,
        ),
        _row(
            f"open {FILE_MIB} MiB, against age",
            FILE_MIB / ours_open,
            "MiB/s",
            FILE_MIB / theirs_open,
        ),
    ]


def _memory(folder: Path) -> list[dict[str, Any]]:
    large = folder / "large"
    with large.open("wb") as file:
        file.truncate(LARGE_MIB * MIB)
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, str(large)], capture_output=True, text=True, check=True
    )
    peak = int(done.stdout) / 1024
    return [_row(f"resident, sealing and opening {LARGE_MIB} MiB", peak, "MiB", 64, lower=True)]


def _capsules(rounds: int = 300) -> list[dict[str, Any]]:
    keys = vault.Seed.make().keys(1)
    reader, owner, receiving = keys.class_key(16, 0), keys.owner_key(), vault.PrivateKey.generate()
    custodians = [(f"0x{index:040x}", vault.PrivateKey.generate()) for index in (1, 2, 3)]
    committee = [(address, private.public_key) for address, private in custodians]
    _, body = vault.seal_bytes(b"", dek := vault.new_dek())
    context = vault.CapsuleContext(
        chain_id=1, record_id=os.urandom(32), data_class=16, epoch=0, list_key="0x" + "33" * 20
    )
    request = os.urandom(32)
    reader_public, owner_public = reader.public_key, owner.public_key
    capsule = vault.make_capsule(
        context,
        vault.RecordKey(dek, body),
        custodians=committee,
        threshold=2,
        reader_key=reader_public,
        owner_key=owner_public,
    )
    stored = capsule.to_bytes()

    def make() -> None:
        for _ in range(rounds):
            vault.make_capsule(
                context,
                vault.RecordKey(dek, body),
                custodians=committee,
                threshold=2,
                reader_key=reader_public,
                owner_key=owner_public,
            )

    def release() -> None:
        address, private = custodians[0]
        for _ in range(rounds):
            taken = vault.Capsule.from_bytes(stored)
            share = vault.open_share(taken, address, private)
            vault.seal_share(taken, share, receiving.public_key, request=request)

    answers = [
        (
            address,
            vault.seal_share(
                capsule,
                vault.open_share(capsule, address, private),
                receiving.public_key,
                request=request,
            ),
        )
        for address, private in custodians[:2]
    ]

    def join() -> None:
        for _ in range(rounds):
            shares = [
                vault.open_released(capsule, address, answer, receiving, request=request)
                for address, answer in answers
            ]
            vault.join(capsule, shares, reader)

    made, released, joined = _seconds(make, release, join)
    return [
        _row("make a capsule for 3 custodians", rounds / made, "per s", 1_500),
        _row("release a share", rounds / released, "per s", 4_000),
        _row("join and open with 2 of 3", rounds / joined, "per s", 2_500),
    ]


def _merkle() -> list[dict[str, Any]]:
    leaves = [os.urandom(32) for _ in range(10_000)]
    (best,) = _seconds(lambda: vault.make_batch(leaves).proofs())
    return [_row("root and proofs of 10,000 records", best * 1_000, "ms", 150, lower=True)]


def run() -> list[dict[str, Any]]:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [*_bodies(folder), *_memory(folder), *_capsules(), *_merkle()]


if __name__ == "__main__":
    for row in run():
        print("{name:45} {value:>9} {unit:6} limit {limit:>8}  x {ratio}".format(**row))
