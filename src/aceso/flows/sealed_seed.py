"""The seed, sealed to a recovery key, at the custodians: left there, moved, and deleted again.

    leave_seed(person, persona, key.public_key)     # at the committee of the network's file
    moved = move_seed(person)                        # where that has changed
    kept_by = delete_seed(person)                    # everywhere, as another seed took over

The index remembers the recovery key's public half, so that any device of the person can seal the
seed anew and deal it out to other custodians; the words that guardians hold stay good, since they
make the key and not what was sealed. A custodian that has no place in it any more is asked to
overwrite its part, and signs that it did.

What stays true: one that keeps a copy of its part still has it. Fewer than m of such parts say
nothing, and m of them open with the words of enough guardians alone; no custodian that keeps to the
rules gives one out without the chain's delay.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum

from eth_account.signers.local import LocalAccount

from aceso.chain import grantee_of_account
from aceso.custody import CustodianDownError, TooFewCustodiansError
from aceso.errors import AcesoError
from aceso.vault import CommitteeNote, PublicKey, RecoveryNote, deposits_of, seal_seed

from .person import Person

__all__ = ["SeedMove", "SeedMoved", "delete_seed", "leave_seed", "move_seed"]

_NOBODY = CommitteeNote((), (), 0)


class SeedMove(StrEnum):
    """What became of the sealed seed as the committee changed."""

    NONE = "none"  # No guardians bring it back, so none was left.
    HERE = "here"  # It lies at this committee.
    MOVED = "moved"
    UNKNOWN = "unknown"  # It was left by a program that didn't note its key: prepare it anew.


@dataclass(frozen=True, slots=True)
class SeedMoved:
    """That, and who does not say that it deleted its part of before, with the reason."""

    state: SeedMove
    kept_by: Mapping[str, AcesoError] = field(default_factory=dict)


def leave_seed(person: Person, persona: LocalAccount, key: PublicKey) -> None:
    """Seal the seed to a recovery key and leave it with the custodians, in place of what they have
    of this persona. `threshold` of them must take their part."""
    network, known = person.network, person.manifest.recovery
    at = _here(person)
    version = max(network.suite.now(), known.version + 1 if known else 0)
    sealed = seal_seed(
        person.profile.seed, to=key, chain_id=network.suite.chain_id, persona=persona.address
    )
    deposits = deposits_of(
        sealed,
        chain_id=network.suite.chain_id,
        persona=persona.address,
        version=version,
        custodians=at.custodians,
        threshold=at.threshold,
    )
    # Noted first: what is cut off is done again, and who may keep a part of before is known.
    person.manifest.recovery = RecoveryNote(
        key=key.to_bytes(), version=version, at=at, is_whole=False, former=_former(known, at)
    )
    person._keep_manifest()
    posted = network.committee.leave_recovery(persona, deposits)
    _note(person, replace(person.manifest.recovery, is_whole=not posted.missing))


def move_seed(person: Person) -> SeedMoved:
    """Bring the sealed seed to the committee that the network names now, and have those of before
    delete their part. To be done again where a custodian did not take its part, or keeps one."""
    place = person.manifest.relationships.get(
        grantee_of_account(person.network.suite.guardianship.address)
    )
    if place is None:
        return SeedMoved(SeedMove.NONE)
    persona, note = person.persona(place), person.manifest.recovery
    if note is None:
        is_prepared = person.network.suite.guardianship.person(persona.address).threshold > 0
        return SeedMoved(SeedMove.UNKNOWN if is_prepared else SeedMove.NONE)
    if note.at == _NOBODY:
        return SeedMoved(SeedMove.NONE, _delete_former(person, persona))
    state, facts = SeedMove.HERE, person.network.facts
    is_here = (note.at.custodians, note.at.threshold) == (facts.members, facts.threshold)
    if not is_here or not note.is_whole:
        leave_seed(person, persona, PublicKey(note.key))
        state = SeedMove.MOVED
    return SeedMoved(state, _delete_former(person, persona))


def delete_seed(person: Person) -> Mapping[str, AcesoError]:
    """Have every custodian overwrite its part, as another seed has come in this one's place; who
    does not say that it did, with the reason. To be done again where there is one."""
    place = person.manifest.relationships.get(
        grantee_of_account(person.network.suite.guardianship.address)
    )
    note = person.manifest.recovery
    if place is None or note is None:
        return {}
    if note.at != _NOBODY:
        # Noted first: cut off here, it is known who is to be asked.
        person.manifest.recovery = replace(
            note, version=note.version + 1, at=_NOBODY, former=_former(note, _NOBODY)
        )
        person._keep_manifest()
    return _delete_former(person, person.persona(place))


def _here(person: Person) -> CommitteeNote:
    facts = person.network.facts
    urls = tuple(card.url for card in person.network.member_cards)
    return CommitteeNote(facts.members, urls, facts.threshold)


def _former(known: RecoveryNote | None, at: CommitteeNote) -> dict[str, str]:
    """Who may keep a part of before and gets no new one in its place."""
    if known is None:
        return {}
    former = dict(known.former) | dict(zip(known.at.custodians, known.at.urls, strict=True))
    return {who: url for who, url in former.items() if who not in at.custodians}


def _delete_former(person: Person, persona: LocalAccount) -> dict[str, AcesoError]:
    note, network = person.manifest.recovery, person.network
    if note is None or not note.former:
        return {}
    asked, gone = note.former, set[str]()
    failed: dict[str, AcesoError] = {}
    with suppress(TooFewCustodiansError):  # None of them is known: all are named below.
        committee = network.committee_of(tuple(asked), tuple(asked.values()), 1)
        receipts, failed = committee.delete_recovery(persona, note.version)
        gone = set(receipts)
    left = {who: url for who, url in note.former.items() if who not in gone}
    _note(person, replace(note, former=left))
    return {
        who: failed.get(who) or CustodianDownError(who, "is not known to this network")
        for who in left
    }


def _note(person: Person, note: RecoveryNote) -> None:
    """Keep the note on the device; that others hear of it may come later."""
    person.manifest.recovery = note
    person._keep_manifest()
    try:
        person._save_manifest()
    except AcesoError as exc:
        person.network.troubles.append(exc)
