"""DICOM: what a picture says of itself becomes FHIR, and the picture stays what it is.

    (0010,xxxx)  Patient          names in any character set, all three groups of them
    (0008,xxxx)  ImagingStudy     study, series, modality, body part, UIDs, dates
    the file     a record of its own, `application/dicom`, byte for byte

Pixels are never read or unpacked: only whether they are all there. Files without preamble or
without meta information are read as what their first elements show them to be. A deflated file is
unpacked within bounds.

The words in it, those of a structured report too, serve to find the class: sensitive ones first.

Limits: a DICOMDIR is only an index; import the files that it lists. Structured reports and signals
are kept whole, and not turned into Observations. A document in it, such as a PDF, is not opened.
"""

from __future__ import annotations

import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from aceso.codes import DataClass

from .._classify import Classified, classify_text
from .._head import Head
from .._model import Format, Item, Kind, Outcome, Piece
from .._reader import Reader, Source
from ..canonical import number
from ._resource import clean, digest_id, kept, made, moment, partial_date, skipped, urn
from .document_body import FileBody
from .fhir import refused

if TYPE_CHECKING:
    import pydicom
    from pydicom.tag import BaseTag

__all__ = ["FORMAT", "READERS"]

FORMAT = Format("dicom", "application/dicom", "DICOM image", "DICOM 영상")

_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_DIRECTORY = "1.2.840.10008.1.3.10"
_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_UNDEFINED = 0xFFFFFFFF
_MAX_ELEMENTS = 100_000
_MAX_VALUE = 1 << 16
# Which VRs are words that somebody wrote, and where they are put among what a file says.
_TEXTUAL = frozenset({"LO", "LT", "SH", "ST", "UC", "UT"})
_WORDS = "words"
_MAX_WORDS = 2 << 20
_DOCUMENT = "1.2.840.10008.5.1.4.1.1.104."
_MAX_RATIO = 1_000
_HARMLESS = 16 << 20
_BLOCK = 1 << 20
_VRS = {
    *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"OB"),
    *(b"OW", b"PN", b"SH", b"SL", b"SQ", b"SS", b"ST", b"TM", b"UI", b"UL", b"UN", b"US", b"UT"),
}
_UID = re.compile(r"[0-9.]{1,64}\Z")
_WANTED = (
    "SpecificCharacterSet",
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyDate",
    "SeriesDate",
    "StudyTime",
    "SeriesTime",
    "AccessionNumber",
    "Modality",
    "InstitutionName",
    "ReferringPhysicianName",
    "TimezoneOffsetFromUTC",
    "StudyDescription",
    "SeriesDescription",
    "NameOfPhysiciansReadingStudy",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "BodyPartExamined",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "InstanceNumber",
    "Laterality",
    "NumberOfFrames",
    "Rows",
)
# What pydicom raises where a file is not what it says, beside its `InvalidDicomError`.
_BROKEN = (
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    TypeError,
    NotImplementedError,
    LookupError,
    OverflowError,
    MemoryError,  # pydicom asks at once for all that a length promises, whatever the file holds.
    RecursionError,
    struct.error,
)


@dataclass(slots=True)
class _Stop:
    """Where reading of elements ends: at the pixels, or where there are too many."""

    stream: BinaryIO
    size: int
    count: int = 0
    end: int = -1  # Of the element that came last, where its length says.
    pixels: tuple[int, str, int] | None = field(default=None)
    too_many: bool = False

    def __call__(self, tag: BaseTag, vr: str | None, length: int) -> bool:
        self.count += 1
        if self.count > _MAX_ELEMENTS:
            self.too_many = True
            return True
        self.end = -1 if length == _UNDEFINED else self.stream.tell() + length
        if int(tag) in _PIXELS:
            self.pixels = (int(tag), vr or "", length)
            return True
        return False


class _Refused(Exception):
    def __init__(self, reason: str, code: str):
        super().__init__(reason)
        self.reason = reason
        self.code = code


def _is_dicom(head: Head) -> bool:
    raw = head.raw
    if raw[128:132] == b"DICM":
        return True
    return _has_no_preamble(raw)


def _has_no_preamble(raw: bytes) -> bool:
    """Two elements in order of group 2 or 8, as a file without preamble begins."""
    for order in ("<", ">"):
        at = 0
        last = (0, -1)
        for _ in range(2):
            if len(raw) < at + 8:
                break
            group, element = struct.unpack_from(f"{order}HH", raw, at)
            if group not in (2, 8) or (group, element) <= last or element > 0x2FFF:
                break
            last = (group, element)
            vr = raw[at + 4 : at + 6]
            if vr in _VRS:
                long = vr in (b"OB", b"OW", b"SQ", b"UN", b"UT")
                kind, skip = ("I", 8) if long else ("H", 6)
                if len(raw) < at + skip + 4:
                    break
                (length,) = struct.unpack_from(f"{order}{kind}", raw, at + skip)
                at += skip + (4 if long else 2) + length
            else:
                (length,) = struct.unpack_from(f"{order}I", raw, at + 4)
                at += 8 + length
            if length > 1024:
                break
        else:
            return True
    return False


def _read(source: Source) -> Iterator[Item]:
    try:
        with warnings.catch_warnings():
            # A warning of the library's quotes the value that it is about.
            warnings.simplefilter("ignore")
            told, wrong = _told(source)
    except _Refused as exc:
        yield refused(source.path, "/", exc.reason, exc.code)
        return
    if told.get("SOPClassUID") == _DIRECTORY:
        reason = "it is the index of a disc (DICOMDIR); import the files beside it"
        yield skipped(source.path, "/", reason, "beside")
        return
    if not told.get("SOPInstanceUID") and not told.get("StudyInstanceUID"):
        reason = "it says neither which picture nor which study it is"
        yield kept(source.path, "/", reason)
        return
    patient, key = _patient(told, wrong)
    if patient:
        yield made(source.path, patient, "(0010,0020)")
    judged = _class(told)
    study = _study(told, key, wrong)
    outcome, piece = made(
        source.path, study, "(0020,000D)", data_class=judged.data_class if judged else None
    )
    if piece is not None and judged is not None:
        piece = replace(piece, why_class=judged.why)
        outcome = replace(outcome, reason=judged.why)
    yield outcome, piece
    if not any(code == "truncated" for _, code in wrong) and piece is not None:
        body = FileBody.of(source.path)
        whole = replace(
            piece,
            media_type=FORMAT.media_type,
            body=body,
            resource_type="Media",
            place="/",
            fields=body.fields(FORMAT.media_type),
            alone=True,
        )
        yield _whole_outcome(source, whole), whole
    for reason, code in wrong:
        say = skipped if code == "no_pixels" else refused
        yield say(source.path, "/", reason, code)


def _class(told: dict[str, str]) -> Classified | None:
    """The class by the words in the file, or of a document in it; None where neither says more than
    that it is a picture."""
    found = classify_text(told[_WORDS]) if told[_WORDS] else None
    if found is not None:
        return found
    if told["SOPClassUID"].startswith(_DOCUMENT):
        why = "there is a document in it, whose contents can't be read here"
        return Classified(DataClass.UNCLASSIFIED, why)
    return None


def _whole_outcome(source: Source, whole: Piece) -> Outcome:
    why = f"the picture as it is; {whole.why_class}"
    return Outcome(Kind.IMPORTED, "/", "Media", why, "", source.path, whole.data_class)


def _told(source: Source) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """What the file says of itself, and what is wrong with it."""
    # Imported late: it is slow to load, and few files need it.
    from pydicom.errors import InvalidDicomError
    from pydicom.filereader import read_file_meta_info, read_partial
    from pydicom.tag import Tag

    path = source.path
    try:
        if source.head.raw[128:132] == b"DICM":
            meta = read_file_meta_info(path)
            if str(meta.get("TransferSyntaxUID", "")) == _DEFLATED:
                path = _inflated(source)
            if str(meta.get("MediaStorageSOPClassUID", "")) == _DIRECTORY:
                return {"SOPClassUID": _DIRECTORY}, []
        size = path.stat().st_size
        with path.open("rb") as stream:
            stop = _Stop(stream, size)
            data = read_partial(
                stream,
                stop,
                defer_size=_MAX_VALUE,
                force=True,
                specific_tags=[Tag(name) for name in _WANTED],
            )
            told = {name: _text(data, name) for name in _WANTED}
            wrong = _wrong(stream, data, stop, size)
        told[_WORDS] = _words(path)
    except OSError as exc:
        if exc.errno is not None:
            raise
        # The library's own word for a file that ends within a sequence.
        raise _Refused("the DICOM data are damaged; get the file again", "damaged") from exc
    except (InvalidDicomError, *_BROKEN) as exc:
        raise _Refused("the DICOM data are damaged; get the file again", "damaged") from exc
    if not stop.count:
        raise _Refused("there is nothing in the DICOM file; get the file again", "truncated")
    return told, wrong


def _words(path: Path) -> str:
    """The texts in a file before its pixels, those in its sequences too."""
    from pydicom.filereader import read_partial

    with path.open("rb") as stream:
        stop = _Stop(stream, path.stat().st_size)
        data = read_partial(stream, stop, defer_size=_MAX_VALUE, force=True)
        found: list[str] = []
        size = 0
        todo = [data]
        while todo and size <= _MAX_WORDS:
            dataset = todo.pop()
            for tag in sorted(dataset.keys()):
                raw = dataset.get_item(tag)
                if (getattr(raw, "length", 0) or 0) > _MAX_VALUE and raw.VR != "SQ":
                    continue  # It was not read.
                element = dataset[tag]
                if element.VR == "SQ":
                    todo.extend(element.value)
                elif element.VR in _TEXTUAL and element.value:
                    found.append(str(element.value))
                    size += len(found[-1])
    return "\n".join(found)


def _text(data: pydicom.Dataset, name: str) -> str:
    """A value as text; several are parted by a line end. Too long a one is not read."""
    if name not in data:
        return ""
    raw = data.get_item(name)
    if raw is None or (getattr(raw, "length", 0) or 0) > _MAX_VALUE:
        return ""
    value = data[name].value
    if value is None:
        return ""
    several = not isinstance(value, str | bytes) and hasattr(value, "__iter__")
    if several and type(value).__name__ != "PersonName":
        return "\n".join(clean(str(one)) for one in value)
    return clean(str(value))


def _wrong(
    stream: BinaryIO, data: pydicom.Dataset, stop: _Stop, size: int
) -> list[tuple[str, str]]:
    if stop.too_many:
        return [("it has more elements than can be read at once", "too_large")]
    if stop.pixels is None:
        if stop.end not in (-1, size):
            return [("the file breaks off; get the whole file", "truncated")]
        if "Rows" in data:
            return [("there are no pixels in it, only what is said of them", "no_pixels")]
        return []
    _, vr, length = stop.pixels
    little = bool(data.original_encoding[1]) if data.original_encoding[1] is not None else True
    begin = stream.tell() + (12 if vr in ("OB", "OW", "OF", "OD", "UN", "OV") else 8)
    if length != _UNDEFINED:
        cut = begin + length > size
    else:
        cut = not _items_end(stream, begin, size, "<" if little else ">")
    if cut:
        return [("the picture breaks off: pixels are missing; get the whole file", "truncated")]
    return []


def _items_end(stream: BinaryIO, at: int, size: int, order: str) -> bool:
    """Whether the fragments of a packed picture go on to their end mark."""
    while at + 8 <= size:
        stream.seek(at)
        group, element, length = struct.unpack(f"{order}HHI", stream.read(8))
        if (group, element) == (0xFFFE, 0xE0DD):
            return True
        if (group, element) != (0xFFFE, 0xE000):
            return False
        at += 8 + int(length)
    return False


def _inflated(source: Source) -> Path:
    """The deflated elements unpacked to a file without meta information."""
    begin = _after_meta(source.head.raw)
    target = source.workspace / f"{source.path.name if source.depth else 'in'}.dicom"
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    most = max(_HARMLESS, source.path.stat().st_size * _MAX_RATIO)
    size = 0
    with source.path.open("rb") as packed, target.open("wb") as out:
        packed.seek(begin)
        pending = packed.read(_BLOCK)
        while pending and not unpacker.eof:
            try:
                plain = unpacker.decompress(pending, _BLOCK)
            except zlib.error as exc:
                raise _Refused(
                    "the deflated data are damaged; get the file again", "damaged"
                ) from exc
            size += len(plain)
            if size > most:
                raise _Refused("it unpacks to far more than it should, as a bomb does", "bomb")
            out.write(plain)
            pending = unpacker.unconsumed_tail or packed.read(_BLOCK)
    if not unpacker.eof:
        raise _Refused("the deflated data break off; get the whole file", "truncated")
    return target


def _after_meta(raw: bytes) -> int:
    """Where group 2 ends, which is always explicit and little-endian."""
    at = 132
    while at + 12 <= len(raw) and raw[at : at + 2] == b"\x02\x00":
        if raw[at + 4 : at + 6] in (b"OB", b"UN", b"OW", b"SQ", b"UT"):
            at += 12 + int(struct.unpack_from("<I", raw, at + 8)[0])
        else:
            at += 8 + int(struct.unpack_from("<H", raw, at + 6)[0])
    return at


def _patient(told: dict[str, str], wrong: list[tuple[str, str]]) -> tuple[dict[str, Any], str]:
    """Who it is about: the Patient, and its key."""
    number_of, issuer = told["PatientID"], told["IssuerOfPatientID"] or told["InstitutionName"]
    names = _names(told["PatientName"])
    born = ""
    try:
        if told["PatientBirthDate"]:
            born = partial_date(_digits(told["PatientBirthDate"]))
    except ValueError:
        wrong.append(("PatientBirthDate is no date; it was left out", "bad_value"))
    if not number_of and not names:
        return {}, ""
    system = urn("dicom:issuer", issuer) if issuer else "urn:dicom:patient-id"
    key = (system, number_of) if number_of else (told["PatientName"], born)
    id = digest_id("Patient", *key)
    sex = {"M": "male", "F": "female", "O": "other"}.get(told["PatientSex"].upper(), "")
    return {
        "resourceType": "Patient",
        "id": id,
        "identifier": [{"system": system, "value": number_of}] if number_of else [],
        "name": names,
        "gender": sex,
        "birthDate": born,
    }, id


def _names(text: str) -> list[dict[str, Any]]:
    """PN: its groups in letters, ideographs and sounds are a name each."""
    found = []
    for group in text.split("\n")[0].split("="):
        parts = [clean(part) for part in group.split("^")] + [""] * 5
        family, given, middle, prefix, suffix = parts[:5]
        name = {
            "family": family,
            "given": [one for one in (given, middle) if one],
            "prefix": [prefix],
            "suffix": [suffix],
        }
        if family or given:
            found.append(name)
    return found


def _study(told: dict[str, str], patient: str, wrong: list[tuple[str, str]]) -> dict[str, Any]:
    """The study, with the one series and the one picture that the file is."""
    study = told["StudyInstanceUID"] if _UID.match(told["StudyInstanceUID"]) else ""
    picture = told["SOPInstanceUID"] if _UID.match(told["SOPInstanceUID"]) else ""
    series_uid = told["SeriesInstanceUID"] if _UID.match(told["SeriesInstanceUID"]) else ""
    modality = {"system": _DCM, "code": told["Modality"].split("\n")[0]} if told["Modality"] else {}
    started = _when("started", told, "Study", wrong)
    made_of: dict[str, Any] = {
        "resourceType": "ImagingStudy",
        "id": digest_id("ImagingStudy", study, picture),
        "status": "available",
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{study}"}] if study else [],
        "modality": [modality],
        "description": told["StudyDescription"],
        "referrer": {"display": _shown(told["ReferringPhysicianName"])},
        "interpreter": [{"display": _shown(told["NameOfPhysiciansReadingStudy"])}],
        **started,
    }
    # subject is mandatory in R4; a picture that names nobody says so.
    made_of["subject"] = (
        {"reference": f"Patient/{patient}"} if patient else {"display": "not stated in the picture"}
    )
    if told["InstitutionName"]:
        made_of["meta"] = {"source": urn("dicom:institution", told["InstitutionName"])}
    if told["AccessionNumber"]:
        kind = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}
        accession = {"type": {"coding": [kind]}, "value": told["AccessionNumber"]}
        made_of["identifier"] = [*made_of["identifier"], accession]
    if series_uid:
        made_of["series"] = [_series(told, series_uid, picture, modality, wrong)]
    for one in made_of["interpreter"], [made_of["referrer"]]:
        if not one[0]["display"]:
            one[0].clear()
    return made_of


def _series(
    told: dict[str, str],
    uid: str,
    picture: str,
    modality: dict[str, str],
    wrong: list[tuple[str, str]],
) -> dict[str, Any]:
    series: dict[str, Any] = {
        "uid": uid,
        "modality": modality or {"system": _DCM, "code": "OT"},
        "description": told["SeriesDescription"],
        "bodySite": {"display": told["BodyPartExamined"]} if told["BodyPartExamined"] else {},
        **_when("started", told, "Series", wrong),
    }
    if told["Laterality"]:
        series["laterality"] = {"display": told["Laterality"]}
    if told["SeriesNumber"].isdigit():
        series["number"] = number(str(int(told["SeriesNumber"])))
    if picture and _UID.match(told["SOPClassUID"]):
        kind = {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{told['SOPClassUID']}"}
        instance: dict[str, Any] = {"uid": picture, "sopClass": kind}
        if told["InstanceNumber"].isdigit():
            instance["number"] = number(str(int(told["InstanceNumber"])))
        series["instance"] = [instance]
    return series


def _when(
    element: str, told: dict[str, str], of: str, wrong: list[tuple[str, str]]
) -> dict[str, Any]:
    """A date with its time, if both are there, in the zone of the file."""
    day = _digits(told[f"{of}Date"])
    if not day:
        return {}
    clock = told[f"{of}Time"].replace(":", "").strip()
    zone = told["TimezoneOffsetFromUTC"]
    zone = zone if re.fullmatch(r"[+-]\d{4}", zone) else ""
    try:
        return moment(element, day + clock, zone)
    except ValueError:
        wrong.append((f"{of}Date or {of}Time is no time; it was left out", "bad_value"))
        return {}


def _digits(text: str) -> str:
    """A date; the oldest files write it with points."""
    return text.replace(".", "").split("\n")[0].strip()


def _shown(text: str) -> str:
    name = (_names(text) or [{}])[0]
    parts = [*name.get("prefix", ()), *name.get("given", ()), name.get("family", "")]
    return " ".join(one for one in parts if one)


READERS = (Reader(FORMAT, _is_dicom, _read),)
