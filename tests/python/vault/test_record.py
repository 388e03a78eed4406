"""
record
├── fields: shown alone with a proof; hidden ones can't be guessed; anything changed is refused
├── a batch is filled up, and agrees with each leaf's proof
├── an envelope opens under its own record's key only, and is checked against the root
├── a list entry reads back, and anything else is refused
└── a Crypt4GH file opens with the crypt4gh library, and leaves no key in the log
"""

import io
import logging
import os
from dataclasses import replace

import pytest
from crypt4gh import lib
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from aceso import vault

LABS = 16
HOLDER, ISSUER = "0x" + "aa" * 20, "0x" + "bb" * 20
DOCUMENT = {"code": {"text": "당화혈색소"}, "value": [5.4, None, {}], "a/b": {"~": True}}


@pytest.fixture
def head():
    return {
        "record_id": os.urandom(32),
        "data_class": LABS,
        "issued_at": 1_700_000_000,
        "lineage": (bytes(32),),
        "holder": HOLDER,
        "digest": os.urandom(32),
    }


@pytest.fixture
def values(head):
    return vault.head_fields(**head) | vault.json_fields(DOCUMENT)


@pytest.fixture
def tree(head, values, sealed):
    return vault.FieldTree.of(values, dek=sealed.dek, record_id=head["record_id"])


@pytest.fixture
def envelope(head, tree):
    batch = vault.make_batch([tree.leaf, os.urandom(32)])
    return vault.Envelope(
        **head,
        media_type="application/fhir+json",
        hashes=tree.hashes,
        issuer=ISSUER,
        root=batch.root,
        proof=batch.proof(tree.leaf),
    )


def test_json_fields():
    assert vault.json_fields(DOCUMENT) == {
        "/code/text": '"당화혈색소"'.encode(),
        "/value/0": b"5.4",
        "/value/1": b"null",
        "/value/2": b"{}",
        "/a~1b/~0": b"true",
    }


def test_shows_some_fields_and_proves_them(tree, values):
    shown = tree.disclose({path: values[path] for path in ("class", "/value/0")})

    checked = vault.Disclosure.from_json(shown.to_json()).check(tree.root)

    assert checked == {"class": LABS.to_bytes(4, "big"), "/value/0": b"5.4"}


def test_refuses_a_changed_disclosure(tree, values):
    (field,) = tree.disclose({"/value/0": values["/value/0"]}).fields
    for changed in (
        replace(field, value=b"9.9"),
        replace(field, path="/value/1"),
        replace(field, salt=bytes(16)),
        replace(field, proof=field.proof[:-1]),
    ):
        with pytest.raises(vault.OpeningError):
            vault.Disclosure((changed,)).check(tree.root)
    with pytest.raises(vault.OpeningError):
        tree.disclose({"/value/0": b"9.9"})
    for text in ("", "[{}]", "3", '[{"path":1,"value":"zz","salt":"","proof":[]}]'):
        with pytest.raises(vault.FormatError):
            vault.Disclosure.from_json(text)


def test_a_salt_is_of_the_record_and_the_path(values, head, sealed):
    one = vault.FieldTree.of(values, dek=sealed.dek, record_id=head["record_id"])
    two = vault.FieldTree.of(values, dek=sealed.dek, record_id=bytes(32))
    three = vault.FieldTree.of(values, dek=vault.new_dek(), record_id=head["record_id"])
    salts = {field.salt for field in one.disclose(values).fields}

    assert len(salts) == len(values)
    assert len({one.root, two.root, three.root}) == 3


@pytest.mark.parametrize(("count", "size"), [(1, 16), (16, 16), (17, 32), (100, 128)])
def test_a_batch_is_filled_up(count, size):
    leaves = [os.urandom(32) for _ in range(count)]
    batch = vault.make_batch(leaves)
    proofs = batch.proofs()

    assert len(batch) == len(proofs) == size
    for leaf in leaves:
        assert batch.proof(leaf) == proofs[leaf]
        vault.check_proof(batch.root, leaf, proofs[leaf])
        with pytest.raises(vault.OpeningError):
            vault.check_proof(batch.root, os.urandom(32), proofs[leaf])


def test_a_batch_refuses_what_is_no_set_of_leaves():
    for wrong in ([], [bytes(31)], [bytes(32), bytes(32)]):
        with pytest.raises(ValueError, match=r".+"):
            vault.make_batch(wrong)


def test_an_envelope_reads_back(envelope, sealed, tree):
    opened = vault.Envelope.open(
        envelope.seal(sealed.dek), sealed.dek, record_id=envelope.record_id
    )

    assert opened.tree(sealed.dek).root == tree.root
    assert opened.hashes == envelope.hashes


def test_an_envelope_opens_for_its_record_only(envelope, sealed):
    box = envelope.seal(sealed.dek)
    assert envelope.media_type.encode() not in box
    flipped = bytes([*box[:-1], box[-1] ^ 1])
    for data, dek, record_id in (
        (box, vault.new_dek(), envelope.record_id),
        (box, sealed.dek, bytes(32)),
        (flipped, sealed.dek, envelope.record_id),
        (b"XXXX" + box[4:], sealed.dek, envelope.record_id),
        (box[:20], sealed.dek, envelope.record_id),
        (b"", sealed.dek, envelope.record_id),
    ):
        with pytest.raises(vault.OpeningError):
            vault.Envelope.open(data, dek, record_id=record_id)


def test_an_envelope_that_contradicts_its_root_is_refused(envelope, sealed):
    for changed in (
        replace(envelope, root=bytes(32)),
        replace(envelope, issued_at=1),
        replace(envelope, hashes=dict(envelope.hashes) | {"/value/0": bytes(32)}),
    ):
        with pytest.raises(vault.OpeningError):
            changed.tree(sealed.dek)


def test_a_list_entry_reads_back_and_anything_else_is_refused(envelope, sealed, capsule_of):
    entry = vault.ListEntry(
        cid="bafkrei" + "a" * 52,
        capsule=capsule_of(record_id=envelope.record_id),
        issuer=ISSUER,
        root=envelope.root,
        envelope=envelope.seal(sealed.dek),
    )
    whole = entry.to_bytes()

    again = vault.ListEntry.from_bytes(whole)

    assert again.digest == entry.digest
    assert again.record_id == envelope.record_id
    for wrong in (b"", whole[:-1], whole + b"\0", b"\0" + whole, whole.replace(b"bafk", b"BAFK")):
        with pytest.raises(vault.FormatError):
            vault.ListEntry.from_bytes(wrong)


@pytest.mark.parametrize("length", [0, 1, 4_096, 65_536, 65_537, 200_000])
def test_a_crypt4gh_file_opens_with_the_library(length, caplog):
    caplog.set_level(logging.DEBUG)
    plaintext, dek, reader = os.urandom(length), vault.new_dek(), X25519PrivateKey.generate()
    sealed, body = vault.seal_bytes(plaintext, dek)
    file, opened = io.BytesIO(), io.BytesIO()

    public = reader.public_key().public_bytes_raw()
    vault.write_crypt4gh(io.BytesIO(sealed), file, dek, body, public)
    file.seek(0)
    lib.decrypt([(0, reader.private_bytes_raw(), None)], file, opened)

    assert opened.getvalue() == plaintext
    assert dek.hex() not in caplog.text


def test_a_crypt4gh_file_is_not_made_of_another_body():
    dek, target = vault.new_dek(), io.BytesIO()
    sealed, body = vault.seal_bytes(b"x", dek)
    with pytest.raises(vault.OpeningError):
        vault.write_crypt4gh(io.BytesIO(sealed[:-1]), target, dek, body, bytes([9]) * 32)
    assert not target.getvalue()
