"""
Audit: what was computed, in a file from which anybody computes it again
├── the same bytes for everybody, and back again; each reward's proof leads to the root
├── changed by a digit anywhere: it contradicts itself, its rewards, or the chain
├── by other rules: refused
└── what is no audit file is refused by name

Contribution: what a person files
├── a record of this class, with the tag that the issuer vouched for: a source
└── another patient's record, another account, a changed field, another's signature: refused
"""

from __future__ import annotations

import dataclasses
import json

import pytest
import rfc8785
from eth_account import Account

from aceso.chain import Reward
from aceso.flows import read_filed
from aceso.rewards import (
    RULES,
    TAG_FIELD,
    Audit,
    AuditFalseError,
    AuditFileError,
    Contribution,
    ContributionError,
    Rules,
    patient_tag,
    vouch_for,
)
from aceso.signing import domain_of
from aceso.vault import FieldTree, head_fields, make_batch
from aceso.vault.batch import check_proof, standard_leaf, tree_of
from tests.python.rewards.conftest import COIN, LABS, OTHER, address

DOMAIN = domain_of(1337, OTHER)
HOSPITAL_KEY, OTHER_KEY = (Account.from_key("0x" + digit * 64) for digit in "12")
TAG = patient_tag(b"a secret of the hospital's", "chart 7")


@pytest.fixture
def audit(use, source, facts):
    orders = range(1, 8)
    return Audit.make(facts([use(one) for one in orders], [source(one) for one in orders]))


def test_it_is_the_same_bytes_and_comes_back(audit):
    data = audit.to_bytes()

    again = Audit.from_bytes(data)

    assert again == audit
    assert again.to_bytes() == data
    again.recheck()
    again.compare(audit.facts)


def test_each_proof_leads_to_the_root(audit):
    assert len(audit.lines) == 7
    for line in audit.lines:
        check_proof(audit.root, standard_leaf(line.reward.encoded()), audit.proof(line.reward))


def test_an_epoch_without_rewards_has_no_root(facts):
    empty = Audit.make(facts([], []))
    assert (empty.root, empty.total) == (bytes(32), 0)
    assert Audit.from_bytes(empty.to_bytes()) == empty


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("rewards", 0, "amount"), 1),
        (("rewards", 0, "account"), address(99)),
        (("rewards", 0, "why", 0, "amount"), 1),
        (("uses", 0, "earned"), str(11 * COIN)),
        (("uses", 0, "approved"), False),
        (("sources", 0, "standing"), "RETRACTED"),
        (("budget",), 10**6),
    ],
)
def test_a_changed_digit_is_found_offline(audit, path, value):
    document = json.loads(audit.to_bytes())
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    with pytest.raises(AuditFalseError):
        _consistent(document).recheck()


def _consistent(document):
    """The audit file of somebody who sets the sums and the root right after changing it."""
    lines = [
        Reward(
            document["epoch"],
            line["index"],
            line["institutional"],
            line["amount"],
            line["account"],
            line["issuer"],
            bytes.fromhex(line["record"]),
        )
        for line in document["rewards"]
    ]
    document["total"] = sum(line.amount for line in lines)
    document["root"] = tree_of(standard_leaf(line.encoded()) for line in lines).root.hex()
    return Audit.from_bytes(rfc8785.dumps(document))


def test_facts_that_are_not_the_chains_are_found(audit, use):
    for changed in ({"uses": ()}, {"budget": 5}, {"block": 78}, {"sources": ()}, {"epoch": 4}):
        with pytest.raises(AuditFalseError, match="differ"):
            audit.compare(dataclasses.replace(audit.facts, **changed))


def test_other_rules_are_refused(audit):
    other = Audit.make(audit.facts, rules=Rules(order_cap_bps=None))

    with pytest.raises(AuditFalseError, match="rules"):
        Audit.from_bytes(other.to_bytes()).recheck(rules=RULES)


@pytest.mark.parametrize("name", ["chainId", "epoch", "budget", "block"])
@pytest.mark.parametrize("number", ["1e400", str(10**30)])
def test_a_number_without_end_is_no_audit_file(audit, name, number):
    said = json.loads(audit.to_bytes())
    data = audit.to_bytes().replace(
        f'"{name}":{said[name]}'.encode(), f'"{name}":{number}'.encode()
    )
    assert data != audit.to_bytes()

    with pytest.raises(AuditFileError):
        Audit.from_bytes(data)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"format": "x", "version": 1}', b"\xff"])
def test_what_is_no_audit_file_is_refused(data):
    with pytest.raises(AuditFileError):
        Audit.from_bytes(data)


def test_a_file_that_is_not_canonical_is_refused(audit):
    loose = json.dumps(json.loads(audit.to_bytes()), indent=1).encode()

    with pytest.raises(AuditFalseError, match="canonical"):
        Audit.from_bytes(loose)


@pytest.fixture
def filed():
    """What a person files for order 1; `changed` replaces parts of it."""

    def make(tag=TAG, vouched=TAG, account=None, by=HOSPITAL_KEY, data_class=None, **changed):
        account = account or address(1)
        fields = head_fields(
            record_id=b"\x05" * 32,
            data_class=LABS,
            issued_at=1,
            lineage=(),
            holder=address(3),
            digest=b"\x06" * 32,
        ) | {TAG_FIELD: tag}
        fields["class"] = data_class or fields["class"]
        tree = FieldTree.of(fields, dek=b"\x07" * 32, record_id=b"\x05" * 32)
        batch = make_batch([tree.leaf])
        shown = tree.disclose({"class": fields["class"], TAG_FIELD: tag})
        vouch = vouch_for(by, DOMAIN, account=address(1), tag=vouched)
        given = Contribution(
            1, HOSPITAL_KEY.address, batch.root, tree.root, batch.proof(tree.leaf), shown,
            account, vouch,
        )  # fmt: skip
        return dataclasses.replace(given, **changed)

    return make


def test_what_is_filed_shows_class_and_tag_and_nothing_else(filed):
    good = filed()

    assert good.shown(DOMAIN) == (LABS, TAG)
    again = Contribution.from_document(json.loads(json.dumps(good.to_document())))
    assert again == good
    assert {one.path for one in again.disclosure.fields} == {"class", TAG_FIELD}


def test_what_does_not_hold_together_is_refused(filed):
    other = patient_tag(b"a secret of the hospital's", "chart 8")
    wrong = [
        filed(tag=other),
        filed(vouched=other),
        filed(account=address(2)),
        filed(by=OTHER_KEY),
        filed(root=bytes(32)),
        filed(fields_root=bytes(32)),
        filed(proof=()),
        filed(issuer=OTHER_KEY.address),
    ]
    for one in wrong:
        with pytest.raises(ContributionError):
            one.shown(DOMAIN)
    # One that ended a program would stop the rewards of all.
    with pytest.raises(ContributionError):
        Contribution.from_document(filed().to_document() | {"order": 1e400})
    endless = filed().to_document()
    with pytest.raises(ContributionError):
        Contribution.from_document(endless | {"proof": ["00" * 32] * 100_000})
    with pytest.raises(ContributionError):
        filed(data_class=b"\x01" * 5).shown(DOMAIN)


def test_a_file_that_ends_a_program_is_refused_by_its_name(filed, tmp_path):
    (tmp_path / "deep.json").write_text("[" * 100_000 + "]" * 100_000)
    good = filed()
    (tmp_path / "good.json").write_text(json.dumps(good.to_document()))

    assert read_filed(tmp_path) == ([good], ["deep.json"])
    # Nor for another deployment.
    with pytest.raises(ContributionError):
        filed().shown(domain_of(1, OTHER))


def test_tags_tell_nothing_without_the_secret():
    assert len({patient_tag(secret, "chart 7") for secret in (b"a", b"b", b"c")}) == 3
    assert patient_tag(b"a", "chart 7") == patient_tag(b"a", "chart 7")
