"""What custodians lack is given to them again, and who keeps back what they have is named.

    heal(person, persona, data_class, listing, believed)

A person sees which of their records each custodian lists. One that was down when a record came, or
that joined later, lacks it: it is given the entry, signed by the list's key as at first. One that
answers that it had the entry all along is asked once more, and if it still does not list it, it is
named. A custodian that says each time that it is new is named as well, at the second time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eth_account.signers.local import LocalAccount

from aceso.codes import DataClass, Use
from aceso.custody import (
    Act,
    Custodian,
    Listing,
    UnlistedError,
    WithheldError,
    bundles,
    open_act,
    post_act,
)
from aceso.errors import AcesoError
from aceso.vault import ListEntry

from .own_vault import OwnVault

__all__ = ["heal", "own_listing", "unlisted_errors"]

_PATIENCE = 24.0


def own_listing(
    vault: OwnVault,
    persona: LocalAccount,
    data_class: DataClass,
    *,
    among: Iterable[str] | None = None,
) -> Listing:
    """A person's own records of a class, from whichever custodians answer; one is enough."""
    return vault.network.committee.listing(
        actor=persona,
        subject=persona.address,
        grantee=bytes(12) + bytes.fromhex(persona.address[2:]),
        use=Use.PATRQT,
        data_class=data_class,
        needed=1,
        # Ten thousand records are a hundred megabytes.
        patience=_PATIENCE,
        among=None if among is None else list(among),
    )


def heal(
    vault: OwnVault,
    persona: LocalAccount,
    data_class: DataClass,
    listing: Listing,
    believed: Sequence[ListEntry],
) -> None:
    """Compare what each custodian lists with what is known. What fails is in `troubles`."""
    here = {entry.digest for entry in believed}
    lacking: dict[str, list[ListEntry]] = {
        who: [entry for entry in entries if entry.digest in here]
        for who, entries in listing.unlisted().items()
    }
    for entry in _listed_by_nobody(vault, persona, data_class, listing):
        for who in entry.capsule.custodians:
            if who in listing.by:
                lacking.setdefault(who, []).append(entry)
    for custodian in vault.network.committee.custodians:
        entries = lacking.get(custodian.address)
        if not entries:
            continue
        try:
            had = _give(vault, persona, custodian, entries)
            _judge(vault, persona, data_class, custodian, had)
        except AcesoError as exc:
            vault.network.troubles.append(exc)


def _listed_by_nobody(
    vault: OwnVault, persona: LocalAccount, data_class: DataClass, listing: Listing
) -> list[ListEntry]:
    """Records that this device holds, that are on lists which this persona sees, and that no
    custodian lists."""
    known = {entry.record_id for entry in listing.entries}
    store = vault.profile.store
    found = []
    for record_id, note in vault.manifest.records.items():
        if note.data_class != int(data_class) or record_id in known:
            continue
        stored = store.entry(record_id)
        if (
            stored is not None
            and stored.is_posted
            and store.is_opened(stored.list_key, persona.address)
        ):
            found.append(stored.entry)
    return found


def _give(
    vault: OwnVault,
    persona: LocalAccount,
    custodian: Custodian,
    entries: Sequence[ListEntry],
) -> list[ListEntry]:
    """Give a custodian entries; those that it says it has had, on lists that were open there."""
    acts: list[Act] = []
    of: list[ListEntry | int] = []
    for epoch in sorted({entry.capsule.context.epoch for entry in entries}):
        data_class = DataClass(entries[0].capsule.context.data_class)
        acts.append(open_act(vault.opening(persona, data_class, epoch)))
        of.append(epoch)
    for entry in entries:
        list_key = vault.keys.list_key(
            entry.capsule.context.data_class, entry.capsule.context.epoch
        )
        signature = vault.network.committee.sign_post(
            entry, list_key=list_key.address, signer=list_key, issuer=entry.issuer
        )
        acts.append(
            post_act(entry, list_key=list_key.address, issuer=entry.issuer, signature=signature)
        )
        of.append(entry)
    answers: list[Mapping[str, Any] | AcesoError] = []
    for bundle in bundles(acts):
        answers += custodian.take_batch([act.body for act in bundle])
    just_opened: set[int] = set()
    had: list[ListEntry] = []
    given: list[ListEntry] = []
    for what, answer in zip(of, answers, strict=True):
        if isinstance(answer, AcesoError):
            # Such as a record that another device had deleted.
            continue
        if isinstance(what, int):
            if answer.get("new") is True:
                just_opened.add(what)
        elif answer.get("new") is True:
            given.append(what)
        elif what.capsule.context.epoch not in just_opened:
            had.append(what)
    return had + _given_before(vault, custodian, given)


def _given_before(
    vault: OwnVault, custodian: Custodian, given: Sequence[ListEntry]
) -> list[ListEntry]:
    """Those that were given to this custodian once already, and noted as such from now on."""
    name = f"given/{custodian.address}"
    before = set(json.loads(vault.profile.store.get(name) or b"[]"))
    again = [entry for entry in given if entry.digest.hex() in before]
    noted = before | {entry.digest.hex() for entry in given}
    if noted != before:
        vault.profile.store.put(name, json.dumps(sorted(noted)).encode())
    return again


def _judge(
    vault: OwnVault,
    persona: LocalAccount,
    data_class: DataClass,
    custodian: Custodian,
    had: Sequence[ListEntry],
) -> None:
    """What came while it was asked is not kept back: it is asked again before it is named."""
    if not had:
        return
    again = own_listing(vault, persona, data_class, among=[custodian.address])
    withheld = [
        entry for entry in had if entry.digest not in again.by.get(custodian.address, frozenset())
    ]
    if withheld:
        vault.network.troubles.append(WithheldError(custodian.address, len(withheld)))


def unlisted_errors(listing: Listing) -> list[UnlistedError]:
    """For a reader, who can't tell what a custodian lacks from what it keeps back."""
    return [UnlistedError(who, len(entries)) for who, entries in listing.unlisted().items()]
