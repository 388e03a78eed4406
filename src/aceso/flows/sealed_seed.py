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
from dataclasses import dataclass, field, replace
from enum import StrEnum

from eth_account.signers.local import LocalAccount

from aceso.chain import grantee_of_account
from aceso.custody import DepositKind
from aceso.errors import AcesoError
from aceso.vault import PublicKey, RecoveryNote, deposits_of, seal_seed

from .deposits import NOBODY, committee_here, delete_parts, former_of, is_here
from .person import Person

__all__ = ["SeedMove", "SeedMoved", "delete_seed", "leave_seed", "move_seed"]


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
    at = committee_here(network)
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
        key=key.to_bytes(), version=version, at=at, is_whole=False, former=former_of(known, at)
    )
    person._keep_manifest()
    posted = network.committee.leave_deposits(persona, deposits)
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
    if note.at == NOBODY:
        return SeedMoved(SeedMove.NONE, _delete_former(person, persona))
    state = SeedMove.HERE
    if not is_here(person.network, note) or not note.is_whole:
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
    if note.at != NOBODY:
        # Noted first: cut off here, it is known who is to be asked.
        person.manifest.recovery = replace(
            note, version=note.version + 1, at=NOBODY, former=former_of(note, NOBODY)
        )
        person._keep_manifest()
    return _delete_former(person, person.persona(place))


def _delete_former(person: Person, persona: LocalAccount) -> Mapping[str, AcesoError]:
    note = person.manifest.recovery
    if note is None or not note.former:
        return {}
    left, why = delete_parts(person.network, DepositKind.SEED, persona, note)
    _note(person, replace(note, former=left))
    return why


def _note(person: Person, note: RecoveryNote) -> None:
    """Keep the note on the device; that others hear of it may come later."""
    person.manifest.recovery = note
    person._try(person._save_manifest)
