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
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from aceso.chain import Suite, parse_grantee
from aceso.codes import DataClass, Use
from aceso.errors import AcesoError
from aceso.storage import ShownItem
from aceso.vault import (
    CardError,
    Deposit,
    FalseShareError,
    KeyBinding,
    ListEntry,
    OpeningError,
    PrivateKey,
    PublicKey,
    RecordKey,
    ShownCertificate,
    SignedHead,
    SignedOpening,
    VerifiedShare,
    join,
    join_deposits,
    open_release,
    open_released,
    seal_class_key,
    sealed_key_digest,
)

from ._asking import Posted
from ._bundles import Bundling
from ._typed import Domain, address, digest, recover, sign
from .client import (
    Custodian,
    DeletionReceipt,
    Delivery,
    Listing,
    SealedKey,
    SignedRequest,
    deposit_message,
)
from .client import post_message as _post_message
from .errors import CustodianDownError, TooFewCustodiansError
from .proof import FalseShareProof, ProvenFalseShareError, Release

__all__ = ["Attestation", "Committee", "Posted", "newest_of"]

_VALID_SECONDS: Final = 300


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


def newest_of(heads: Iterable[SignedHead | None]) -> SignedHead | None:
    """The highest of some heads, or None; of two with one version every reader takes the same."""
    there = [signed for signed in heads if signed is not None]
    return max(there, key=lambda one: (one.head.version, one.head.cid), default=None)


class Committee(Bundling):
    """The custodians of a record or a list, any `threshold` of whom are enough."""

    def __init__(self, custodians: Sequence[Custodian], threshold: int, suite: Suite):
        super().__init__(custodians, threshold)
        self.suite = suite
        self.complaints: list[FalseShareError] = []
        self._domain: Domain = suite.domain("ConsentRegistry")

    def _is_complaint(self, error: AcesoError) -> None:
        if isinstance(error, FalseShareError):
            self.complaints.append(error)

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

    def leave_recovery(self, persona: LocalAccount, deposits: Sequence[Deposit]) -> Posted:
        """Leave each custodian its part of a sealed seed; `threshold` must take it."""
        parts = dict(zip(deposits[0].custodians, deposits, strict=True))

        def leave(one: Custodian) -> None:
            deposit = parts[one.address]
            message = deposit_message(deposit, one.address)
            one.leave_recovery(deposit, sign(persona, "RecoveryDeposit", message, self._domain))

        return self._all_or_enough(leave)[1]

    def recover(
        self, requester: LocalAccount, persona: str, receiving_key: PrivateKey
    ) -> tuple[bytes, int]:
        """What a person left sealed, joined from as many custodians as it takes, and its version.
        A custodian whose part is false is complained of and done without."""

        def ask(one: Custodian) -> Deposit:
            request = SignedRequest.sign(
                requester,
                "RecoveryRequest",
                {
                    "persona": address(persona),
                    "requester": requester.address,
                    "receivingKey": receiving_key.public_key.to_bytes(),
                    "custodian": one.address,
                    "nonce": os.urandom(32),
                    "deadline": self.suite.now() + _VALID_SECONDS,
                },
                self._domain,
            )
            sealed = one.release_recovery(request)
            deposit = open_release(
                sealed, receiving_key, custodian=one.address, request=request.digest
            )
            if deposit.persona != address(persona) or deposit.chain_id != self.suite.chain_id:
                raise FalseShareError(one.address, "it is of another persona or chain")
            return deposit

        done, failed = self._ask_all(ask)
        self.complaints += [one for one in failed.values() if isinstance(one, FalseShareError)]
        # The newest version that enough of them hold.
        by_head: dict[bytes, list[Deposit]] = {}
        for deposit in done.values():
            by_head.setdefault(deposit.head(), []).append(deposit)
        whole = [one for one in by_head.values() if len(one) >= one[0].threshold]
        if not whole:
            self._enough(len(done), failed, self.threshold, len(self.custodians))
            raise TooFewCustodiansError(
                len(done), self.threshold, len(self.custodians), sorted(failed), []
            )
        newest = max(whole, key=lambda one: one[0].version)
        return join_deposits(newest), newest[0].version

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
                request, entry, certificate, desk_domain=domain, keys=keys
            )
        )
        return self._attestation(entry, done)

    def _attestation(self, entry: ListEntry, done: dict[str, Delivery]) -> Attestation:
        members = entry.capsule.custodians
        # The buyer's key is read from the chain by each; whoever differs is left out.
        keys = [delivery.receiving_key for delivery in done.values()]
        agreed = max(keys, key=keys.count)
        signed = {
            place: done[member].signature
            for place, member in enumerate(members)
            if member in done and done[member].receiving_key == agreed
        }
        self._enough(len(signed), {}, entry.capsule.threshold, len(members))
        first = next(iter(done.values()))
        return Attestation(
            order=first.order,
            leaf=first.extract,
            receiving_key=agreed,
            capsule=entry.capsule.digest,
            members=members,
            threshold=entry.capsule.threshold,
            signers=sum(1 << place for place in signed),
            signatures=tuple(signed[place] for place in sorted(signed)),
        )

    # --- What a grantee does --------------------------------------------------------------------

    def _request(
        self,
        kind: str,
        one: Custodian,
        actor: LocalAccount,
        now: int,
        values: dict[str, Any],
    ) -> SignedRequest:
        message = values | {
            "actor": actor.address,
            "custodian": one.address,
            "nonce": os.urandom(32),
            "deadline": now + _VALID_SECONDS,
        }
        return SignedRequest.sign(actor, kind, message, self._domain)

    def listing(
        self,
        *,
        actor: LocalAccount,
        subject: str,
        grantee: bytes,
        use: Use | int,
        data_class: DataClass | int,
        needed: int | None = None,
        among: Sequence[str] | None = None,
    ) -> Listing:
        """The union of what the custodians list; at least `needed`, or `threshold`, must answer.
        Entries that a custodian should list and does not are in `Listing.unlisted`."""
        needed = self.threshold if needed is None else needed
        now = self.suite.now()
        values = {
            "subject": address(subject),
            "grantee": grantee,
            "use": int(use),
            "dataClass": int(data_class),
        }

        def ask(one: Custodian) -> Listing:
            def request() -> SignedRequest:
                return self._request("ListRequest", one, actor, now, values)

            return one.list(request(), again=request, seconds=one.deadline)

        done, failed = self._ask_all(ask, needed=needed, among=among)
        self._enough(len(done), failed, needed, len(self.custodians))
        return self._union(done, failed, address(subject))

    def _union(
        self, by: Mapping[str, Listing], failed: Mapping[str, AcesoError], subject: str
    ) -> Listing:
        listings = by.values()
        entries: dict[bytes, ListEntry] = {}
        keys: dict[tuple[object, ...], SealedKey] = {}
        openings: dict[str, SignedOpening] = {}
        for listing in listings:
            for opening in listing.openings:
                if self._is_ours(opening, subject):
                    openings.setdefault(address(opening.opening.list_key), opening)
        for listing in listings:
            for entry in listing.entries:
                entries.setdefault(entry.digest, entry)
            for key in listing.sealed_keys:
                # Only what the list key of this persona's own list has signed, or the guardian
                # whose group it is for.
                if key.list_key in openings and self._is_left(key):
                    keys.setdefault((key.list_key, key.receiving_key, key.epoch), key)
        return Listing(
            tuple(entries.values()),
            tuple(keys.values()),
            tuple(openings.values()),
            {one: frozenset(entry.digest for entry in said.entries) for one, said in by.items()},
            failed,
        )

    def _is_left(self, key: SealedKey) -> bool:
        signer = recover(digest("SealedKeys", key.message(), self._domain), key.signature)
        if signer == key.list_key:
            return True
        group = parse_grantee(key.grantee)
        guardianship = self.suite.addresses["Guardianship"]
        return group.address == guardianship and group.number == int(signer or "0", 16) % (1 << 96)

    def _is_ours(self, opening: SignedOpening, subject: str) -> bool:
        if address(opening.opening.persona) != subject:
            return False
        if address(opening.opening.registry) != address(self._domain["verifyingContract"]):
            return False
        try:
            opening.check(self.suite.chain_id)
        except CardError:
            # A persona that is a contract wallet signs as the chain says; its list key does not.
            return address(opening.opening.list_key) == recover(
                opening.opening.digest(self.suite.chain_id), opening.list_signature
            )
        return True

    def open_key(
        self,
        entry: ListEntry,
        *,
        actor: LocalAccount,
        subject: str,
        grantee: bytes,
        use: Use | int,
        data_class: DataClass | int,
        receiving_key: PrivateKey,
        reader_key: PrivateKey,
    ) -> RecordKey:
        """The key of one record: m checked shares, joined with the class key (or, for an extract,
        the buyer's own key)."""
        capsule = entry.capsule
        needed = capsule.threshold
        members = [one for one in self.custodians if one.address in capsule.custodians]
        if not members:
            raise OpeningError("None of these custodians holds a share of this record.")
        release = self._releasing(
            entry, actor, subject, grantee, int(use), int(data_class), receiving_key
        )

        def ask(one: Custodian) -> VerifiedShare:
            request, given = release(one)
            try:
                return open_released(
                    capsule, one.address, given.sealed, receiving_key, request=request.digest
                )
            except FalseShareError as error:
                proof = FalseShareProof(
                    custodian=one.address, request=request.message, capsule=capsule, release=given
                )
                raise ProvenFalseShareError(error, proof) from error

        done, failed = self._ask_enough(ask, members, needed)
        self.complaints += [
            error for error in failed.values() if isinstance(error, FalseShareError)
        ]
        self._enough(len(done), failed, needed, len(capsule.custodians))
        return join(capsule, done.values(), reader_key)

    def released(
        self,
        entry: ListEntry,
        *,
        actor: LocalAccount,
        subject: str,
        grantee: bytes,
        use: Use | int,
        data_class: DataClass | int,
        receiving_key: PrivateKey,
    ) -> tuple[dict[str, tuple[bytes, bytes]], dict[str, AcesoError]]:
        """What each custodian of a record released, as it came: the digest of the request and the
        sealed share, unchecked; and why the others released nothing."""
        release = self._releasing(
            entry, actor, subject, grantee, int(use), int(data_class), receiving_key
        )

        def ask(one: Custodian) -> tuple[bytes, bytes]:
            request, given = release(one)
            return request.digest, given.sealed

        return self._ask_all(ask, among=entry.capsule.custodians)

    def _releasing(
        self,
        entry: ListEntry,
        actor: LocalAccount,
        subject: str,
        grantee: bytes,
        use: int,
        data_class: int,
        receiving_key: PrivateKey,
    ) -> Callable[[Custodian], tuple[SignedRequest, Release]]:
        """How a custodian is asked for its share: gives the request, and what came, once it is told
        that the custodian signed it."""
        now = self.suite.now()
        values = {
            "subject": address(subject),
            "grantee": grantee,
            "use": use,
            "dataClass": data_class,
            "recordId": entry.record_id,
            "receivingKey": receiving_key.public_key.to_bytes(),
        }

        capsule = entry.capsule.digest

        def release(one: Custodian) -> tuple[SignedRequest, Release]:
            request = self._request("ReleaseRequest", one, actor, now, values)
            given = one.release(request, capsule=capsule)
            given.check(one.address, request=request.digest, capsule=capsule, domain=self._domain)
            return request, given

        return release

    def order_entry(
        self,
        order: int,
        *,
        actor: LocalAccount,
        subject: str,
        grantee: bytes,
        use: Use | int,
        data_class: DataClass | int,
        capsule: bytes,
    ) -> ListEntry:
        """The entry of an order's extract, for its buyer. `capsule` is the digest that the order's
        delivery names on chain. One custodian is enough: whoever has another capsule is passed
        over, and the next is asked."""
        now = self.suite.now()
        values = {
            "subject": address(subject),
            "grantee": grantee,
            "use": int(use),
            "dataClass": int(data_class),
        }

        def ask(one: Custodian) -> ListEntry:
            entry = one.order_entry(order, self._request("ListRequest", one, actor, now, values))
            if entry.capsule.digest != capsule:
                raise CustodianDownError(
                    one.address, f"has another extract for order {order} than the one delivered"
                )
            return entry

        done, failed = self._ask_enough(ask, self.custodians, 1)
        self._enough(len(done), failed, 1, len(self.custodians))
        return next(iter(done.values()))
