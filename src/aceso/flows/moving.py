"""When a custodian leaves or joins: every list opens anew, and every key is shared out anew.

    moved = move(person)           # to the committee of the network's file

Nobody but the person can do it, and they need nobody for it: the owner key opens each capsule, and
the same data key is locked again, for the custodians that are in the committee now, under a new
epoch of its class. The bodies stay as they are. Whoever is let in gets the new class keys, issuers
the new lists at their next contact, and the former capsules are deleted at those that had them,
also at those that stay. The seed that lies sealed for guardians goes to the new committee as well
(`sealed_seed`). It can be cut off at any step and done again, on any device.

What stays true: a custodian that keeps a copy of what it was to delete still has a share of the
former capsules. Fewer than m of such shares open nothing; so move before m of them have left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice

from aceso.codes import DataClass
from aceso.custody import (
    Act,
    CustodianDownError,
    Posted,
    TooFewCustodiansError,
    delete_act,
    post_act,
)
from aceso.errors import AcesoError
from aceso.signing import sign
from aceso.vault import CapsuleContext, ListEntry, Opening, PublicKey, make_capsule

from .own_vault import HOME
from .person import Person
from .sealed_seed import SeedMove, move_seed
from .store import Stored

__all__ = ["Moved", "SeedMove", "move"]

# So many records are sealed while those before them are on their way.
_CHUNK = 32
_OTHERS_FIRST = frozenset({"E_ENTRY_CONFLICT", "E_DELETED"})

Tell = Callable[[str, int], None]


@dataclass(slots=True)
class Moved:
    """What was done: classes whose lists opened anew, records dealt out anew, former entries that
    were deleted, what became of the sealed seed, whether a will was brought along, and the
    custodians that did not say that they deleted what they had, with the reason."""

    classes: int = 0
    records: int = 0
    deleted: int = 0
    seed: SeedMove = SeedMove.NONE
    will: bool = False
    kept_by: dict[str, AcesoError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Dealt:
    """A record with its new entry, and the act that posts it."""

    before: Stored
    entry: ListEntry
    list_key: str
    act: Act


def move(person: Person, *, progress: Tell = lambda step, count: None) -> Moved:
    """Bring all lists and records to the committee that the network names now."""
    done, will = Moved(), person.manifest.will
    person.sync(progress=progress)
    done.classes = _begin(person)
    person.settle_keys(progress=progress)
    _post_rest(person, done, progress)
    _deal(person, done, progress)
    _delete(person, done, progress)
    person._save_manifest()
    moved = move_seed(person)
    done.seed = moved.state
    done.kept_by |= moved.kept_by
    done.kept_by |= person.move_will()
    there = person.manifest.will
    done.will = will is not None and there is not None and there.at != will.at
    return done


def _begin(person: Person) -> int:
    """A new epoch of each class whose newest list is at another committee, open at the new one."""
    facts = person.network.facts
    begun = 0
    for data_class in DataClass:
        number = int(data_class)
        epoch = person.manifest.epochs.get(number, 0)
        place = person.manifest.lists.get(person.keys.list_key(number, epoch).address)
        if place is None:
            continue
        note = person.manifest.committees[place]
        if (note.custodians, note.threshold) == (facts.members, facts.threshold):
            continue
        person.manifest.epochs[number] = epoch + 1
        begun += 1
    if begun:
        # What is imported from now on goes there, whatever becomes of the rest.
        person._keep_manifest()
    for data_class in DataClass:
        number = int(data_class)
        epoch = person.manifest.epochs.get(number, 0)
        if epoch and person.keys.list_key(number, epoch - 1).address in person.manifest.lists:
            person.opening(person.persona(HOME), data_class)
    if begun:
        person._save_manifest()
    return begun


# Records


def _deal(person: Person, done: Moved, tell: Tell) -> None:
    """Deal out anew what is locked for another committee."""
    committee = person.network.committee
    waiting = (stored for stored in person.profile.store.entries() if _is_elsewhere(person, stored))
    cards = {card.address: card.public_key for card in person.network.sealing_cards}
    openings: dict[int, Opening] = {}
    before: tuple[list[_Dealt], Future[list[Posted]]] | None = None
    with ThreadPoolExecutor(1, thread_name_prefix="aceso-move") as pool:
        for chunk in _chunks(waiting):
            dealt = [_dealt(person, stored, openings, cards) for stored in chunk]
            # Kept first: the same record dealt twice would be two records to the custodians.
            person.profile.store.replace((one.before, one.entry, one.list_key) for one in dealt)
            if before is not None:
                _note(person, before[0], before[1].result(), done, tell)
            before = dealt, pool.submit(committee.try_to_send, [one.act for one in dealt])
        if before is not None:
            _note(person, before[0], before[1].result(), done, tell)


def _chunks(waiting: Iterator[Stored]) -> Iterator[list[Stored]]:
    while chunk := list(islice(waiting, _CHUNK)):
        yield chunk


def _is_elsewhere(person: Person, stored: Stored) -> bool:
    capsule, facts = stored.entry.capsule, person.network.facts
    is_noted = stored.entry.record_id in person.manifest.records
    return (
        is_noted
        and stored.is_posted
        and (capsule.custodians, capsule.threshold) != (facts.members, facts.threshold)
    )


def _dealt(
    person: Person,
    stored: Stored,
    openings: dict[int, Opening],
    cards: dict[str, PublicKey],
) -> _Dealt:
    number = stored.entry.capsule.context.data_class
    if number not in openings:
        openings[number] = person.opening(person.persona(HOME), DataClass(number)).opening
    opening = openings[number]
    capsule = make_capsule(
        CapsuleContext(
            chain_id=person.network.suite.chain_id,
            record_id=stored.entry.record_id,
            data_class=number,
            epoch=opening.epoch,
            list_key=opening.list_key,
        ),
        person.key_of(stored.entry),
        custodians=[(address, cards[address]) for address in opening.custodians],
        threshold=opening.threshold,
        reader_key=opening.class_key,
        owner_key=opening.owner_key,
    )
    entry = replace(stored.entry, capsule=capsule)
    return _Dealt(stored, entry, opening.list_key, _act(person, entry, opening.list_key))


def _act(person: Person, entry: ListEntry, list_key: str) -> Act:
    signature = person.network.committee.sign_post(
        entry, list_key=list_key, signer=person._list_key(list_key), issuer=entry.issuer
    )
    return post_act(entry, list_key=list_key, issuer=entry.issuer, signature=signature)


def _note(
    person: Person, dealt: Sequence[_Dealt], posted: Sequence[Posted], done: Moved, tell: Tell
) -> None:
    """Write down what enough custodians took; raise why, where too few did."""
    taken = []
    for one, answer in zip(dealt, posted, strict=True):
        record_id = one.entry.record_id
        if len(answer.taken) >= one.act.needed:
            taken.append(record_id)
            note = person.manifest.records[record_id]
            epoch = one.entry.capsule.context.epoch
            person.manifest.records[record_id] = replace(note, epoch=epoch)
        elif any(error.code in _OTHERS_FIRST for error in answer.missing.values()):
            # Another device dealt it out, or deleted it: the next sync says which.
            person.profile.store.delete(record_id)
    person.profile.store.posted(*taken)
    done.records += len(taken)
    tell("moved", len(taken))
    for one, answer in zip(dealt, posted, strict=True):
        if len(answer.taken) < one.act.needed and not any(
            error.code in _OTHERS_FIRST for error in answer.missing.values()
        ):
            person.network.committee._enough(
                len(answer.taken), answer.missing, one.act.needed, len(one.act.among)
            )


def _post_rest(person: Person, done: Moved, tell: Tell) -> None:
    """Post what an earlier move had dealt out and kept, and was cut off from posting."""
    kept = [
        stored
        for stored in person.profile.store.dealt()
        if stored.entry.record_id in person.manifest.records
    ]
    for chunk in _chunks(iter(kept)):
        dealt = [
            _Dealt(one, one.entry, one.list_key, _act(person, one.entry, one.list_key))
            for one in chunk
        ]
        answers = person.network.committee.try_to_send([one.act for one in dealt])
        _note(person, dealt, answers, done, tell)


# The former entries


def _delete(person: Person, done: Moved, tell: Tell) -> None:
    """Delete the former entries at those that had them. One that does not say that it did is named,
    and asked again by the next move."""
    domain = person.network.suite.domain("ConsentRegistry")
    by_place: dict[int, list[tuple[bytes, str]]] = {}
    for record_id, list_key in person.profile.store.leaving():
        by_place.setdefault(person.manifest.lists[list_key], []).append((record_id, list_key))
    for place, pairs in by_place.items():
        note = person.manifest.committees[place]
        try:
            committee = person._committee_at(place)
        except TooFewCustodiansError as exc:
            done.kept_by |= {
                who: CustodianDownError(who, "is not known to this network") for who in exc.names
            }
            continue
        for start in range(0, len(pairs), _CHUNK):
            chunk = pairs[start : start + _CHUNK]
            acts = []
            for record_id, list_key in chunk:
                message = {"listKey": list_key, "recordId": record_id}
                signature = sign(person._list_key(list_key), "Deletion", message, domain)
                acts.append(delete_act(message, signature, custodians=note.custodians))
            gone = []
            for pair, answer in zip(chunk, committee.try_to_send(acts), strict=True):
                # One that never had it has nothing to delete.
                missing = {
                    who: error
                    for who, error in answer.missing.items()
                    if error.code != "E_RECORD_UNKNOWN"
                }
                done.kept_by |= missing
                if not missing:
                    gone.append(pair)
            person.profile.store.left(gone)
            done.deleted += len(gone)
            tell("deleted", len(gone))
