"""Typed data.

digest, sign, recover
+ are those of eth-account, for every type
a signature
+ in its second form, or with another v, is of nobody
+ of a changed message is of somebody else
"""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from aceso.chain import digest, recover, sign
from aceso.typed_data import TYPES

DOMAIN = {
    "name": "Aceso",
    "version": "1",
    "chainId": 31337,
    "verifyingContract": "0x" + "33" * 20,
}
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def example(kind: str) -> object:
    if kind.endswith("[]"):
        return [example(kind[:-2]), example(kind[:-2])]
    if kind == "address":
        return "0x" + "0a" * 20
    if kind == "bool":
        return True
    if kind == "string":
        return "글"
    if kind == "bytes":
        return b"some bytes that are longer than one word of the machine"
    if kind.startswith("bytes"):
        return b"\x07" * int(kind[5:])
    return (1 << int(kind[4:])) - 1


def message(name: str) -> dict[str, object]:
    return {field["name"]: example(field["type"]) for field in TYPES[name].types[name]}


@pytest.fixture(scope="module")
def signer():
    return Account.create()


@pytest.mark.parametrize("name", TYPES)
def test_it_is_what_eth_account_does(name, signer):
    signable = encode_typed_data(DOMAIN, TYPES[name].types, message(name))
    expected = signer.sign_message(signable)
    assert digest(name, message(name), DOMAIN) == bytes(expected.message_hash)
    signature = sign(signer, name, message(name), DOMAIN)
    assert signature == bytes(expected.signature)
    assert recover(name, message(name), DOMAIN, signature) == signer.address


def test_the_second_form_of_a_signature_is_of_nobody(signer):
    signature = sign(signer, "Bar", message("Bar"), DOMAIN)
    twin_s = ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + twin_s.to_bytes(32, "big") + bytes([55 - signature[64]])
    assert recover("Bar", message("Bar"), DOMAIN, twin) is None


@pytest.mark.parametrize("broken", [b"", bytes(64), bytes(65), bytes(66), b"\xff" * 64 + b"\x1b"])
def test_bytes_that_are_no_signature_are_of_nobody(broken):
    assert recover("Bar", message("Bar"), DOMAIN, broken) is None


def test_a_changed_message_is_of_somebody_else(signer):
    signature = sign(signer, "Bar", message("Bar"), DOMAIN)
    changed = message("Bar") | {"bars": 0}
    assert recover("Bar", changed, DOMAIN, signature) != signer.address


@pytest.mark.parametrize("wrong", [{"bars": 1 << 8}, {"bars": -1}, {"more": 1}])
def test_values_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ValueError):
        digest("Bar", message("Bar") | wrong, DOMAIN)
