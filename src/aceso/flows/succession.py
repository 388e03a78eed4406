"""Coming of age: a new seed takes over the vault, and the old one keeps nothing that opens.

    handed = hand_over(old, new)        # both of one person: the seed until now, and the new one

Until then somebody else may have held the seed. The new vault gets a capsule of its own for every
record, wrapped to its own keys, with the issuer's proof as it was; the old capsules are deleted at
the custodians, every consent of the old personas is withdrawn, and each persona is succeeded by a
new one, by which its guardians end. Nobody is let in by it: the person chooses anew. The old seed
that lies sealed for guardians is deleted as well.

It can be cut off at any step and done again. A custodian that was away is named in `waiting`, and
asked again when it is done again. What stays known: whatever the old seed opened before, and
whatever copy of a capsule somebody kept, for the records are sealed under the keys that they had.
What comes later is sealed to keys that the old seed never had. Succession says on chain which
personas are one person's, as long as those who see the old one know whose it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from eth_account.signers.local import LocalAccount

from aceso.chain import Receipt, grantee_of_account, guardian_acts, parse_grantee
from aceso.codes import DataClass
from aceso.errors import AcesoError, InputError
from aceso.index import ConsentRow
from aceso.vault import CapsuleContext, ListEntry, make_capsule

from .forgetting import forgotten
from .orders import Sale, sales
from .own_vault import HOME, RESEARCH, OwnVault
from .person import Person
from .sealed_seed import delete_seed
from .store import Step, Stored

__all__ = ["HandedOver", "consents_ever", "earlier_personas", "hand_over", "orders_ever"]

Tell = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was done: records that are in the new vault, consents withdrawn, personas succeeded;
    and the custodians that have still to delete something of the old vault."""

    records: int
    deleted: int
    withdrawn: tuple[Receipt, ...]
    succeeded: tuple[Receipt, ...]
    waiting: tuple[str, ...]


def earlier_personas(vault: OwnVault) -> dict[str, str]:
    """The personas of an older seed that ours came after, each with ours, as the chain has it."""
    return vault.network.synced().earlier(list(vault.personas()))


def consents_ever(person: Person, *, live: bool = True) -> list[ConsentRow]:
    """What was granted by any persona, ours or one that ours came after. One of the latter that is
    still in force ends by the old seed, or by its own end."""
    subjects = [*person.personas(), *earlier_personas(person)]
    now = person.network.suite.now()
    rows = person.network.index.consents(subjects)
    return [row for row in rows if not live or row.is_live(now)]


def orders_ever(person: Person) -> list[Sale]:
    """The orders of the person's data, of offers and of studies: of the persona for research, and
    of those before it."""
    research = person.persona(RESEARCH).address
    before = [old for old, own in earlier_personas(person).items() if own == research]
    return sales(person.network, subjects=[research, *before])


def hand_over(old: Person, new: Person, *, progress: Tell = lambda step, count: None) -> HandedOver:
    """Give all that `old` holds to `new`; nothing is deleted before the custodians have it for the
    new vault. Cut off at any step, it goes on when it is done again."""
    if old.profile.seed.entropy() == new.profile.seed.entropy():
        raise InputError(
            "The new seed is the old one. Make a new one with `aceso init`, in another folder.",
            code="E_SAME_SEED",
        )
    old.resume()
    old.sync()
    new.sync()
    with new._noting_lists():
        for record_id in list(old.manifest.records):
            if record_id not in new.manifest.forgotten and _take(old, new, record_id):
                progress("kept", 1)
    for record in new.resume(progress=progress).refused:
        # Another device of the new seed was first. The body is that one's as well.
        new.network.ipfs.pin(old.entry(record.record_id).cid)
    new.sync()
    new.manifest.superseded |= old.manifest.superseded
    new.manifest.same |= old.manifest.same
    new.manifest.sources |= old.manifest.sources
    new._save_manifest()
    deleted = _delete(old, new, progress)
    waiting = set(delete_seed(old))
    waiting.update(old.forget_will())
    waiting.update(*(one.waiting for one in forgotten(old.profile.store)))
    withdrawn = tuple(old.unshare_everything())
    progress("withdrawn", len(withdrawn))
    succeeded = _succeed(old, new, progress)
    return HandedOver(
        len(new.manifest.records), deleted, withdrawn, succeeded, tuple(sorted(waiting))
    )


def _take(old: Person, new: Person, record_id: bytes) -> bool:
    """One record: the same body and proof, in a capsule of the new vault's own. It is kept on the
    device before anything is posted; false where it is there already."""
    note = old.manifest.records[record_id]
    # Also of what is there already: a list that nothing notes is one that a restored seed misses.
    opening = new.opening(new.persona(HOME), DataClass(note.data_class)).opening
    if new.profile.store.entry(record_id) is not None:
        return False
    entry = old.entry(record_id)
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
    # The root is on chain already, whoever anchored it.
    stored = Stored(handed, opening.list_key, note.day, Step.ANCHORED)
    new.profile.store.restore(stored, bytes(32))
    new.manifest.records[record_id] = replace(note, epoch=opening.epoch)
    return True


def _delete(old: Person, new: Person, progress: Tell) -> int:
    """Delete the old capsules, of what custodians have for the new vault. The bodies stay: they are
    its own."""
    deleted = 0
    for record_id in list(old.manifest.records):
        stored = new.profile.store.entry(record_id)
        if stored is None or stored.step is not Step.POSTED:
            continue
        entry = old.entry(record_id)
        capsule = entry.capsule
        list_key = old.keys.list_key(capsule.context.data_class, capsule.context.epoch)
        receipts = old._committee_of(list_key.address).delete(list_key, record_id)
        old._note_deletions(entry, list_key.address, receipts)
        old.manifest.forget(record_id)
        old._keep_manifest()
        old.profile.store.delete(record_id)
        deleted += 1
        progress("deleted", 1)
    if deleted:
        old._save_manifest()
    return deleted


def _succeed(old: Person, new: Person, progress: Tell) -> tuple[Receipt, ...]:
    """Each persona that was shown to somebody is succeeded by the new one of that relationship."""
    suite = old.network.suite
    receipts = []
    for persona, successor in _pairs(old, new):
        if int(suite.guardianship.person(persona.address).successor, 16):
            continue
        call = guardian_acts.succeed(suite, persona, successor)
        try:
            receipts.append(old.network.relayer.send(call))
            progress("succeeded", 1)
        except AcesoError as exc:
            # One that fails does not keep back the others; doing it again tries it again.
            old.network.troubles.append(exc)
    return tuple(receipts)


def _pairs(old: Person, new: Person) -> Iterator[tuple[LocalAccount, LocalAccount]]:
    """Each old persona with the new one in its place."""
    index = old.network.synced()
    home, research = old.persona(HOME), old.persona(RESEARCH)
    if index.records([home.address]):
        yield home, new.persona(HOME)
    if index.offers(open_only=False, subjects=[research.address]):
        yield research, new.persona(RESEARCH)
    guardianship = old.network.suite.addresses["Guardianship"]
    for grantee, place in list(old.manifest.relationships.items()):
        group = parse_grantee(grantee)
        if group.is_group and group.address == guardianship:
            # All guardians know one persona, which has a relationship of its own.
            grantee = grantee_of_account(guardianship)
        yield old.persona(place), new.persona_for(grantee)
