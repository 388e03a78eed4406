"""Files of hospitals, clinics and pharmacies."""

from __future__ import annotations

from .._reader import Reader
from . import ccda, claims, dicom, document, fhir_json, fhir_xml, health_card, hl7v2

__all__ = ["READERS"]

READERS: tuple[Reader, ...] = (
    *fhir_json.READERS,
    *fhir_xml.READERS,
    *health_card.READERS,
    *hl7v2.READERS,
    *ccda.READERS,
    *dicom.READERS,
    *document.READERS,
    *claims.READERS,
)
