"""Coming of age: a new seed takes over the vault, and the old one keeps nothing that opens.

    handed = hand_over(old, new)        # both of one person: the seed until now, and the new one

Until then somebody else may have held the seed. The new vault gets a capsule of its own for every
record, wrapped to its own keys, with the issuer's proof as it was; the old capsules are deleted at
the custodians, every consent of the old personas is withdrawn, and each persona is succeeded by a
new one, by which its guardians end. Nobody is let in by it: the person chooses anew.

It can be cut off at any step and done again. What stays known: whatever the old seed opened before,
and whatever copy of a capsule somebody kept, for the records are sealed under the keys that they
had. What comes later is sealed to keys that the old seed never had. Succession says on chain which
personas are one person's, as long as those who see the old one know whose it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from aceso.chain import Receipt, guardian_acts
from aceso.codes import DataClass
from aceso.errors import AcesoError, InputError
from aceso.vault import CapsuleContext, ListEntry, make_capsule

from .own_vault import HOME
from .person import Person

__all__ = ["HandedOver", "hand_over"]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was done: records that are in the new vault, consents withdrawn, personas succeeded."""

    records: int
    deleted: int
    withdrawn: tuple[Receipt, ...]
    succeeded: tuple[Receipt, ...]


def hand_over(
    old: Person, new: Person, *, progress: Callable[[str, int], None] = lambda step, count: None
) -> HandedOver:
    """Give all that `old` holds to `new`; nothing is deleted before it is in the new vault."""
    if old.profile.seed.entropy() == new.profile.seed.entropy():
        raise InputError(
            "The new seed is the old one. Make a new one with `aceso init`, in another folder.",
            code="E_SAME_SEED",
        )
    old.sync()
    for record_id in list(old.manifest.records):
        if record_id not in new.manifest.records and record_id not in new.manifest.forgotten:
            _take(old, new, record_id)
            progress("kept", 1)
    new.manifest.superseded |= old.manifest.superseded
    new.manifest.same |= old.manifest.same
    new.manifest.sources |= old.manifest.sources
    new._save_manifest()
    deleted = _delete(old, new)
    withdrawn = tuple(old.unshare_everything())
    return HandedOver(len(new.manifest.records), deleted, withdrawn, _succeed(old, new))


def _take(old: Person, new: Person, record_id: bytes) -> None:
    """One record: the same body and proof, in a capsule of the new vault's own."""
    entry = old.entry(record_id)
    note = old.manifest.records[record_id]
    signed = new.opening(new.persona(HOME), DataClass(note.data_class))
    opening = signed.opening
    cards = {card.address: card.public_key for card in new.network.sealing_cards}
    capsule = make_capsule(
        CapsuleContext(
            chain_id=new.network.suite.chain_id,
            record_id=record_id,
            data_class=note.data_class,
            epoch=opening.epoch,
            list_key=opening.list_key,
        ),
        old.key_of(entry),
        custodians=[(address, cards[address]) for address in opening.custodians],
        threshold=opening.threshold,
        reader_key=opening.class_key,
        owner_key=opening.owner_key,
    )
    handed: ListEntry = replace(entry, capsule=capsule)
    new.network.committee.post(
        handed,
        list_key=opening.list_key,
        signer=new._list_key(opening.list_key),
        issuer=entry.issuer,
    )
    new.profile.store.learn(handed, opening.list_key, note.day)
    new.manifest.records[record_id] = replace(note, epoch=opening.epoch)


def _delete(old: Person, new: Person) -> int:
    """Delete the old capsules, of what is in the new vault. The bodies stay: they are its own."""
    deleted = 0
    for record_id in [one for one in old.manifest.records if one in new.manifest.records]:
        context = old.entry(record_id).capsule.context
        list_key = old.keys.list_key(context.data_class, context.epoch)
        old.network.committee.delete(list_key, record_id)
        old.manifest.forget(record_id)
        old._keep_manifest()
        old.profile.store.delete(record_id)
        deleted += 1
    if deleted:
        old._save_manifest()
    return deleted


def _succeed(old: Person, new: Person) -> tuple[Receipt, ...]:
    """Each persona of a relationship is succeeded by the new one of that relationship."""
    suite = old.network.suite
    receipts = []
    for grantee, index in list(old.manifest.relationships.items()):
        persona = old.persona(index)
        if int(suite.guardianship.person(persona.address).successor, 16):
            continue
        call = guardian_acts.succeed(suite, persona, new.persona_for(grantee))
        try:
            receipts.append(old.network.relayer.send(call))
        except AcesoError as exc:
            # One that fails does not keep back the others; doing it again tries it again.
            old.network.troubles.append(exc)
    return tuple(receipts)
