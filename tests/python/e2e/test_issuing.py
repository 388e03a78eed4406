"""What an issuer does, and how anybody checks a file that they are handed.

issue        while the person is away; the physician finds it at once; the person learns of it;
             with the patient's tag, by which the person files it for a reward
role         without accreditation from now on: not genuine; what was issued before still is
verify       genuine; a changed file; another file's evidence; spoilt evidence; retracted; replaced
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aceso.chain import acts
from aceso.codes import DataClass, Role, Use
from aceso.errors import InputError
from aceso.flows import (
    RESEARCH,
    Evidence,
    EvidenceError,
    Issuer,
    Person,
    Reader,
    Vouch,
    contribution_of,
    evidence_of,
    replacements,
    verify,
)
from aceso.rewards import Contribution, ContributionError
from aceso.vault import Card, OpeningError, open_as_owner

from .conftest import Bundle, World

LABS = DataClass.LABS


def _card(person: Person, issuer: Issuer, path: Path) -> Card:
    grantee = bytes(12) + bytes.fromhex(issuer.account.address[2:])
    made = person.card(person.persona_for(grantee), issuer.classes_of([path]))
    return Card.from_json(made.to_json())


def _issued(person: Person, issuer: Issuer, path: Path) -> bytes:
    """The id of a laboratory result that was issued and that the person has learnt of."""
    issuer.issue(_card(person, issuer, path), [path])
    person.sync()
    return next(
        record_id
        for record_id, note in person.records()
        if note.issuer == issuer.account.address and note.data_class == LABS
    )


def _evidence(person: Person, record_id: bytes, path: Path) -> Evidence:
    """Write the record to `path`; its evidence, by way of its file."""
    envelope = person.open_record(record_id, path)
    entry = person.entry(record_id)
    made = evidence_of(entry, envelope, person.key_of(entry).dek)
    return Evidence.from_json(made.to_json())


def test_a_person_files_what_was_issued_with_their_tag(
    person: Person, laboratory: Issuer, bundle: Bundle, tmp_path: Path
) -> None:
    path, mine = bundle(), person.persona(RESEARCH).address
    laboratory.issue(_card(person, laboratory, path), [path], patient="chart 7")
    person.sync()
    record_id = next(
        record_id
        for record_id, note in person.records()
        if note.issuer == laboratory.account.address and note.data_class == LABS
    )
    envelope = person.open_record(record_id, tmp_path / "result.json")
    entry = person.entry(record_id)
    domain = person.network.suite.domain("RewardPool")

    def filed(signature: bytes) -> Contribution:
        vouch = Vouch(laboratory.account.address, mine, laboratory.tag_of("chart 7"), signature)
        return contribution_of(5, envelope, person.key_of(entry).dek, vouch)

    good = filed(laboratory.vouch("chart 7", mine))
    assert good.shown(domain) == (LABS, laboratory.tag_of("chart 7"))
    block = person.network.suite.node.height()
    source = good.check(person.network.suite.records, domain, block=block)
    assert source is not None
    assert source.issuer == laboratory.account.address
    # Vouched for another, or for another's account.
    for wrong in (laboratory.vouch("chart 8", mine), laboratory.vouch("chart 7", entry.issuer)):
        with pytest.raises(ContributionError):
            filed(wrong).shown(domain)


def test_what_was_issued_without_a_tag_is_not_filed(
    person: Person, laboratory: Issuer, bundle: Bundle, tmp_path: Path
) -> None:
    record_id = _issued(person, laboratory, bundle())
    envelope = person.open_record(record_id, tmp_path / "result.json")
    entry = person.entry(record_id)

    with pytest.raises(EvidenceError, match="no tag"):
        vouch = Vouch(entry.issuer, entry.issuer, bytes(32), b"")
        contribution_of(5, envelope, person.key_of(entry).dek, vouch)


def test_an_issuer_issues_while_the_person_is_away(
    world: World,
    person: Person,
    laboratory: Issuer,
    physician: Reader,
    bundle: Bundle,
    tmp_path: Path,
) -> None:
    """The person's device does nothing between handing out the card and the physician's reading."""
    path = bundle()
    card = _card(person, laboratory, path)
    person.choose_physician(physician.account.address)
    persona = person.persona_for(physician.grantee).address
    report = laboratory.issue(card, [path])
    opened = physician.open_all(persona, classes=LABS, folder=tmp_path)
    assert [one.envelope.issuer for one in opened] == [laboratory.account.address] * 2
    assert person.sync() == report.added
    assert person.sync() == 0
    assert {note.issuer for _, note in person.records()} == {laboratory.account.address}


def test_an_issuer_keeps_nothing_that_opens_a_record(
    person: Person, laboratory: Issuer, bundle: Bundle
) -> None:
    record_id = _issued(person, laboratory, bundle())
    entry = person.entry(record_id)
    own = laboratory.receiving.current
    stored = laboratory.profile.store.entry(record_id)
    assert stored is None or stored.entry.digest == entry.digest
    with pytest.raises(OpeningError):
        open_as_owner(entry.capsule, own)


def test_a_broken_file_is_refused_and_the_next_goes_on(
    person: Person, laboratory: Issuer, bundle: Bundle, tmp_path: Path
) -> None:
    path = bundle()
    report = laboratory.issue(_card(person, laboratory, path), [tmp_path / "gone.json", path])
    gone, issued = report.files
    assert gone.error and not gone.added
    assert issued.added == report.added > 0


def test_what_an_accredited_issuer_issued_is_genuine(
    person: Person, laboratory: Issuer, bundle: Bundle, tmp_path: Path
) -> None:
    record_id = _issued(person, laboratory, bundle())
    handed = tmp_path / "handed.json"
    verdict = verify(person.network, handed, _evidence(person, record_id, handed))
    assert verdict.genuine
    assert (verdict.issuer, verdict.data_class) == (laboratory.account.address, LABS)
    assert 0 < verdict.anchored_at <= person.network.suite.now()


def test_an_issuer_without_accreditation_is_refused_from_then_on(
    world: World, person: Person, laboratory: Issuer, bundle: Bundle, tmp_path: Path
) -> None:
    """What it issued before stays genuine, and stands."""
    earlier = _issued(person, laboratory, bundle())
    # The role counts by the second, and several blocks may share one here.
    world.devnet.chain.advance_time(1)
    world.authority.unaccredit(laboratory.account.address, Role.ISSUER)
    world.confirm()
    later = bundle(name="later.json", start=50)
    (report,) = laboratory.issue(_card(person, laboratory, later), [later]).files
    assert "accredited" in report.error
    assert person.sync() == 0
    path = tmp_path / "handed.json"
    assert verify(world.network, path, _evidence(person, earlier, path)).genuine


def test_what_is_anchored_without_accreditation_is_not_genuine(
    world: World, person: Person, laboratory: Issuer, bundle: Bundle, tmp_path: Path
) -> None:
    """Somebody without the role may anchor: it is theirs, and nothing more."""
    path = tmp_path / "handed.json"
    evidence = _evidence(person, _issued(person, laboratory, bundle()), path)
    suite, home = world.network.suite, person.persona(0)
    world.network.relayer.send(acts.anchor(suite, home, evidence.root, bytes(32)))
    verdict = verify(world.network, path, replace(evidence, issuer=home.address))
    assert verdict.anchored_at > 0
    assert (verdict.accredited, verdict.genuine) == (False, False)


def test_what_a_person_brings_in_is_no_issuers(
    person: Person, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    path = tmp_path / "handed.json"
    record_id = person.records()[0][0]
    verdict = verify(person.network, path, _evidence(person, record_id, path))
    assert verdict.anchored_at > 0
    assert not verdict.genuine


def test_a_changed_file_is_noticed(
    person: Person, laboratory: Issuer, bundle: Bundle, tmp_path: Path
) -> None:
    path = tmp_path / "handed.json"
    evidence = _evidence(person, _issued(person, laboratory, bundle()), path)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(EvidenceError, match="it was changed, or it is another file") as told:
        verify(person.network, path, evidence)
    assert (told.value.code, told.value.exit_code) == ("E_EVIDENCE_OTHER_FILE", 3)


def test_the_evidence_of_another_file_is_noticed(
    person: Person, laboratory: Issuer, bundle: Bundle, tmp_path: Path
) -> None:
    _issued(person, laboratory, bundle())
    first, second = (
        (_evidence(person, record_id, tmp_path / f"{place}.json"), tmp_path / f"{place}.json")
        for place, (record_id, note) in enumerate(
            item for item in person.records() if item[1].data_class == LABS
        )
    )
    with pytest.raises(EvidenceError) as told:
        verify(person.network, first[1], second[0])
    assert told.value.code == "E_EVIDENCE_OTHER_FILE"


@pytest.mark.parametrize("part", ["root", "fields_root", "proof", "issuer"])
def test_spoilt_evidence_is_noticed(
    person: Person, laboratory: Issuer, bundle: Bundle, tmp_path: Path, part: str
) -> None:
    path = tmp_path / "handed.json"
    evidence = _evidence(person, _issued(person, laboratory, bundle()), path)
    spoilt: dict[str, object] = {
        "root": bytes(32),
        "fields_root": bytes(32),
        "proof": evidence.proof[:-1],
        "issuer": person.persona(0).address,
    }
    try:
        verdict = verify(person.network, path, replace(evidence, **{part: spoilt[part]}))
    except InputError as told:
        assert told.code == "E_EVIDENCE_FALSE"
    else:
        # Another issuer's name makes true evidence of nothing that was anchored.
        assert part == "issuer"
        assert (verdict.anchored_at, verdict.genuine) == (0, False)


def test_a_retracted_record_is_not_genuine(
    person: Person, laboratory: Issuer, bundle: Bundle, tmp_path: Path
) -> None:
    issued, other = bundle(), bundle(name="other.json", start=70)
    record_id = _issued(person, laboratory, issued)
    path = tmp_path / "handed.json"
    envelope = person.open_record(record_id, path)
    leaf = envelope.tree(person.key_of(person.entry(record_id)).dek).leaf
    found = laboratory.issued_from([issued])

    assert leaf in {one.leaf for one in found} and laboratory.issued_from([other]) == []
    sent, before = laboratory.retract(found)
    assert (len(sent), before) == (len(found), 0)
    assert laboratory.retract(found) == ([], len(found))
    verdict = verify(person.network, path, _evidence(person, record_id, path))
    assert verdict.accredited
    assert not verdict.genuine
    assert verdict.standing == "RETRACTED"


def test_a_corrected_record_takes_the_place_of_the_earlier(
    person: Person, laboratory: Issuer, bundle: Bundle, tmp_path: Path
) -> None:
    issued, corrected = bundle(), tmp_path / "corrected.json"
    corrected.write_text(issued.read_text().replace("14.2", "15.2"))
    before = _labs(person, laboratory, issued)
    after = _labs(person, laboratory, corrected) - before
    leaves = {one.leaf for one in laboratory.issued_from([issued])}
    assert before and after

    found = replacements(laboratory.issued_from([issued]), laboratory.issued_from([corrected]))
    sent, ended = laboratory.replace(found)

    assert {old.leaf for old, _ in found.pairs} == leaves and found.left == ()
    assert (len(sent), ended) == (len(leaves), 0)
    assert laboratory.replace(found) == ([], len(leaves))
    said = {(one.name, one.args["successor"]) for receipt in sent for one in receipt.events}
    newer = {one.leaf for one in laboratory.issued_from([corrected])}
    assert said == {("RecordSuperseded", leaf) for leaf in newer}
    for records, standing in ((before, "SUPERSEDED"), (after, "STANDS")):
        for record_id in records:
            path = tmp_path / f"{record_id.hex()}.handed"
            verdict = verify(person.network, path, _evidence(person, record_id, path))
            assert (verdict.standing, verdict.genuine) == (standing, standing == "STANDS")


def _labs(person: Person, issuer: Issuer, path: Path) -> set[bytes]:
    """The ids of all laboratory results of the issuer, once those of this file are issued."""
    _issued(person, issuer, path)
    return {
        record_id
        for record_id, note in person.records(superseded=True)
        if note.issuer == issuer.account.address and note.data_class == LABS
    }


def test_evidence_says_nothing_of_the_contents(
    person: Person, laboratory: Issuer, bundle: Bundle, tmp_path: Path
) -> None:
    evidence = _evidence(person, _issued(person, laboratory, bundle()), tmp_path / "handed.json")
    text = evidence.to_json()
    assert "718-7" not in text
    assert all(name in text for name in ("digest", "class", "issuedAt"))
    assert "valueQuantity" not in text


def test_a_grant_of_labs_brings_the_issuers_labs_only(
    person: Person, laboratory: Issuer, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    _issued(person, laboratory, bundle())
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    persona = person.persona_for(stranger.grantee).address
    opened = stranger.open_all(persona, classes=LABS, folder=tmp_path)
    assert {one.envelope.data_class for one in opened} == {int(LABS)}
    assert len(opened) == 2
