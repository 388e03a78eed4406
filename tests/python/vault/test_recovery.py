"""
recovery
├── the library is SLIP-39: published words give their published secret
├── a seed's entropy is BIP-39's, and gives the seed back
├── guardians: any m of n, in any order and spelling; every subset of fewer opens nothing
├── custodians: any m of n; fewer, or of two versions: refused
├── both together give the seed; a key of another recovery, persona or chain doesn't
├── a deposit: every flipped bit is refused, and so is every cut; a false share names its custodian
├── a release is for one custodian and one request
└── the frozen vectors open
"""

import itertools
import json
from pathlib import Path

import pytest
from shamir_mnemonic import combine_mnemonics

from aceso import vault
from aceso.vault import FalseShareError, FormatError, OpeningError, RecoveryKey, Seed

# The entropy of all zeros and of all ones, from BIP-39's own vectors.
ZEROS = "abandon " * 23 + "art"
ONES = "zoo " * 11 + "wrong"
PERSONA = "0x5d5c99EdF529335160FF180fA141Dd4967fc00D2"
CUSTODIANS = tuple(vault.Seed.from_mnemonic(ONES).persona(index).address for index in range(3))
VECTORS = Path(__file__).parents[2] / "vectors"


@pytest.fixture(scope="module")
def seed():
    return Seed.make()


@pytest.fixture(scope="module")
def key():
    return RecoveryKey.make()


@pytest.fixture(scope="module")
def sealed(seed, key):
    return vault.seal_seed(seed, to=key.public_key, chain_id=1, persona=PERSONA)


def made(sealed, **changed):
    given = {
        "chain_id": 1,
        "persona": PERSONA,
        "version": 1,
        "custodians": CUSTODIANS,
        "threshold": 2,
    } | changed
    return vault.deposits_of(sealed, **given)


def test_the_library_is_slip_39():
    # "Basic sharing 2-of-3 (128 bits)" of the standard's vectors; their passphrase is TREZOR.
    words = [
        "shadow pistol academic always adequate wildlife fancy gross oasis cylinder mustang wrist "
        "rescue view short owner flip making coding armed",
        "shadow pistol academic acid actress prayer class unknown daughter sweater depict flip "
        "twice unkind craft early superior advocate guest smoking",
    ]

    assert combine_mnemonics(words, b"TREZOR").hex() == "b43ceb7e57a0ea8766221624d01b0864"


@pytest.mark.parametrize(("words", "entropy"), [(ZEROS, bytes(32)), (ONES, b"\xff" * 16)])
def test_entropy(words, entropy):
    assert Seed.from_mnemonic(words).entropy() == entropy
    assert Seed.from_entropy(entropy).mnemonic == words


def test_a_seed_has_16_or_32_bytes():
    with pytest.raises(ValueError):
        Seed.from_entropy(bytes(24))


@pytest.mark.parametrize(("count", "threshold"), [(2, 2), (3, 2), (5, 3)])
def test_every_subset_of_guardians(key, count, threshold):
    words = key.shares(count=count, threshold=threshold)

    assert len(set(words)) == count
    for size in range(1, count + 1):
        for some in itertools.combinations(words, size):
            if size < threshold:
                with pytest.raises(OpeningError):
                    RecoveryKey.join(some)
            else:
                assert RecoveryKey.join(some).public_key == key.public_key


def test_words_may_be_written_in_any_way(key):
    first, second, _ = key.shares(count=3, threshold=2)

    joined = RecoveryKey.join([f"  {second.upper()}\n", first.replace(" ", "\t"), first])

    assert joined.public_key == key.public_key


def test_words_that_do_not_fit(key):
    first, second, _ = key.shares(count=3, threshold=2)
    foreign = RecoveryKey.make().shares(count=3, threshold=2)[1]
    wrong = " ".join([*second.split()[:-1], "academic"])
    for words in ([], [first], [first, first], [first, foreign], [first, wrong], ["one two"]):
        with pytest.raises(OpeningError) as refused:
            RecoveryKey.join(words)
        assert refused.value.code == "E_RECOVERY_WORDS"
        assert refused.value.__cause__ is None
        assert second.split()[3] not in str(refused.value)


@pytest.mark.parametrize(("count", "threshold"), [(3, 1), (2, 3), (17, 2)])
def test_thresholds_that_are_none(key, count, threshold):
    with pytest.raises(ValueError):
        key.shares(count=count, threshold=threshold)


def test_guardians_and_custodians_together(seed, key, sealed):
    deposits = [vault.Deposit.from_bytes(one.to_bytes()) for one in made(sealed)]
    for pair in itertools.permutations(deposits, 2):
        found = vault.open_seed(vault.join_deposits(pair), key, chain_id=1, persona=PERSONA)
        assert found.mnemonic == seed.mnemonic


def test_too_few_deposits(sealed):
    first, second, _ = made(sealed)
    later = made(sealed, version=2)
    for few in ([first], [first, later[1]]):
        with pytest.raises(OpeningError):
            vault.join_deposits(few)
    assert vault.join_deposits([second, first]) == sealed


def test_one_deposit_says_nothing_of_what_is_sealed(sealed):
    for deposit in made(sealed):
        assert sealed[:64] not in deposit.to_bytes()
        assert sealed[-64:] not in deposit.to_bytes()


def test_another_key_persona_or_chain_opens_nothing(key, sealed):
    for opener, chain_id, persona in (
        (RecoveryKey.make(), 1, PERSONA),
        (key, 2, PERSONA),
        (key, 1, CUSTODIANS[0]),
    ):
        with pytest.raises(OpeningError):
            vault.open_seed(sealed, opener, chain_id=chain_id, persona=persona)


def test_every_flipped_bit_of_a_deposit_is_noticed(sealed):
    deposits = made(sealed)
    data = deposits[1].to_bytes()
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]
        try:
            found = vault.Deposit.from_bytes(changed)
            found.check(CUSTODIANS[1])
        except (FormatError, FalseShareError):
            continue
        # The head of it: not the share's own bytes, but such a deposit joins with no other.
        with pytest.raises(OpeningError):
            vault.join_deposits([found, deposits[0]])


def test_every_cut_of_a_deposit_is_refused(sealed):
    data = made(sealed)[0].to_bytes()
    for length in range(len(data)):
        with pytest.raises(FormatError):
            vault.Deposit.from_bytes(data[:length])
    with pytest.raises(FormatError):
        vault.Deposit.from_bytes(data + b"\0")


def test_anothers_share_names_the_custodian(sealed):
    first = made(sealed)[0]

    with pytest.raises(FalseShareError) as refused:
        first.check(CUSTODIANS[1])
    assert refused.value.custodian == CUSTODIANS[1]
    with pytest.raises(FalseShareError):
        first.check(PERSONA)


def test_a_release_is_for_one_request(sealed):
    deposit, private = made(sealed)[0], vault.PrivateKey.generate()
    request = bytes(range(32))
    released = vault.seal_release(
        deposit.to_bytes(), to=private.public_key, custodian=CUSTODIANS[0], request=request
    )

    assert (
        vault.open_release(released, private, custodian=CUSTODIANS[0], request=request) == deposit
    )
    for custodian, asked in ((CUSTODIANS[1], request), (CUSTODIANS[0], bytes(32))):
        with pytest.raises(OpeningError):
            vault.open_release(released, private, custodian=custodian, request=asked)


def test_nothing_secret_is_shown(seed, key, sealed):
    deposit = made(sealed)[0]
    assert repr(key) == "RecoveryKey(…)"
    assert deposit.share.hex() not in repr(deposit)
    assert str(deposit.share) not in repr(deposit)


def test_the_vectors():
    said = json.loads((VECTORS / "recovery.json").read_text(encoding="utf-8"))
    deposits = [vault.Deposit.from_bytes(bytes.fromhex(one)) for one in said["deposits"]]
    for custodian, deposit, digest in zip(
        said["custodians"], deposits, said["digests"], strict=True
    ):
        deposit.check(custodian)
        assert deposit.digest.hex() == digest
        assert (deposit.persona, deposit.version) == (said["persona"], said["version"])

    sealed = vault.join_deposits(deposits[1:])
    key = RecoveryKey.join(said["guardians"][1:])
    seed = vault.open_seed(sealed, key, chain_id=said["chainId"], persona=said["persona"])

    assert sealed.hex() == said["sealedSeed"]
    assert combine_mnemonics(said["guardians"][:2]).hex() == said["recoveryKey"]
    assert seed.entropy().hex() == said["entropy"]
    assert seed.mnemonic == said["mnemonic"]
