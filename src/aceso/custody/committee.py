"""Several custodians as one: any m of n will do, and whoever lies is named.

    committee = Committee(custodians, 2, suite)
    committee.open_list(opening)
    committee.post(entry, list_key=list_key, signer=account, issuer=issuer)
    found = committee.listing(actor=doctor, subject=…, grantee=…, use=…, data_class=…)
    key = committee.open_key(found.entries[0], actor=doctor, …)

A quarter more than are needed are asked first; when one fails or is slow, the rest are asked at
once. A share is signed by its custodian, and checked against its commitment: a false one is left
out, and the `ProvenFalseShareError` that names its custodian is kept in `complaints` with the
proof, whether or not the opening succeeds without it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount

from aceso.chain import Part
from aceso.codes import DataClass
from aceso.storage import ShownItem
from aceso.vault import (
    KeyBinding,
    ListEntry,
    PartList,
    PrivateKey,
    PublicKey,
    ShownCertificate,
    SignedHead,
    SignedOpening,
    seal_class_key,
    sealed_key_digest,
)

from ._asking import Posted
from ._deposit_asking import DepositAsking
from ._reading import VALID_SECONDS, Inquiry
from ._typed import address, sign
from .client import (
    Custodian,
    DeletionReceipt,
    Delivery,
    SealedKey,
    SignedRequest,
)
from .client import post_message as _post_message
from .errors import RequestRefusedError
from .parts import Held, Parts, leaf_of

__all__ = ["Attestation", "Committee", "Division", "Inquiry", "Posted", "newest_of"]

_UNIONS = "Unions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What `DataMarket.deliver` takes: signatures in the order of the committee's members, and a
    bit for the place of each in `signers`."""

    order: int
    leaf: bytes
    receiving_key: bytes
    capsule: bytes
    members: tuple[str, ...]
    threshold: int
    signers: int
    signatures: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Division:
    """What the members of a union delivered for an order, and the committee's word for it."""

    parts: PartList
    attestation: Attestation


def _agreed(
    done: Mapping[str, tuple[PartList, Delivery]], threshold: int
) -> tuple[PartList, dict[str, Delivery]] | None:
    """The list that enough custodians signed, the longest if there are several."""
    by_list: dict[bytes, dict[str, Delivery]] = {}
    lists = {}
    for who, (parts, delivery) in done.items():
        by_list.setdefault(delivery.capsule, {})[who] = delivery
        lists[delivery.capsule] = parts
    enough = [(lists[one], signed) for one, signed in by_list.items() if len(signed) >= threshold]
    return max(enough, key=lambda one: len(one[0]), default=None)


def newest_of(heads: Iterable[SignedHead | None]) -> SignedHead | None:
    """The highest of some heads, or None; of two with one version every reader takes the same."""
    there = [signed for signed in heads if signed is not None]
    return max(there, key=lambda one: (one.head.version, one.head.cid), default=None)


class Committee(DepositAsking):
    """The custodians of a record or a list, any `threshold` of whom are enough."""

    # --- What a person or an issuer does --------------------------------------------------------

    def open_list(self, opening: SignedOpening, *, needed: int | None = None) -> Posted:
        """Open a list at its custodians; `needed`, or its threshold, must take it."""
        terms = opening.opening
        return self._all_or_enough(
            lambda one: one.open_list(opening),
            among=[address(one) for one in terms.custodians],
            needed=terms.threshold if needed is None else needed,
        )[1]

    def post(self, entry: ListEntry, *, list_key: str, signer: LocalAccount, issuer: str) -> Posted:
        """Post a record at the custodians of its capsule; `threshold` must take it. The list key
        or the issuer signs."""
        signature = self.sign_post(entry, list_key=list_key, signer=signer, issuer=issuer)

        def post(one: Custodian) -> bool:
            return one.post(entry, list_key=list_key, issuer=issuer, signature=signature)

        capsule = entry.capsule
        return self._all_or_enough(post, among=capsule.custodians, needed=capsule.threshold)[1]

    def sign_post(
        self, entry: ListEntry, *, list_key: str, signer: LocalAccount, issuer: str
    ) -> bytes:
        """The signature of a `ListPost`."""
        message = _post_message(entry, list_key=list_key, issuer=issuer)
        return sign(signer, "ListPost", message, self._domain)

    def leave_keys(
        self,
        list_key: LocalAccount,
        persona: str,
        grantee: bytes,
        data_class: DataClass | int,
        epoch: int,
        class_key: PrivateKey,
        to: PublicKey,
    ) -> Posted:
        """Seal a class key to a grantee's published key, and leave it at all."""
        key = self.seal_key(list_key, persona, grantee, data_class, epoch, class_key, to)
        return self._all_or_enough(lambda one: one.leave_keys(key))[1]

    def pass_key(
        self, guardian: LocalAccount, binding: KeyBinding, class_key: PrivateKey, to: PublicKey
    ) -> Posted:
        """As `leave_keys`, by a guardian, for somebody in the guardian's group."""
        key = self._seal_key(guardian, binding, class_key, to)
        return self._all_or_enough(lambda one: one.leave_keys(key))[1]

    def seal_key(
        self,
        list_key: LocalAccount,
        persona: str,
        grantee: bytes,
        data_class: DataClass | int,
        epoch: int,
        class_key: PrivateKey,
        to: PublicKey,
    ) -> SealedKey:
        """A class key, sealed to a grantee's published key and signed by the list key."""
        binding = KeyBinding(
            chain_id=self.suite.chain_id,
            list_key=list_key.address,
            persona=persona,
            grantee=grantee,
            data_class=int(data_class),
            epoch=epoch,
        )
        return self._seal_key(list_key, binding, class_key, to)

    def _seal_key(
        self, signer: LocalAccount, binding: KeyBinding, class_key: PrivateKey, to: PublicKey
    ) -> SealedKey:
        sealed = seal_class_key(class_key, to=to, binding=binding)
        message = {
            "listKey": address(binding.list_key),
            "persona": address(binding.persona),
            "grantee": binding.grantee,
            "dataClass": binding.data_class,
            "epoch": binding.epoch,
            "receivingKey": to.digest,
            "sealedKey": sealed_key_digest(sealed),
        }
        return SealedKey(
            list_key=address(binding.list_key),
            persona=address(binding.persona),
            grantee=binding.grantee,
            data_class=binding.data_class,
            epoch=binding.epoch,
            receiving_key=to.digest,
            sealed=sealed,
            signature=sign(signer, "SealedKeys", message, self._domain),
        )

    def put_head(self, signed: SignedHead) -> Posted:
        """Leave the newest head of the vault's index at all."""
        return self._all_or_enough(lambda one: one.put_head(signed))[1]

    def heads(self, head_key: str) -> dict[str, SignedHead | None]:
        """The head that each custodian which answers keeps, None where it keeps none that is signed
        by its key. One answer is enough."""
        done, failed = self._ask_all(lambda one: one.get_head(head_key), needed=1)
        self._enough(len(done), failed, 1, len(self.custodians))
        registry = self._domain["verifyingContract"]
        return {
            who: signed
            if signed and signed.is_by(head_key, chain_id=self.suite.chain_id, registry=registry)
            else None
            for who, signed in done.items()
        }

    def newest_head(self, head_key: str) -> SignedHead | None:
        """The highest of the heads that the custodians keep, or None."""
        return newest_of(self.heads(head_key).values())

    def withdraw(
        self, subject: str, grantee: bytes, signature: bytes, *, count: int | None = None
    ) -> Posted:
        """Show a signed withdrawal to all: one that takes it is a success. `count` is the one that
        was signed; without it, the chain's own."""
        if count is None:
            count = self.suite.standing(subject, grantee, subject).grant.withdrawals
        message = {"subject": address(subject), "grantee": grantee, "withdrawals": count}
        return self.show_withdrawal("Withdrawal", message, signature)

    def withdraw_all(self, subject: str, signature: bytes, *, epoch: int | None = None) -> Posted:
        """Show a signed withdrawal of everything to all."""
        if epoch is None:
            epoch = self.suite.standing(subject, bytes(32), subject).head.epoch
        message = {"subject": address(subject), "epoch": epoch}
        return self.show_withdrawal("WithdrawalOfAll", message, signature)

    def bar(
        self, subject: str, actor: str, signature: bytes, *, count: int | None = None
    ) -> Posted:
        """Show a signed bar to all."""
        if count is None:
            count = self.suite.standing(subject, bytes(32), actor).actor_grant.bar_number
        message = {"subject": address(subject), "actor": address(actor), "bars": count}
        return self.show_withdrawal("Bar", message, signature)

    def show_withdrawal(self, kind: str, message: Mapping[str, Any], signature: bytes) -> Posted:
        """Show any of the three to all; `aceso.chain.SignedAct` has all three arguments."""
        done, failed = self._ask_all(lambda one: one.withdraw(kind, message, signature))
        self._enough(len(done), failed, 1, len(self.custodians))
        return Posted(tuple(sorted(done)), failed)

    def delete(
        self, list_key: LocalAccount, record_id: bytes, *, among: Collection[str] | None = None
    ) -> list[DeletionReceipt]:
        """Have the capsule deleted everywhere, or at these; the receipts of those who did."""
        message = {"listKey": list_key.address, "recordId": record_id}
        signature = sign(list_key, "Deletion", message, self._domain)
        done, failed = self._ask_all(
            lambda one: one.delete(
                list_key=list_key.address,
                record_id=record_id,
                signature=signature,
                domain=self._domain,
            ),
            among=among,
        )
        self._enough(len(done), failed, 1, len(done) + len(failed))
        return list(done.values())

    def deposit_extract(
        self,
        order: int,
        entry: ListEntry,
        maker: LocalAccount,
        *,
        leaf: bytes,
        certificate: ShownCertificate,
        subject: str | None = None,
        desk: str = "DataMarket",
        keys: ShownItem | None = None,
    ) -> Attestation:
        """Deposit the extract of an order of `desk`, whose record's leaf is `leaf`, and gather
        attestations. `subject` is the order's where `maker` is a data station; `keys` shows which
        receiving key of a study is the order's."""
        message = {
            "desk": self.suite.addresses[desk],
            "order": order,
            "subject": subject or maker.address,
            "recordId": entry.record_id,
            "entry": entry.digest,
            "extract": leaf,
            "capsule": entry.capsule.digest,
        }
        request = SignedRequest.sign(maker, "ExtractDeposit", message, self._domain)
        domain = self.suite.domain(desk)
        done, _ = self._all_or_enough(
            lambda one: one.deposit_extract(
                request,
                entry,
                certificate,
                desk_domain=domain,
                keys=keys,
                is_part=desk == _UNIONS,
            )
        )
        return self._attestation(entry.capsule.custodians, entry.capsule.threshold, done)

    def confirm_part(self, order: int, member: str, attestation: Attestation) -> Posted:
        """Show every custodian that enough of them hold a part. One that takes it is enough: it is
        passed on when the order is divided."""
        held = Held(
            leaf_of(Part(address(member), attestation.leaf, attestation.capsule)),
            attestation.members,
            attestation.threshold,
            attestation.signers,
            attestation.signatures,
        )
        return self._all_or_enough(lambda one: one.confirm(order, held), needed=1)[1]

    def divide(self, order: int, members: Sequence[str], threshold: int) -> Division:
        """What the members of a union delivered, attested by enough of the committee of the order,
        whose `members` are in their order on chain."""
        domain = self.suite.domain(_UNIONS)

        def ask() -> tuple[PartList, dict[str, Delivery]] | None:
            done, failed = self._ask_all(
                lambda one: one.divide(order, desk_domain=domain), among=members, patience=4.0
            )
            refused = [one for one in failed.values() if isinstance(one, RequestRefusedError)]
            if len(done) < threshold and refused:
                raise refused[0]
            self._enough(len(done), failed, threshold, len(members))
            return _agreed(done, threshold)

        agreed = ask()
        if agreed is None:
            self._pass_on(order, members)
            agreed = ask()
        if agreed is None:
            raise RequestRefusedError(
                f"The custodians hold different parts of order {order}. While parts are taken, "
                "have those who delivered do it once more. In the last eighth of the delivery "
                "period it is divided among the parts that enough custodians signed for.",
                code="E_UNION_PARTS_DIFFER",
                status=409,
                custodian=", ".join(sorted(members)),
            )
        parts, signed = agreed
        return Division(parts, self._attestation(members, threshold, signed))

    def _pass_on(self, order: int, members: Sequence[str]) -> None:
        """What one custodian was shown of parts that enough hold, show the others."""
        told, _ = self._ask_all(lambda one: one.held(order), among=members, needed=1)
        known = {one.part: one for held in told.values() for one in held}

        def pass_on(one: Custodian) -> None:
            there = {held.part for held in told.get(one.address, ())}
            for part in sorted(known.keys() - there):
                one.confirm(order, known[part])

        self._ask_all(pass_on, among=members, needed=1, patience=4.0)

    def lists(self, order: int) -> list[PartList]:
        """Every list of a union's order that any of the custodians attested."""
        done, failed = self._ask_all(lambda one: one.lists(order), needed=1)
        self._enough(len(done), failed, 1, len(self.custodians))
        return [one for told in done.values() for one in told]

    def parts(self, order: int, reader: LocalAccount) -> list[Part]:
        """The parts that custodians hold of a union's order, for its buyer, or for a member their
        own. What one of them alone tells counts: which were delivered is for the published list."""
        now = self.suite.now()

        def ask(one: Custodian) -> Parts:
            message = {
                "order": order,
                "reader": reader.address,
                "custodian": one.address,
                "nonce": os.urandom(32),
                "deadline": now + VALID_SECONDS,
            }
            return one.parts(
                order, SignedRequest.sign(reader, "PartsRequest", message, self._domain)
            )

        done, failed = self._ask_all(ask, needed=1)
        self._enough(len(done), failed, 1, len(self.custodians))
        return [part for told in done.values() for part in told]

    def _attestation(
        self, members: Sequence[str], threshold: int, done: dict[str, Delivery]
    ) -> Attestation:
        # The buyer's key is read from the chain by each; whoever differs is left out.
        keys = [delivery.receiving_key for delivery in done.values()]
        agreed = max(keys, key=keys.count)
        signed = {
            place: done[member].signature
            for place, member in enumerate(members)
            if member in done and done[member].receiving_key == agreed
        }
        self._enough(len(signed), {}, threshold, len(members))
        first = next(iter(done.values()))
        return Attestation(
            order=first.order,
            leaf=first.extract,
            receiving_key=agreed,
            capsule=first.capsule,
            members=tuple(members),
            threshold=threshold,
            signers=sum(1 << place for place in signed),
            signatures=tuple(signed[place] for place in sorted(signed)),
        )
