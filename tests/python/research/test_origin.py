"""
the origin of an extract, shown to its buyer
├── every source by an accredited issuer, of the subject's own: it holds, and in a package again
├── a source left out, whichever: refused, and so is one added that the extract was not made from
├── a source of another patient, class, order or account: refused, each by its name
├── self-anchored, anchored after the delivery, by whom nobody accredited, retracted: refused
├── retracted after the delivery, or replaced: it holds
├── contents of a class that no source has: refused; what lost its words passes for its record
├── whatever is changed in what is shown, or stands there instead: refused
└── nothing shown, or nothing that can be read: refused
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from aceso.codes import DataClass
from aceso.research import Asked, OriginError, OriginProof, Package, Rules, Standing, extract
from aceso.rewards import TAG_FIELD, Contribution, patient_tag, vouch_for
from aceso.signing import domain_of
from aceso.vault import (
    EXTRACT_METHOD,
    EXTRACT_VERSION,
    Certificate,
    FieldTree,
    SignedCertificate,
    head_fields,
    lineage_of,
    make_batch,
)

HOSPITAL, LABORATORY, SELLER = (Account.from_key(bytes([n]) * 32) for n in (1, 2, 3))
DOMAIN = domain_of(31337, "0x" + "22" * 20)
ORDER, DELIVERED = 2**200 + 1, 1_000
KEY, RECORD_ID = b"\x05" * 32, b"\x07" * 32
ASKED = Asked(ORDER, SELLER.address, DataClass.LABS | DataClass.PROBLEMS, DELIVERED)
STANDS = Standing(anchored_at=500, accredited=True, retracted_at=0)
LAB = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
    "valueQuantity": {"value": 13, "unit": "g/dL"},
}
PROBLEM = {
    "resourceType": "Condition",
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "195967001"}]},
}


def source(
    number: int = 1,
    issuer: Any = HOSPITAL,
    data_class: DataClass = DataClass.LABS,
    patient: str = "chart 7",
    vouched: str = "chart 7",
    **changes: Any,
) -> Contribution:
    """A record of an issuer's patient, shown with a vouch that they gave."""
    secret = issuer.key[:8]
    record_id = number.to_bytes(32, "big")
    fields = head_fields(
        record_id=record_id,
        data_class=int(data_class),
        issued_at=1,
        lineage=(),
        holder=SELLER.address,
        digest=record_id,
    )
    fields[TAG_FIELD] = patient_tag(secret, patient)
    tree = FieldTree.of(fields, dek=record_id, record_id=record_id)
    batch = make_batch([tree.leaf, bytes(32)])
    vouch = vouch_for(issuer, DOMAIN, account=SELLER.address, tag=patient_tag(secret, vouched))
    made = Contribution(
        ORDER,
        issuer.address,
        batch.root,
        tree.root,
        batch.proof(tree.leaf),
        tree.disclose({name: fields[name] for name in ("class", TAG_FIELD)}),
        SELLER.address,
        vouch,
    )
    return replace(made, **changes)


@dataclass
class Made:
    package: Package
    proof: OriginProof

    def check(self, standing: Standing = STANDS, proof: OriginProof | None = None) -> None:
        (proof or self.proof).check(self.package, ASKED, DOMAIN, lambda _: standing)

    def refused(self, *given: Any, **named: Any) -> str:
        with pytest.raises(OriginError) as caught:
            self.check(*given, **named)
        return caught.value.code


def made(sources: Sequence[Contribution], *resources: dict[str, Any]) -> Made:
    """An extract of `resources` whose certificate says it was made from `sources`."""
    everything = DataClass((1 << 25) - 1)
    drawn = extract(resources or (LAB,), Rules(classes=everything, key=bytes(32)))
    proof = OriginProof(KEY, tuple(sources))
    package = Package.make(drawn, blind=bytes(32), origin=proof.to_document())
    lineage = lineage_of(
        [(one.record, one.issuer, one.root) for one in sources], key=KEY, record_id=RECORD_ID
    )
    certificate = Certificate(
        order=ORDER,
        subject=SELLER.address,
        maker=SELLER.address,
        record_id=RECORD_ID,
        contents=package.contents,
        lineage=lineage.root,
        method=EXTRACT_METHOD,
        version=EXTRACT_VERSION,
        parameters=package.parameters,
        removed=package.removed,
    )
    signed = SignedCertificate.sign(certificate, SELLER, DOMAIN)
    opened = Package.read(package.to_bytes(signed, DOMAIN))
    opened.check()
    return Made(opened, OriginProof.of(opened))


SEVERAL = (
    source(1),
    source(2, LABORATORY),
    source(3, data_class=DataClass.PROBLEMS),
)


def test_what_is_shown_whole_holds() -> None:
    found = made(SEVERAL, LAB, PROBLEM)

    assert found.proof == OriginProof(KEY, SEVERAL)
    found.check()


@pytest.mark.parametrize("left_out", range(3))
def test_no_source_may_be_left_out(left_out: int) -> None:
    fewer = [one for at, one in enumerate(SEVERAL) if at != left_out]

    assert made(SEVERAL).refused(proof=OriginProof(KEY, tuple(fewer))) == "E_ORIGIN_LINEAGE"


def test_nor_one_be_shown_that_it_was_not_made_from() -> None:
    more = OriginProof(KEY, (*SEVERAL, source(4)))

    assert made(SEVERAL).refused(proof=more) == "E_ORIGIN_LINEAGE"
    assert made(SEVERAL).refused(proof=OriginProof(bytes(32), SEVERAL)) == "E_ORIGIN_LINEAGE"


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        # A copy, with the record's tag, and with the seller's own put into what is shown.
        (source(9, patient="chart 8"), "E_ORIGIN_PATIENT"),
        (source(9, patient="chart 8", disclosure=source(9).disclosure), "E_ORIGIN_RECORD"),
        # Another person's account, by whatever vouch, and another issuer's word.
        (source(9, account=HOSPITAL.address), "E_ORIGIN_OTHER"),
        (source(9, vouch=source(9, LABORATORY).vouch), "E_ORIGIN_PATIENT"),
        (source(9, vouch=bytes(65)), "E_ORIGIN_PATIENT"),
        (source(9, order=ORDER + 1), "E_ORIGIN_OTHER"),
        (source(9, data_class=DataClass.GENOME_WHOLE), "E_ORIGIN_CLASS"),
        (source(9, proof=()), "E_ORIGIN_RECORD"),
        (source(9, root=source(8).root), "E_ORIGIN_RECORD"),
        (source(9, fields_root=source(8).fields_root), "E_ORIGIN_RECORD"),
        # The class is not shown, or the tag.
        (
            source(9, disclosure=replace(d := source(9).disclosure, fields=d.fields[:1])),
            "E_ORIGIN_RECORD",
        ),
        (source(9, disclosure=replace(d, fields=d.fields[1:])), "E_ORIGIN_RECORD"),
    ],
)  # fmt: skip
def test_one_source_that_is_not_the_subjects_is_enough(lie: Contribution, code: str) -> None:
    assert made([*SEVERAL, lie]).refused() == code


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"accredited": False}, "E_ORIGIN_ISSUER"),
        ({"anchored_at": 0}, "E_ORIGIN_ISSUER"),
        ({"anchored_at": DELIVERED + 1}, "E_ORIGIN_ISSUER"),
        ({"retracted_at": DELIVERED}, "E_ORIGIN_RETRACTED"),
        ({"retracted_at": DELIVERED + 1}, None),
        ({"anchored_at": DELIVERED}, None),
    ],
)
def test_it_counts_how_a_source_stood_at_the_delivery(
    changed: dict[str, Any], code: str | None
) -> None:
    standing = replace(STANDS, **changed)
    if code is None:
        made(SEVERAL).check(standing)
    else:
        assert made(SEVERAL).refused(standing) == code


def test_what_is_in_it_is_of_a_class_that_is_shown() -> None:
    note = {"resourceType": "Encounter", "status": "finished"}

    assert made([source(1)], LAB, PROBLEM).refused() == "E_ORIGIN_CONTENTS"
    assert made([], LAB).refused() == "E_ORIGIN_CONTENTS"
    # Of a class that was sold, though not the one of the record that is shown.
    assert made([source(3, data_class=DataClass.PROBLEMS)], LAB).refused() == "E_ORIGIN_CONTENTS"
    mental = Asked(ORDER, SELLER.address, DataClass.MENTAL_HEALTH, DELIVERED)
    found = made([source(1, data_class=DataClass.MENTAL_HEALTH)], note)
    found.proof.check(found.package, mental, DOMAIN, lambda _: STANDS)


def test_a_genome_needs_one_that_is_shown() -> None:
    found = made(SEVERAL)
    vcf = replace(found.package, files={"genome-1.vcf": b"##fileformat=VCFv4.3\n"})

    assert replace(found, package=vcf).refused() == "E_ORIGIN_CONTENTS"
    spoilt = replace(found.package, files={"Observation.ndjson": b"[]\n"})
    assert replace(found, package=spoilt).refused() == "E_ORIGIN_FORMAT"


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [found for key, one in value.items() for found in _leaves(one, (*path, key))]
    if isinstance(value, list):
        return [found for at, one in enumerate(value) for found in _leaves(one, (*path, at))]
    return [path]


WHOLE = made(SEVERAL, LAB, PROBLEM)
DOCUMENT = json.loads(json.dumps(WHOLE.proof.to_document()))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_changed_in_it_is_refused(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(_leaves(DOCUMENT)))
    changed = copy.deepcopy(DOCUMENT)
    node = changed
    for step in path[:-1]:
        node = node[step]
    text = str(node[path[-1]])
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(
        st.sampled_from([one for one in "0123456789abcdef/" if one != text[at].lower()])
    )
    node[path[-1]] = text[:at] + other + text[at + 1 :]
    package = replace(WHOLE.package, origin=changed)

    with pytest.raises(OriginError):
        OriginProof.of(package).check(package, ASKED, DOMAIN, lambda _: STANDS)


def _nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    return [path, *(found for key, one in parts for found in _nodes(one, (*path, key)))]


STRANGE = [
    *(None, -1, 10**30, 1.5, float("inf"), True, "", "\ud800", "\0", "٣", "00"),
    *([], [[]], {}, {"a": 1}),
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(_nodes(DOCUMENT)[1:]), st.sampled_from(STRANGE))
def test_whatever_stands_in_it_instead_is_refused(path: tuple[Any, ...], strange: Any) -> None:
    """In a sentence: what ends a program ends a panel too, and a copy would be paid."""
    changed = copy.deepcopy(DOCUMENT)
    node = changed
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = strange
    package = replace(WHOLE.package, origin=changed)

    with pytest.raises(OriginError):
        OriginProof.of(package).check(package, ASKED, DOMAIN, lambda _: STANDS)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (None, "E_ORIGIN_MISSING"),
        ({}, "E_ORIGIN_FORMAT"),
        ([], "E_ORIGIN_FORMAT"),
        ("vouched", "E_ORIGIN_FORMAT"),
        (DOCUMENT | {"lineageKey": "00"}, "E_ORIGIN_FORMAT"),
        (DOCUMENT | {"sources": {"0": {}}}, "E_ORIGIN_FORMAT"),
        (DOCUMENT | {"sources": DOCUMENT["sources"][:1] * 65_537}, "E_ORIGIN_FORMAT"),
        (DOCUMENT | {"sources": [DOCUMENT["sources"][0] | {"root": "00"}]}, "E_ORIGIN_FORMAT"),
        (DOCUMENT | {"sources": [DOCUMENT["sources"][0] | {"proof": ["00"]}]}, "E_ORIGIN_FORMAT"),
    ],
)
def test_nothing_that_can_be_read_is_nothing_shown(said: Any, code: str) -> None:
    with pytest.raises(OriginError) as caught:
        OriginProof.of(replace(WHOLE.package, origin=said))
    assert caught.value.code == code
