"""
an extract as a file, and its certificate
├── what is packed opens to the same files, with a certificate that fits
├── a changed file, parameter, removed path, count or blinding is noticed
├── a name that leads out of a folder, and anything that is no package, is refused
├── the commitments can't be guessed without the blinding
├── the certificate hangs under the leaf: another leaf, record or field is refused
├── its lineage shows one source and hides the rest, and how many there are
└── whatever is read of a certificate ends in it or in a sentence
"""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from aceso.codes import DataClass
from aceso.errors import IntegrityError
from aceso.research import Package, Rules, extract
from aceso.signing import domain_of
from aceso.vault import (
    CERTIFICATE_FIELD,
    EXTRACT_METHOD,
    EXTRACT_VERSION,
    Certificate,
    FieldTree,
    OpeningError,
    ShownCertificate,
    SignedCertificate,
    lineage_of,
)

MAKER = Account.from_key(b"\x01" * 32)
DOMAIN = domain_of(31337, "0x" + "22" * 20)
BLIND = b"\x05" * 32
RECORD = b"\x07" * 32


@pytest.fixture(scope="module")
def package():
    visit = {"resourceType": "Encounter", "status": "finished", "period": {"start": "2024-01-01"}}
    made = extract([visit, visit | {"id": "x"}], Rules(classes=DataClass.ENCOUNTERS, key=bytes(32)))
    return Package.make(made, blind=BLIND)


def signed(package, **changes):
    values = {
        "order": 2**200 + 1,
        "subject": MAKER.address,
        "maker": MAKER.address,
        "record_id": RECORD,
        "contents": package.contents,
        "lineage": bytes(32),
        "method": EXTRACT_METHOD,
        "version": EXTRACT_VERSION,
        "parameters": package.parameters,
        "removed": package.removed,
    }
    return SignedCertificate.sign(Certificate(**values | changes), MAKER, DOMAIN)


def test_what_is_packed_opens_again(package):
    certified = signed(package)
    opened = Package.read(package.to_bytes(certified, DOMAIN))

    assert opened.files == package.files and opened.about == package.about
    assert opened.check() == certified.certificate
    assert opened.signed.is_signed(DOMAIN)
    assert not opened.signed.is_signed(domain_of(1, DOMAIN["verifyingContract"]))


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said["files"].update({"Encounter.ndjson": "{}\n"}),
        lambda said: said["files"].update({"Other.ndjson": "{}\n"}),
        lambda said: said["about"]["parameters"].update(dates="year"),
        lambda said: said["about"]["removed"].clear(),
        lambda said: said["about"]["counts"].update(Encounter=3),
        lambda said: said.update(blind="06" * 32),
        lambda said: said["about"].update(parameters={"x": 1e400}),
        # What ends a program ends a panel too, and its seller would be paid.
        *(
            lambda said, name=name: said["certificate"]["message"].update({name: 1e400})
            for name in ("order", "cohort", "k")
        ),
    ],
)
def test_a_changed_package_is_noticed(package, change):
    said = json.loads(package.to_bytes(signed(package), DOMAIN))
    change(said)
    with pytest.raises(IntegrityError) as caught:
        Package.read(json.dumps(said).encode()).check()
    assert caught.value.code in ("E_EXTRACT_CHANGED", "E_EXTRACT_FORMAT")


@pytest.mark.parametrize("name", ["../x.vcf", "x.vcf/../../y.vcf", "/x.vcf", "x", ".vcf", "x.sh"])
def test_no_file_of_a_package_leads_out_of_a_folder(package, name):
    said = json.loads(package.to_bytes(signed(package), DOMAIN))
    said["files"][name] = ""
    with pytest.raises(IntegrityError) as caught:
        Package.read(json.dumps(said).encode())
    assert caught.value.code == "E_EXTRACT_FORMAT"


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=80)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["message", "signature", "fields", "files", "order", "format"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    ).map(lambda one: json.dumps(one).encode())
)
def test_what_is_no_package_and_no_certificate_is_refused(data):
    with pytest.raises(IntegrityError):
        Package.read(data)
    with pytest.raises(OpeningError):
        ShownCertificate.from_bytes(data)


def test_commitments_hide_what_is_in_them(package):
    other = replace(package, _blind=b"\x06" * 32)

    assert package.contents != other.contents
    assert package.parameters != other.parameters and package.removed != other.removed
    assert BLIND.hex() not in json.dumps(signed(package).to_json())


def _shown(package, **changes):
    certified = signed(package, **changes)
    fields = {"recordId": RECORD, "digest": bytes(32), CERTIFICATE_FIELD: certified.digest(DOMAIN)}
    tree = FieldTree.of(fields, dek=os.urandom(32), record_id=RECORD)
    return tree, ShownCertificate.of(tree, RECORD, certified, DOMAIN)


def test_a_certificate_hangs_under_its_leaf(package):
    tree, shown = _shown(package)
    other_tree, other = _shown(package, k=7)
    again = ShownCertificate.from_bytes(shown.to_bytes())

    assert again.check(tree.leaf, DOMAIN) == shown.signed.certificate
    for leaf, domain, one in (
        (other_tree.leaf, DOMAIN, shown),
        (tree.leaf, domain_of(1, DOMAIN["verifyingContract"]), shown),
        (tree.leaf, DOMAIN, replace(shown, signed=other.signed)),
        (tree.leaf, DOMAIN, replace(shown, disclosure=other.disclosure)),
        (other_tree.leaf, DOMAIN, replace(shown, fields_root=other.fields_root)),
    ):
        with pytest.raises(OpeningError):
            one.check(leaf, domain)


def test_a_lineage_shows_one_source_and_hides_the_rest():
    sources = [(bytes([one]) * 32, MAKER.address, bytes(32)) for one in range(1, 4)]
    key = b"\x09" * 32
    tree = lineage_of(sources, key=key, record_id=RECORD)
    path = sources[1][0].hex()
    shown = tree.disclose({path: bytes.fromhex(MAKER.address[2:]) + bytes(32)})

    assert list(shown.check(tree.root)) == [path]
    # A guess of all the leaves, which are public, does not give the root away.
    assert lineage_of(sources, key=bytes(32), record_id=RECORD).root != tree.root
    proof = len(shown.fields[0].proof)
    one = lineage_of(sources[:1], key=key, record_id=RECORD)
    said = bytes.fromhex(MAKER.address[2:]) + bytes(32)
    assert len(one.disclose({sources[0][0].hex(): said}).fields[0].proof) == proof
