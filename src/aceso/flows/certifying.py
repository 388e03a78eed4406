"""Whether an extract that opened is certified for its order, by whoever may certify it.

The buyer's client asks it before a file is written, and a panel when it opens a case again, so that
both find the same. All of it lies in the sealed package, whose capsule the committee attested.
"""

from __future__ import annotations

from aceso.chain import is_signed
from aceso.codes import Role
from aceso.errors import IntegrityError
from aceso.research import Package
from aceso.vault import SignedCertificate

from .network import Network
from .orders import Sale

__all__ = ["check_certificate"]


def check_certificate(
    network: Network, sale: Sale, package: Package, *, record_id: bytes, subject: str
) -> SignedCertificate:
    """The certificate of a package: of these files, of this order, record and subject; signed by
    its maker, who is the subject or was an accredited station at the delivery. Else an
    `IntegrityError`."""
    suite, certificate, signed = network.suite, package.check(), package.signed
    assert signed is not None  # noqa: S101 - `check` refuses a package without one
    maker, at = certificate.maker, min(sale.delivered_at or suite.now(), suite.now())
    found = (certificate.order, certificate.record_id, certificate.subject)
    if (
        found != (sale.order, record_id, subject)
        or (maker != subject and not suite.participants.had_roles(maker, Role.STATION, at))
        or not is_signed(
            suite,
            maker,
            "ExtractCertificate",
            certificate.message(),
            sale.domain(network),
            signed.signature,
        )
    ):
        raise IntegrityError(
            "The certificate of this extract is not one for this order by whoever may make it. "
            "Don't use the extract; ask for another.",
            code="E_EXTRACT_CERTIFICATE",
            details={"order": str(sale.order)},
        )
    return signed
