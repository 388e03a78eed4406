"""
replay: the opening of a disputed order, done again by anybody
├── what was delivered opens: it says so, and gives the extract
├── what fails is named
│   ├── another key than the purchase named, another capsule than the committee attested
│   ├── a share that its custodian signed, and that is not the attested one
│   ├── no body, or another one
│   ├── sealed to somebody else's key
│   ├── no extract in it, or one whose certificate is of another order or record
│   └── it opens, and doesn't show the origin that is asked for
├── what doesn't decide it is no verdict
│   ├── too few shares, while those that were not shown might open it
│   └── a share that was spoilt, made up or signed for another request, which counts against nobody
├── what custodians answer lies beside the case, which keeps its digest
│   ├── those are asked who showed no right share, nor signed a false one
│   ├── a right answer decides it, and so does a false one, which its custodian signed
│   └── one that the custodian didn't sign, or of another extract or key, is refused
└── read: a cut, foreign or nonsensical case is refused with a sentence
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from types import SimpleNamespace

import pytest
from eth_account import Account

from aceso import vault
from aceso.custody import Answer, Question, Release
from aceso.errors import InputError, StorageError
from aceso.research import Case, CaseFile, CaseShare, OriginError, Step, asked_of, replay
from aceso.signing import digest, domain_of
from aceso.storage import content_digest

from .test_package import package, signed

__all__ = ["package"]

ORDER = 77
LABS = 1 << 4
ACCOUNTS = {
    one.address: one for one in (Account.from_key(bytes([7] * 31 + [n])) for n in (1, 2, 3))
}
CUSTODIANS = list(ACCOUNTS)
STRANGER = "0x" + "dd" * 20
DOMAIN = domain_of(31337, "0x" + "11" * 20)
CID = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"


@pytest.fixture
def private():
    return vault.PrivateKey.generate()


@pytest.fixture
def deliver(private):
    """Deliver `plain`, and say what the buyer reveals of it and what the chain and IPFS have."""

    def make(plain, reader=None):
        dek = vault.new_dek()
        sealed, body = vault.seal_bytes(plain, dek)
        keys = {who: vault.PrivateKey.generate() for who in CUSTODIANS}
        capsule = vault.make_capsule(
            vault.CapsuleContext(
                chain_id=31337, record_id=bytes(32), data_class=LABS, epoch=0, order=ORDER
            ),
            vault.RecordKey(dek, body),
            custodians=[(who, key.public_key) for who, key in keys.items()],
            threshold=2,
            reader_key=(reader or private).public_key,
            owner_key=vault.PrivateKey.generate().public_key,
        )
        entry = vault.ListEntry(
            cid=CID, capsule=capsule, issuer=STRANGER, root=bytes(32), envelope=b"an envelope"
        )
        shares = []
        for who, key in keys.items():
            request = asking(who, private)
            share = vault.open_share(capsule, who, key)
            shares.append(released(who, request, capsule, share, private))
        return SimpleNamespace(
            capsule=capsule,
            case=Case(ORDER, entry.to_bytes(), private.to_bytes(), tuple(shares)),
            known={
                "delivered": capsule.digest,
                "receiving_key": content_digest(private.public_key.to_bytes()),
                "body": sealed,
                "domain": DOMAIN,
            },
        )

    return make


def asking(who, private):
    """A request for the share of this custodian, as a case has it."""
    return {
        "subject": STRANGER,
        "actor": STRANGER,
        "grantee": "0x" + "ab" * 32,
        "use": 1,
        "dataClass": LABS,
        "recordId": "0x" + "00" * 32,
        "receivingKey": "0x" + private.public_key.to_bytes().hex(),
        "custodian": who,
        "nonce": "0x" + os.urandom(32).hex(),
        "deadline": 1_900_000_000,
    }


def released(who, request, capsule, share, private):
    """What this custodian answers, signed by it."""
    asked = digest("ReleaseRequest", request, DOMAIN)
    sealed = vault.seal_share(capsule, share, private.public_key, request=asked)
    signed = signed_by(who, sealed, asked, capsule)
    return CaseShare(who, request, signed)


def signed_by(who, sealed, asked, capsule):
    return Release.sign(ACCOUNTS[who], sealed, request=asked, capsule=capsule.digest, domain=DOMAIN)


def lied(one, capsule):
    """The same, of a custodian that signed another share."""
    asked = digest("ReleaseRequest", one.request, DOMAIN)
    return replace(one, release=signed_by(one.custodian, b"of nothing", asked, capsule))


def spoilt(one):
    """The same, of a buyer who changed what came."""
    *before, last = one.release.sealed
    return replace(one, release=replace(one.release, sealed=bytes([*before, last ^ 1])))


@pytest.fixture
def extract_bytes(package):
    certificate = signed(package, order=ORDER, record_id=bytes(32))
    return package.to_bytes(certificate, {"name": "Aceso"})


@pytest.fixture
def made(deliver, extract_bytes):
    return deliver(extract_bytes)


def broken(found):
    assert not found.opens
    assert found.why.endswith(".") and found.package is None
    return found.broken


def test_what_was_delivered_opens(made, package):
    found = replay(Case.read(made.case.to_bytes()), **made.known)

    assert found.opens and found.is_decided and (found.false, found.unproven) == ((), ())
    assert found.package.files == package.files


def test_two_of_three_shares_are_enough(made):
    assert replay(replace(made.case, shares=made.case.shares[1:]), **made.known).opens


@pytest.mark.parametrize("other", [{"order": ORDER + 1}, {"record_id": b"\1" * 32}])
def test_the_extract_of_another_order_is_told(deliver, package, other):
    certificate = signed(package, **{"order": ORDER, "record_id": bytes(32)} | other)
    made = deliver(package.to_bytes(certificate, {"name": "Aceso"}))

    found = replay(made.case, **made.known)

    assert broken(found) is Step.EXTRACT and found.upholds


def test_what_opens_and_does_not_show_its_origin_is_told(made):
    def refuse(package):
        raise OriginError("It shows none.", code="E_ORIGIN_MISSING")

    found = replay(made.case, **made.known, check_origin=refuse)

    assert (found.broken, found.why) == (Step.ORIGIN, "It shows none.")
    assert found.opens and found.upholds and found.package is None
    assert replay(made.case, **made.known, check_origin=lambda package: None).broken is None


def test_what_a_study_asks_has_to_be_had_to_decide_by_it(made):
    def unread(package):
        raise StorageError("Nobody has it.", code="E_IPFS_DOWN")

    found = replay(made.case, **made.known, check_origin=unread)

    # Or whoever disputes would take the document away and be paid back.
    assert found.opens and not found.is_decided and not found.upholds


@pytest.mark.parametrize("key", [bytes(3), bytes(32)])
def test_another_key_is_told(made, key):
    found = replay(replace(made.case, private_key=key), **made.known)
    assert broken(found) is Step.KEY and not found.upholds


def test_another_capsule_is_told(made, deliver, extract_bytes):
    other = deliver(extract_bytes)
    entry = other.case.entry

    assert broken(replay(replace(made.case, entry=entry), **made.known)) is Step.ENTRY
    assert broken(replay(replace(made.case, entry=b"none"), **made.known)) is Step.ENTRY
    other = replay(replace(made.case, order=ORDER + 1), **made.known)
    assert broken(other) is Step.ENTRY
    # What the buyer alone shows is nothing against the delivery.
    assert not other.upholds


def test_too_few_shares_decide_nothing(made):
    one = replace(made.case, shares=made.case.shares[:1])

    found = replay(one, **made.known)
    assert broken(found) is Step.SHARES and not found.is_decided
    # The same share twice is one share.
    assert broken(replay(replace(one, shares=one.shares * 2), **made.known)) is Step.SHARES


def test_who_signed_a_share_that_is_not_the_attested_one_is_told(made):
    first, second, third = made.case.shares
    lies = [lied(one, made.capsule) for one in (second, third)]

    found = replay(replace(made.case, shares=(first, lies[0], third)), **made.known)
    too_few = replay(Case.read(replace(made.case, shares=(first, *lies)).to_bytes()), **made.known)

    assert found.opens and found.false == (second.custodian,) and found.unproven == ()
    assert broken(too_few) is Step.SHARES and too_few.is_decided
    assert too_few.false == (second.custodian, third.custodian)


def test_a_share_that_the_buyer_spoilt_is_no_verdict_against_anybody(made):
    first, second, third = made.case.shares
    replayed = replace(second, request=second.request | {"nonce": "0x" + "00" * 32})
    elsewhere = replace(third, request={})
    for spoils in ((spoilt(second), spoilt(third)), (replayed, elsewhere)):
        found = replay(replace(made.case, shares=(first, *spoils)), **made.known)

        assert broken(found) is Step.SHARES and not found.is_decided
        assert found.false == ()
        assert found.unproven == (second.custodian, third.custodian)


def answer_of(share):
    return Answer.read(Answer(share.custodian, share.request, share.release).to_bytes())


def test_what_custodians_answer_decides_a_case_that_keeps_its_digest(made):
    first, second, third = made.case.shares
    case = replace(made.case, shares=(first, spoilt(second)))
    file = CaseFile.read(case.to_bytes())
    assert asked_of(case, domain=DOMAIN) == (second.custodian, third.custodian)

    answered = CaseFile.read(file.with_answer(answer_of(third), DOMAIN).to_bytes())
    twice = CaseFile.read(answered.with_answer(answer_of(third), DOMAIN).to_bytes())
    found = replay(case, answers=answered.answers_to(case), **made.known)

    assert found.opens and found.unproven == (second.custodian,)
    assert asked_of(case, domain=DOMAIN, answers=answered.answers) == (second.custodian,)
    assert twice == answered and answered.original == case.to_bytes() == file.to_bytes()


def test_a_false_answer_counts_against_who_signed_it(made):
    first, *others = made.case.shares
    file = CaseFile.read(replace(made.case, shares=(first,)).to_bytes())
    (case,) = file.cases
    for one in others:
        file = file.with_answer(answer_of(lied(one, made.capsule)), DOMAIN)

    found = replay(case, answers=file.answers_to(case), **made.known)

    assert broken(found) is Step.SHARES and found.is_decided
    assert found.false == tuple(one.custodian for one in others)
    assert asked_of(case, domain=DOMAIN, answers=file.answers) == ()


def test_an_answer_that_is_none_for_this_case_is_refused(made, deliver, extract_bytes):
    first, second, third = made.case.shares
    file = CaseFile.read(replace(made.case, shares=(first,)).to_bytes())
    other = deliver(extract_bytes).case.shares[1]
    alien = vault.PrivateKey.generate()
    elsewhere = lied(replace(second, request=asking(second.custodian, alien)), made.capsule)
    refused = [
        spoilt(second),
        replace(second, custodian=third.custodian),
        replace(second, custodian=STRANGER),
        # Signed by that custodian, for another extract; for another key.
        other,
        elsewhere,
    ]
    for one in refused:
        with pytest.raises(InputError) as caught:
            file.with_answer(answer_of(one), DOMAIN)
        assert caught.value.code == "E_ANSWER_OTHER"


@pytest.mark.parametrize("data", [b"", b"[]", b'{"format": "x", "version": 1}'])
def test_a_question_and_an_answer_that_are_none_are_refused(data):
    for read, code in ((Answer.read, "E_ANSWER_FORMAT"), (Question.read, "E_QUESTION_FORMAT")):
        with pytest.raises(InputError) as caught:
            read(data)
        assert caught.value.code == code


def test_a_share_of_no_custodian_counts_for_nothing(made):
    alien = replace(made.case.shares[0], custodian=STRANGER)
    case = replace(made.case, shares=(alien, made.case.shares[0]))

    assert broken(replay(case, **made.known)) is Step.SHARES


def test_no_body_and_another_are_told(made):
    flipped = bytearray(made.known["body"])
    flipped[100] ^= 1

    gone = replay(made.case, **(made.known | {"body": None}))
    assert broken(gone) is Step.BODY and gone.upholds
    assert broken(replay(made.case, **(made.known | {"body": bytes(flipped)}))) is Step.BODY


def test_sealed_to_somebody_else_is_told(deliver, extract_bytes):
    made = deliver(extract_bytes, reader=vault.PrivateKey.generate())

    assert broken(replay(made.case, **made.known)) is Step.OPENING


def test_what_is_no_extract_is_told(deliver):
    made = deliver(b"nothing of use")

    assert broken(replay(made.case, **made.known)) is Step.EXTRACT


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said | {"version": 1},
        lambda said: said | {"format": "another"},
        lambda said: said | {"entry": "%%%"},
        lambda said: said | {"shares": [{}]},
        lambda said: said | {"shares": 5},
        lambda said: said | {"silent": []},
        lambda said: said | {"order": "x"},
        lambda said: said | {"order": 1e400},
        lambda said: [],
    ],
)
def test_no_case_is_refused(made, change):
    data = json.dumps(change(json.loads(made.case.to_bytes()))).encode()

    with pytest.raises(InputError, match="no case"):
        Case.read(data)
    with pytest.raises(InputError, match="no case"):
        Case.read(made.case.to_bytes()[:-9])
