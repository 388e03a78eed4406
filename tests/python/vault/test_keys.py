"""
keys
├── a seed: made, read however it is spaced; wrong words are named by place, never repeated
├── personas are the accounts of m/44'/60'/i'/0/0
├── the browser wallet is the BIP-85 child of the standard's own vector
├── every key differs by purpose, chain, class and epoch, and is the same each time
├── a record id depends on bytes and class only
└── no secret is in a repr
"""

import pytest

from aceso import vault
from aceso.vault.keys import _bip85_from_extended, _english

LABS, SLEEP = 16, 1 << 20


@pytest.mark.parametrize("words", [12, 24])
def test_made_seed_is_read_back(words):
    seed = vault.Seed.make(words)

    again = vault.Seed.from_mnemonic("  " + seed.mnemonic.upper().replace(" ", "\n"))

    assert len(seed.mnemonic.split()) == words
    assert again.persona(0).address == seed.persona(0).address


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("test " * 11, "E_SEED_LENGTH"),
        ("test " * 12, "E_SEED_CHECKSUM"),
        ("test " * 4 + "secretish " + "test " * 7, "E_SEED_WORD"),
    ],
)
def test_wrong_words_are_refused(words, code):
    with pytest.raises(vault.SeedError) as caught:
        vault.Seed.from_mnemonic(words)

    assert caught.value.code == code
    assert "secretish" not in str(caught.value)


def test_personas(seed):
    # The first account of every development chain.
    assert seed.persona(0).address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    assert seed.persona(1).address != seed.persona(0).address


def test_browser_wallet_follows_bip85(seed):
    # BIP-85's vector for 12 English words, from its master key.
    key = bytes.fromhex("3f15e5d852dc2e9ba5e9fe189a8dd2e1547badef5b563bbe6579fc6807d80ed9")
    chain_code = bytes.fromhex("1b67969d1ec69bdfeeae43213da8460ba34b92d0788c8f7bfcfa44906e8a589c")

    entropy = _bip85_from_extended(key, chain_code, 83696968, 39, 0, 12, 0)[:16]

    assert entropy.hex() == "6250b68daf746d12a24d58b4787a714b"
    assert _english().to_mnemonic(entropy).startswith("girl mad pet galaxy egg matter")
    assert seed.browser_wallet(0).mnemonic != seed.browser_wallet(1).mnemonic != seed.mnemonic


def test_keys_differ_by_everything_that_they_are_for(seed, keys):
    made = {
        keys.class_key(LABS, 0).to_bytes(),
        keys.class_key(LABS, 1).to_bytes(),
        keys.class_key(SLEEP, 0).to_bytes(),
        seed.keys(1).class_key(LABS, 0).to_bytes(),
        keys.log_key(LABS, 0).to_bytes(),
        bytes(keys.list_key(LABS, 0).key),
        bytes(keys.head_key().key),
        keys.owner_key().to_bytes(),
        keys.manifest_key(),
        keys.backup_key(),
    }

    assert len(made) == 10
    assert seed.keys(31_337).class_key(LABS, 0).to_bytes() in made


def test_record_id(keys):
    one = keys.record_id(bytes(32), LABS)

    assert one == keys.record_id(bytes(32), LABS)
    assert one != keys.record_id(bytes(32), SLEEP)
    assert one != keys.record_id(b"\1" * 32, LABS)


def test_no_secret_in_a_repr(seed, keys, sealed, capsule_of, release):
    shown = repr(
        [seed, keys, keys.owner_key(), sealed.key, release(capsule_of(), 0, 1), capsule_of()]
    )
    secrets = [seed._seed, keys.owner_key().to_bytes(), sealed.dek]

    assert "junk" not in shown
    assert not any(secret.hex() in shown or repr(secret)[2:-1] in shown for secret in secrets)
