"""What a researcher does: get coin, buy time-boxed access, open the extract, and nothing else.

    researcher = Researcher(network, profile)
    researcher.buy_coin(wei=10**16)
    order = researcher.buy(offer)
    researcher.open(order, Path("extract.json"))
    researcher.download(order, Path("extract"))         # standard files: NDJSON, VCF, certificate

Each order has a receiving key of its own, derived from the researcher's seed. Its public half lies
on IPFS under the digest that the purchase names. What opens is the extract that the seller made for
this order, as long as the order lasts and the consent holds. Its certificate is checked before
anything of it is kept: by whom it was made, and that it is of this order and these files; and where
a study asks for it, that its origin is shown.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from aceso.chain import Decision, Receipt, Request, grantee_of_group
from aceso.codes import DataClass, Use
from aceso.custody import Inquiry
from aceso.errors import IntegrityError, UsageError
from aceso.ethereum import NOBODY, keccak
from aceso.research import Package, Patient
from aceso.storage import cid_digest
from aceso.vault import (
    CERTIFICATE_FIELD,
    Certificate,
    ListEntry,
    OpeningError,
    PrivateKey,
    RecordKey,
    SignedCertificate,
)
from aceso.vault.hpke import PRIVATE_KEY_BYTES

from .certifying import check_certificate
from .issuer import Holder
from .network import said
from .orders import MARKET, STUDIES, UNIONS, Sale, find_sale, private_key, receiving_key
from .origins import check_origin
from .records import read_envelope, write_contents

__all__ = ["Downloaded", "Purchase", "Researcher"]


@dataclass(frozen=True, slots=True)
class Purchase:
    """What was bought."""

    order: int
    offer: int
    price: int
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class Downloaded:
    """An extract in standard files, with a certificate that was checked."""

    folder: Path
    files: tuple[str, ...]
    certificate: Certificate
    # Whose patient its subject is shown to be, where the order asks where data are from.
    patients: frozenset[Patient] = field(default_factory=frozenset, repr=False)


@dataclass(frozen=True, slots=True)
class _Extract:
    """What was opened, after all was checked."""

    package: Package
    signed: SignedCertificate
    patients: frozenset[Patient]


class Researcher(Holder):
    """A researcher with an account of their own, which pays for itself."""

    def buy_coin(self, *, wei: int) -> Receipt:
        """Buy coin at the sale's rate."""
        return self.network.sender(self.account).send(self.network.suite.sale.buy(wei))

    def balance(self) -> int:
        """Coin in base units."""
        return self.network.suite.coin.balance_of(self.account.address)

    def may_buy(self, offer: int) -> Decision:
        """What `decide` says before the purchase: a member of the offer only the buyer becomes."""
        return self.network.suite.decide(self._request(offer))

    def buy(self, offer: int) -> Purchase:
        """Buy an offer: locks its price, asks consent, and names a fresh receiving key."""
        suite = self.network.suite
        terms = suite.market.get_offer(offer)
        order, exists = suite.market.order_of(offer, self.account.address)
        if exists:
            # The next purchase of the same offer takes the place of the last.
            order += 1
        public = self.fresh_key(order).public_key.to_bytes()
        digest = cid_digest(self.network.ipfs.add(public))
        receipts = self.allow(suite.addresses[MARKET], terms.price)
        bought = self.network.sender(self.account).send(suite.market.buy(offer, digest))
        number = int(said(bought, "OrderBought")["order"])
        return Purchase(number, offer, terms.price, (*receipts, bought))

    def open(self, order: int, target: Path) -> Certificate:
        """Open the extract of an order into `target`, a package with its certificate."""
        with tempfile.TemporaryDirectory(dir=self.profile.folder) as folder:
            opened = Path(folder, "extract")
            sale = find_sale(self.network, order, delivered=True)
            extract = self._opened(sale, opened)
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(target, opened.read_bytes())
        return extract.signed.certificate

    def download(self, order: int, folder: Path) -> Downloaded:
        """Write the extract of an order as standard files into a new `folder`: FHIR as NDJSON by
        resource type, genomes as VCF, the certificate and what was removed as JSON."""
        return self.download_sale(find_sale(self.network, order, delivered=True), folder)

    def download_sale(self, sale: Sale, folder: Path) -> Downloaded:
        """As `download`, of an order that was looked up, or of a member's part of one."""
        _check_new(folder)
        with tempfile.TemporaryDirectory(dir=self.profile.folder) as place:
            extract = self._opened(sale, Path(place, "extract"))
        package, signed = extract.package, extract.signed
        files = dict(package.files)
        domain = dict(sale.domain(self.network))
        files["certificate.json"] = _text({**signed.to_json(), "domain": domain})
        files["about.json"] = _text(dict(package.about))
        folder.mkdir(mode=0o700, parents=True)
        for name, data in files.items():
            _write(folder / name, data)
        return Downloaded(folder, tuple(files), signed.certificate, extract.patients)

    def asking(self, sale: Sale) -> Inquiry:
        """The arguments of `Committee.order_entry` and `open_key` that say who asks for what."""
        if sale.desk == UNIONS and sale.subject == NOBODY:
            raise UsageError(
                f"Order {sale.order} is of {sale.name}, in parts of its members. Download them "
                f"with `aceso union download {sale.order}`.",
                code="E_ORDER_OF_UNION",
                details={"order": str(sale.order)},
            )
        return {
            "actor": self.account,
            "subject": sale.subject,
            "grantee": sale.grantee(self.network),
            "use": sale.use,
            "data_class": sale.classes,
            "proof": sale.proof,
        }

    def _opened(self, sale: Sale, target: Path) -> _Extract:
        committee, asked = self.network.committee, self.asking(sale)
        entry = committee.order_entry(sale.order, capsule=sale.capsule or b"", **asked)
        private = self.order_key(sale)
        key = committee.open_key(entry, receiving_key=private, reader_key=private, **asked)
        write_contents(self.network, entry, key, target)
        package = Package.read(target.read_bytes())
        signed = check_certificate(
            self.network, sale, package, record_id=entry.record_id, subject=sale.subject
        )
        patients = check_origin(self.network, sale, package)
        if not _shows(entry, key, signed.digest(sale.domain(self.network))):
            self.network.troubles.append(
                IntegrityError(
                    f"The extract of order {sale.order} is whole and certified. What lies beside "
                    "it doesn't show that the certificate is in the record that was attested: you "
                    "can't prove that to others.",
                    code="E_EXTRACT_NOT_SHOWN",
                    details={"order": str(sale.order)},
                )
            )
        return _Extract(package, signed, patients)

    def settle(self, order: int) -> Receipt:
        """Pay an order out, of whichever desk; anybody may."""
        desk = find_sale(self.network, order).contract(self.network)
        return self.network.sender(self.account).send(desk.settle(order))

    def order_key(self, sale: Sale) -> PrivateKey:
        """The receiving key of one order."""
        if sale.desk != STUDIES:
            return self.fresh_key(sale.order)
        keys = self.profile.seed.keys(self.network.suite.chain_id)
        return private_key(keys, receiving_key(self.network, sale).salt, sale.place)

    def fresh_key(self, order: int) -> PrivateKey:
        """The key of an order that is named with the purchase."""
        keys = self.profile.seed.keys(self.network.suite.chain_id)
        return PrivateKey(keys.derive(f"order-key/{order:x}", PRIVATE_KEY_BYTES))

    def _request(self, offer: int) -> Request:
        terms = self.network.suite.market.get_offer(offer)
        return Request(
            subject=terms.subject,
            actor=self.account.address,
            grantee=grantee_of_group(offer, self.network.suite.addresses[MARKET]),
            use=Use(terms.use),
            classes=DataClass(terms.classes),
            disease=terms.disease,
        )


def _shows(entry: ListEntry, key: RecordKey, hashed: bytes) -> bool:
    """Whether the envelope shows that the certificate of this digest is a field of the record. The
    committee attests the record, and nobody attests the envelope: a spoilt one spoils no extract
    that opens, as no panel could say who spoilt it."""
    try:
        envelope = read_envelope(entry, key)
    except OpeningError:
        return False
    return envelope.hashes.get(CERTIFICATE_FIELD) == keccak(hashed)


def _check_new(folder: Path) -> None:
    if folder.exists():
        raise UsageError(
            f"{folder} is there already. Name a folder that is not.", code="E_FOLDER_EXISTS"
        )


def _text(document: dict[str, object]) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def _write(path: Path, data: bytes) -> None:
    """Write a file that is its owner's alone, in one step."""
    whole = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        whole.replace(path)
    finally:
        whole.unlink(missing_ok=True)
