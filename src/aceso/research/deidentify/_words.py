"""Which strings may stay: codes of closed lists, units, and codes in the shape of their system.

A status, a unit or a code that a source puts a name in is no code, and goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["is_code_of", "is_plain_code", "is_unit"]

# Of the R4 value sets of the elements that are kept as plain codes.
_PLAIN_TEXT: Final = """
registered partial preliminary final amended corrected appended cancelled entered-in-error unknown
preparation in-progress not-done on-hold suspended stopped completed aborted active inactive draft
revoked resolved declined intended not-taken proposal plan order original-order reflex-order
filler-order instance-order option planned arrived triaged onleave finished available unavailable
unsatisfactory allergy intolerance food medication environment biologic low high unable-to-assess
male female other
"""
_PLAIN: Final = frozenset(_PLAIN_TEXT.split())

# The atoms of UCUM that are met in health data, and how people write some of them.
_UNIT_TEXT: Final = """
x e m g L l s h d a t u mo wk min ms us ns kg mg ug mcg ng pg fg dL dl mL ml uL ul nL pL fL fl
mol mmol umol nmol pmol fmol eq meq mEq IU iU mIU uIU U mU kU uU kIU Pa kPa mm Hg mmHg cm km dm um
nm in ft yd mi lb lbs oz av i us pt pint gal kcal cal Cal kJ J W kW V mV uV A mA Hz kHz Cel C F
degF degC K deg rad bpm rpm osm mosm mOsm R mR Gy mGy Sv mSv Bq kat nkat ukat B dB N sec secs second
seconds minute minutes hour hours day days week weeks month months yr yrs year years steps step
count counts score floors beats breaths cells cell copies copy pH T Z z index ratio percent GR UN
TAB tab tablet tablets capsule capsules dose doses puff puffs drop drops unit units fill refills
times Thousand Cells Liter per Minute Centimeters of Water of a H CFU cfu Ehrlich titer log AU RLU
"""
_UNITS: Final = frozenset(_UNIT_TEXT.split())
_UNIT_FORM: Final = re.compile(r"[A-Za-z0-9%/.*^\[\]{}()µμ°·'\"_ +-]{1,40}\Z")
_LETTERS: Final = re.compile(r"[A-Za-zµμ]+")
_LONG_NUMBER: Final = re.compile(r"[0-9]{5}")

_SHAPES: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "loinc.org": re.compile(r"(?:L[AGLPX])?[0-9]{1,7}-[0-9]\Z"),
        "snomed.info/": re.compile(r"[0-9]{6,18}\Z"),
        "www.nlm.nih.gov/research/umls/rxnorm": re.compile(r"[0-9]{1,8}\Z"),
        "hl7.org/fhir/sid/icd-10": re.compile(r"[A-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?\Z"),
        "hl7.org/fhir/sid/cvx": re.compile(r"[0-9]{1,3}\Z"),
        "www.whocc.no/atc": re.compile(r"[A-Z](?:[0-9]{2}(?:[A-Z]{1,2}(?:[0-9]{2})?)?)?\Z"),
        "human-phenotype-ontology.org": re.compile(r"HP:[0-9]{7}\Z"),
        "purl.obolibrary.org/obo/": re.compile(r"[A-Z]{2,12}[:_][0-9]{1,9}\Z"),
        "ncicb.nci.nih.gov/": re.compile(r"C[0-9]{2,7}\Z"),
    }
)
_ANY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_:*^-]{0,63}\Z")


def is_plain_code(text: str) -> bool:
    """Whether it is a code of a value set that R4 binds the kept elements to."""
    return text in _PLAIN


def is_unit(text: str) -> bool:
    """Whether it is made of units that we know, and so of nobody's name or number."""
    if not _UNIT_FORM.match(text) or _LONG_NUMBER.search(text):
        return False
    return all(
        word in _UNITS for word in _LETTERS.findall(text.replace("µ", "u").replace("μ", "u"))
    )


def is_code_of(system: str, code: str) -> bool:
    """Whether it has the shape of the codes of this published system."""
    name = re.sub(r"https?://", "", system, count=1)
    if name.startswith("unitsofmeasure.org"):
        return is_unit(code)
    for begins, shape in _SHAPES.items():
        if name.startswith(begins):
            return shape.match(code) is not None
    return _ANY.match(code) is not None
