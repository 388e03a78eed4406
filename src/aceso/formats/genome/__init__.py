"""Files of DNA laboratories."""

from __future__ import annotations

from .._reader import Reader
from . import array, bcf, others, phenopacket, vcf, vrs

__all__ = ["READERS"]

READERS: tuple[Reader, ...] = (
    *vcf.READERS,
    *bcf.READERS,
    *array.READERS,
    *others.READERS,
    *phenopacket.READERS,
    *vrs.READERS,
)
