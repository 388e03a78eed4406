"""Which strings and numbers may stay: codes of closed lists, units, codes in the shape of their
system, and numbers that may be measurements.

A status, a unit or a code that a source puts a name in is no code, and goes. So does a number with
the digits of an identifier, an instant or a day. Codes of LOINC and SNOMED CT have their check
digits; of HL7's own code systems a list is kept here (hl7_codes.toml).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

from aceso.formats._classify import load
from aceso.formats.check_digits import is_kd_code, is_loinc, is_snomed_concept

__all__ = ["is_code_of", "is_measure", "is_plain_code", "is_unit"]

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
# Powers of ten, and what something is counted by, are units without a letter.
_NUMBER_UNIT: Final = re.compile(r"[x/]?10{0,3}(?:[*^]-?[0-9]{1,2})?(?:/10{1,3})?\Z", re.ASCII)
_MOST_UNIT_DIGITS: Final = 4
_MOST_MEASURED: Final = 80

# From so many digits on, a number is round or no measurement: an epoch has ten, a telephone number
# too, a resident registration number thirteen.
_LONG: Final = 9
_MOST_SIGNIFICANT: Final = 5
_DAY_NUMBER: Final = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])\Z")

_LOINC_OTHERS: Final = re.compile(r"L[AGLP][0-9]{1,6}-[0-9]\Z")
_RXNORM: Final = re.compile(r"[1-9][0-9]{1,6}\Z")
# A stem, or what is joined to one: I and O are in none.
_ICD_11: Final = (
    r"(?:[1-9A-HJ-NP-WYZ][A-HJ-NP-Z][0-9][0-9A-HJ-NP-Z](?:\.[0-9A-HJ-NP-Z]{1,2})?"
    r"|X[A-HJ-NP-Z](?=[A-Z]*[0-9])[0-9A-HJ-NP-Z]{2,4})"
)
_ICD_10: Final = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?\Z")
_ATC: Final = re.compile(r"[A-Z](?:[0-9]{2}(?:[A-Z]{1,2}(?:[0-9]{2})?)?)?\Z")
# What Apple calls its types and metadata; what else an app puts there is of that app.
_APPLE: Final = re.compile(
    r"HK[A-Z][A-Za-z0-9]{1,70}|WorkoutRoute|duration"
    r"|(?:total|active|apple|sum|average|minimum|maximum)[A-Z][A-Za-z]{1,30}(?:Goal)?\Z"
)


# Kinds of pictures, by DICOM PS3.3 C.7.3.1.1.1.
_MODALITY_TEXT: Final = """
AR AU BI BMD CR CT CTPROTOCOL DG DMS DOC DX ECG EEG EMG EOG EPS ES FID GM HC HD IO IOL IVOCT
IVUS KER KO LEN LS MG MR NM OAM OCT OP OPM OPT OPTBSV OPTENF OPV OSS OT PA PLAN POS PR PT PX
REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT RWV SEG SM SMR
SR SRF STAIN TEXTUREMAP TG US VA XA XC
"""
_MODALITIES: Final = frozenset(_MODALITY_TEXT.split())
# Of what phones and watches call what they measure, beside the names of our own measures.
_MEASURED_TEXT: Final = """
active average awake body bpm calories com count deep deepsleepduration delta descriptive diastolic
distance elevation expended fat google hr hydration latency light lightsleepduration manual max
median min minutes percentage physical pressure rem remsleepduration saturation segment sleep speed
state statistic steps summary systolic temperature timeinbed total unspecified variance
wakeupduration wakeupcount activity time main
"""
_DCM: Final = re.compile(r"1[0-9]{5}\Z", re.ASCII)
# Withings numbers what it measures.
_MEASURED_NUMBER: Final = re.compile(r"[0-9]{1,3}\Z", re.ASCII)


@cache
def _measured_words() -> frozenset[str]:
    names = load("measures.toml")["measure"]
    return frozenset(_MEASURED_TEXT.split()).union(*(one.split("_") for one in names))


def _is_dicom(code: str) -> bool:
    return code in _MODALITIES or _DCM.match(code) is not None


def _is_measured(code: str) -> bool:
    """Whether it is made of words for what is measured, and so of nobody's name."""
    if _MEASURED_NUMBER.match(code):
        return True
    return len(code) <= _MOST_MEASURED and set(re.split("[._-]", code)) <= _measured_words()


def _is_loinc(code: str) -> bool:
    return is_loinc(code) or bool(_LOINC_OTHERS.match(code))


def _shaped(shape: str) -> Callable[[str], bool]:
    compiled = re.compile(rf"(?:{shape})\Z", re.ASCII)
    return lambda code: compiled.match(code) is not None


# By how the name of a system begins, behind its protocol; the longer ones first.
_SHAPES: Final[Mapping[str, Callable[[str], bool]]] = MappingProxyType(
    {
        "loinc.org": _is_loinc,
        "urn:oid:2.16.840.1.113883.6.1:": _is_loinc,
        "snomed.info/": is_snomed_concept,
        "urn:oid:2.16.840.1.113883.6.96:": is_snomed_concept,
        "www.nlm.nih.gov/research/umls/rxnorm": _shaped(_RXNORM.pattern),
        "urn:oid:2.16.840.1.113883.6.88:": _shaped(_RXNORM.pattern),
        "hl7.org/fhir/sid/icd-10": _shaped(_ICD_10.pattern),
        "hl7.org/fhir/sid/icd-9": _shaped(r"[EV]?[0-9]{2,3}(?:\.[0-9]{1,2})?"),
        "hl7.org/fhir/sid/icd-11": _shaped(rf"{_ICD_11}(?:[/&]{_ICD_11}){{0,3}}"),
        "hl7.org/fhir/sid/icd-o": _shaped(r"C[0-9]{2}(?:\.[0-9])?|[0-9]{4}/[0-9]"),
        "hl7.org/fhir/sid/icpc": _shaped(r"[A-Z][0-9]{2}(?:\.[0-9]{2})?"),
        "hl7.org/fhir/sid/icf": _shaped(r"[bdes][0-9]{1,5}(?:[.+][0-9]{1,4})?"),
        "hl7.org/fhir/sid/cvx": _shaped(r"[0-9]{1,3}"),
        "hl7.org/fhir/sid/mvx": _shaped(r"[A-Z]{2,3}"),
        "hl7.org/fhir/sid/ndc": _shaped(
            r"[0-9]{4,5}-[0-9]{3,4}(?:-[0-9]{1,2})?|(?!01[016-9])[0-9]{10,11}"
        ),
        "hl7.org/fhir/sid/": _shaped(r"(?!)"),
        "www.whocc.no/atc": _shaped(_ATC.pattern),
        "urn:oid:2.16.840.1.113883.6.73:": _shaped(_ATC.pattern),
        "urn:oid:2.16.840.1.113883.6.69:": _shaped(r"[0-9]{4,5}-[0-9]{3,4}(?:-[0-9]{1,2})?"),
        "urn:oid:": _shaped(r"(?![0-9]{6})(?=.*[0-9])[A-Z0-9]{1,7}(?:[.-][A-Z0-9]{1,4})?"),
        "human-phenotype-ontology.org": _shaped(r"HP:[0-9]{7}"),
        "purl.obolibrary.org/obo/": _shaped(r"[A-Z]{2,12}[:_][0-9]{1,7}"),
        "ncicb.nci.nih.gov/": _shaped(r"C[0-9]{2,6}"),
        "dicom.nema.org/": _is_dicom,
        "www.cms.gov/": _shaped(r"(?=.*[0-9])[A-Z0-9]{3,7}"),
        "developer.apple.com/": _shaped(_APPLE.pattern),
        "developers.google.com/": _is_measured,
        "developer.withings.com/": _is_measured,
        "www.openmhealth.org/": _is_measured,
        "urn:aceso:measure": _is_measured,
        "urn:iso:std:iso:11073": _shaped(r"[0-9]{1,6}|MDC_[A-Z0-9_]{1,60}"),
        "www.hl7korea.or.kr/CodeSystem/kpis-kdcode": is_kd_code,
        "www.hl7korea.or.kr/CodeSystem/kostat-kcd": _shaped(_ICD_10.pattern),
        "www.hl7korea.or.kr/CodeSystem/hira-edi-medication": _shaped(r"[0-9]{9}"),
        # Five places, and three more of how it was done.
        "www.hl7korea.or.kr/CodeSystem/hira-edi-procedure": _shaped(
            r"(?=(?:.{5}|.{8})\Z)[A-Z]{1,3}[0-9]{2,7}"
        ),
        "www.hl7korea.or.kr/": _shaped(r"[0-9]{1,3}"),
    }
)


@cache
def _hl7_codes() -> Mapping[str, frozenset[str]]:
    """The codes of HL7's own systems, by the last part of the system's address."""
    with resources.files(__package__).joinpath("hl7_codes.toml").open("rb") as stream:
        return {name: frozenset(codes.split()) for name, codes in tomllib.load(stream).items()}


def is_plain_code(text: str) -> bool:
    """Whether it is a code of a value set that R4 binds the kept elements to."""
    return text in _PLAIN


def is_unit(text: str) -> bool:
    """Whether it is made of units that we know, and so of nobody's name or number."""
    if not _UNIT_FORM.match(text):
        return False
    words = _LETTERS.findall(text.replace("µ", "u").replace("μ", "u"))
    if not words and "%" not in text and "°" not in text:
        return _NUMBER_UNIT.match(text) is not None
    if sum(one.isdigit() for one in text) > _MOST_UNIT_DIGITS:
        return False
    return all(word in _UNITS for word in words)


def is_measure(text: str) -> bool:
    """Whether a number may be a measurement: not so long that it is an identifier or an instant,
    and not a day that is written as a number."""
    value = abs(Decimal(text))
    if not value.is_finite() or value.adjusted() > 2 * _LONG:
        return False
    whole = str(int(value))
    if _DAY_NUMBER.match(whole):
        return False
    return len(whole) < _LONG or len(whole.rstrip("0")) <= _MOST_SIGNIFICANT


def is_code_of(system: str, code: str) -> bool:
    """Whether it is in the shape of the codes of this published system, or on its list."""
    name = re.sub(r"https?://", "", system, count=1)
    if name.startswith("unitsofmeasure.org"):
        return is_unit(code)
    # An OID ends where its name does: 6.1 is not 6.103.
    named = name + ":" if name.startswith("urn:oid:") else name
    for begins, matches in _SHAPES.items():
        if named.startswith(begins):
            return matches(code)
    return code in _hl7_codes().get(name.rpartition("/")[2], frozenset())
