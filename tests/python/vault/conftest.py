"""The people round a vault: a subject, three custodians, a grantee with a receiving key."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from aceso import vault

CHAIN_ID = 31_337
LABS = 16


@pytest.fixture(scope="session")
def seed():
    return vault.Seed.from_mnemonic("test test test test test test test test test test test junk")


@pytest.fixture(scope="session")
def keys(seed):
    return seed.keys(CHAIN_ID)


@pytest.fixture(scope="session")
def custodians():
    return [(f"0x{index:040x}", vault.PrivateKey.generate()) for index in range(1, 8)]


@pytest.fixture(scope="session")
def receiving():
    return vault.PrivateKey.generate()


@pytest.fixture
def sealed():
    """A record that was just sealed: plaintext, body, and its key."""
    plaintext = b"a record that nobody has" * 400
    dek = vault.new_dek()
    body_bytes, body = vault.seal_bytes(plaintext, dek)
    return SimpleNamespace(
        plaintext=plaintext, bytes=body_bytes, key=vault.RecordKey(dek, body), dek=dek, body=body
    )


@pytest.fixture
def capsule_of(keys, custodians, sealed):
    """Make a capsule; whatever is not said is as usual."""

    def make(*, threshold=2, count=3, reader=None, owner=None, key=None, **context):
        usual = {
            "chain_id": CHAIN_ID,
            "record_id": os.urandom(32),
            "data_class": LABS,
            "epoch": 0,
        }
        if context.get("order") is None:
            usual["list_key"] = keys.list_key(LABS, 0).address
        context = vault.CapsuleContext(**(usual | context))
        return vault.make_capsule(
            context,
            key or sealed.key,
            custodians=[(address, key.public_key) for address, key in custodians[:count]],
            threshold=threshold,
            reader_key=reader or keys.class_key(context.data_class, context.epoch).public_key,
            owner_key=owner or keys.owner_key().public_key,
        )

    return make


@pytest.fixture
def release(custodians, receiving):
    """The checked shares that these custodians release to the grantee."""

    def released(capsule, *which, request=bytes(32)):
        result = []
        for index in which:
            address, private = custodians[index]
            share = vault.open_share(capsule, address, private)
            answer = vault.seal_share(capsule, share, receiving.public_key, request=request)
            result.append(vault.open_released(capsule, address, answer, receiving, request=request))
        return result

    return released
