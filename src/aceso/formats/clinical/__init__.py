"""Files of hospitals, clinics and pharmacies."""

from __future__ import annotations

from .._reader import Reader
from . import fhir, fhir_xml

__all__ = ["READERS"]

READERS: tuple[Reader, ...] = (*fhir.READERS, *fhir_xml.READERS)
