"""
a will in deposits
├── any m of n give it back; fewer, or of two versions, or with a seed's: refused
├── one deposit shows nothing of it, and has the digest that is committed on chain
├── is bound to its chain, persona and version
├── a deposit: every flipped bit is refused, and so are cuts
├── a text that isn't the one that is named is refused
└── the frozen vectors open
"""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from aceso import vault
from aceso.vault import Deposit, FalseShareError, OpeningError, Seed

SEED = Seed.from_mnemonic("zoo " * 11 + "wrong")
PERSONA, *CUSTODIANS = (SEED.persona(index).address for index in range(4))
VECTORS = Path(__file__).parents[2] / "vectors"
TEXT = "what is to end " * 400


def made(text: str = TEXT, *, version: int = 1) -> list[Deposit]:
    return vault.deposits_of_will(
        text,
        chain_id=1,
        persona=PERSONA,
        version=version,
        custodians=CUSTODIANS,
        threshold=2,
    )


def test_any_two_give_it_back() -> None:
    read = [Deposit.from_bytes(one.to_bytes()) for one in made()]
    for deposit, custodian in zip(read, CUSTODIANS, strict=True):
        deposit.check(custodian)
    for pair in itertools.permutations(read, 2):
        assert vault.open_will(pair) == TEXT


def test_fewer_and_others_are_refused() -> None:
    first, second, _ = made()
    later = made(version=2)
    seed = vault.deposits_of(
        bytes(1174),
        chain_id=1,
        persona=PERSONA,
        version=1,
        custodians=CUSTODIANS,
        threshold=2,
    )
    for some in ([first], [first, later[1]], [first, seed[1]], seed):
        with pytest.raises(OpeningError):
            vault.open_will(some)
    assert vault.open_will([first, second]) == TEXT


def test_one_says_nothing_of_it() -> None:
    for deposit in made():
        data = deposit.to_bytes()
        assert not any(TEXT[at : at + 15].encode() in data for at in range(15))
        assert data not in repr(deposit).encode()
        assert deposit.enclosed is not None
        assert deposit.enclosed.digest == hashlib.sha256(TEXT.encode()).digest()
    # Padded: how much is in it shows roughly.
    assert len(made()[0].to_bytes()) == len(made(TEXT + "more")[0].to_bytes())


@pytest.mark.parametrize("changed", [{"chain_id": 2}, {"persona": CUSTODIANS[0]}, {"version": 2}])
def test_it_is_bound_to_its_place(changed: dict[str, object]) -> None:
    with pytest.raises(OpeningError):
        vault.open_will([replace(one, **changed) for one in made()[:2]])  # type: ignore[arg-type]


def test_every_flipped_bit_and_cut_is_noticed() -> None:
    deposits = made("short")
    data = deposits[1].to_bytes()
    # All but the middle of what is sealed, which one digest covers.
    for place in [*range(500), *range(500, len(data), 97)]:
        changed = data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]
        with pytest.raises((OpeningError, FalseShareError)):
            found = Deposit.from_bytes(changed)
            found.check(CUSTODIANS[1])
            vault.open_will([found, deposits[0]])
        with pytest.raises(OpeningError):
            Deposit.from_bytes(data[:place])


def test_a_text_of_another_digest_is_refused() -> None:
    some = []
    for one in made()[:2]:
        assert one.enclosed is not None
        some.append(replace(one, enclosed=replace(one.enclosed, digest=bytes(32))))
    with pytest.raises(OpeningError):
        vault.open_will(some)


def test_the_vectors() -> None:
    said = json.loads((VECTORS / "will.json").read_text(encoding="utf-8"))
    deposits = [Deposit.from_bytes(bytes.fromhex(one)) for one in said["deposits"]]
    for who, deposit, digest in zip(said["custodians"], deposits, said["digests"], strict=True):
        deposit.check(who)
        assert (deposit.persona, deposit.version) == (said["persona"], said["version"])
        assert deposit.digest.hex() == digest
        assert deposit.enclosed is not None
        assert deposit.enclosed.digest.hex() == said["digest"]
    assert vault.open_will(deposits[1:]) == said["text"]
