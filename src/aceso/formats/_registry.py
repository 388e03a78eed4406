"""Which reader reads a file: told by its contents, never by its name."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from aceso.codes import DataClass

from . import apple_health, fhir, unknown, vcf
from ._classify import most_sensitive
from ._model import Format, Item, Kind, Outcome, SourceFile
from ._split import Rest, split, top_level_type
from .canonical import JsonError
from .errors import FormatError

__all__ = ["detect", "read", "source_file"]

_HEAD = 1 << 16
_GZIP = b"\x1f\x8b"
_LINE_TYPE = re.compile(rb'\s*\{.*"resourceType"\s*:\s*"', re.DOTALL)


def detect(path: str | os.PathLike[str]) -> Format:
    """Say what `path` holds, by its first 64 KiB, or raise FormatError if it can't be read."""
    return _detect(_checked(path))[0]


def read(path: str | os.PathLike[str], *, subject_hint: str | None = None) -> Iterator[Item]:
    """Yield an outcome for each part of the file, and with it what was understood.

    `subject_hint` says whose data are wanted: the id of a Patient, or the name of a VCF sample.
    Nothing about the contents is ever raised; FormatError says that the file can't be opened.
    """
    checked = _checked(path)
    return _read(checked, subject_hint)


def source_file(path: str | os.PathLike[str], *, classes: DataClass) -> SourceFile:
    """Describe the file as it is, to be sealed whole; `classes` are those that were found in it."""
    checked = _checked(path)
    digest = hashlib.sha256()
    size = 0
    try:
        with checked.open("rb") as stream:
            head = stream.read(_HEAD)
            block = head
            while block:
                digest.update(block)
                size += len(block)
                block = stream.read(1 << 20)
    except OSError as exc:
        raise _unreadable(exc) from exc
    media_type = {
        Format.FHIR_JSON: "application/fhir+json",
        Format.FHIR_NDJSON: "application/fhir+ndjson",
        Format.VCF: "application/gzip" if head.startswith(_GZIP) else "text/vcf",
        Format.APPLE_HEALTH: "application/zip" if head.startswith(b"PK") else "application/xml",
    }.get(_detect(checked)[0]) or unknown.guess_kind(head)[1]
    data_class, why = most_sensitive(classes)
    return SourceFile(checked, size, digest.digest(), media_type, data_class, why)


def _read(path: Path, subject_hint: str | None) -> Iterator[Item]:
    try:
        found, head = _detect(path)
        with path.open("rb") as stream:
            if found is Format.EMPTY:
                reason = "the file is empty; export it again from where it came"
                yield Outcome(Kind.REFUSED, "/", "", reason, "empty_file", path), None
            elif found is Format.FHIR_JSON:
                if _resource_type(path, head) == "Bundle":
                    yield from fhir.read_bundle(path, stream, subject_hint=subject_hint)
                else:
                    yield from fhir.read_single(path, stream, subject_hint=subject_hint)
            elif found is Format.FHIR_NDJSON:
                yield from fhir.read_ndjson(path, stream, subject_hint=subject_hint)
            elif found is Format.VCF:
                yield from vcf.read(path, subject_hint=subject_hint)
            elif found is Format.APPLE_HEALTH:
                yield from apple_health.read(path)
            else:
                yield from unknown.read_unknown(path, stream, head)
    except OSError as exc:
        raise _unreadable(exc) from exc


def _detect(path: Path) -> tuple[Format, bytes]:
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError as exc:
        raise _unreadable(exc) from exc
    if not head:
        return Format.EMPTY, head
    text = head
    if head.startswith(_GZIP):
        text = _gunzipped_head(path)
        if text.startswith(b"##fileformat=VCF") or vcf.looks_like(text):
            return Format.VCF, text
        # What is packed names the file, but nothing is read out of it.
        return Format.UNKNOWN, text[:256] if text[:1] not in (b"{", b"[", b"<") else head
    if head.startswith(b"PK\x03\x04"):
        return (Format.APPLE_HEALTH if _is_apple_zip(path) else Format.UNKNOWN), head
    text = text.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if vcf.looks_like(text):
        return Format.VCF, head
    if text.startswith(b"<") and apple_health.looks_like(text):
        return Format.APPLE_HEALTH, head
    if text.startswith(b"{"):
        return _json_format(path, text), head
    return Format.UNKNOWN, head


def _json_format(path: Path, text: bytes) -> Format:
    first, newline, second = text.partition(b"\n")
    if newline and first.rstrip().endswith(b"}") and _LINE_TYPE.match(first):
        second = second.lstrip()
        if second.startswith(b"{"):
            return Format.FHIR_NDJSON
    return Format.FHIR_JSON if _resource_type(path, text) is not None else Format.UNKNOWN


def _resource_type(path: Path, head: bytes) -> str | None:
    """The `resourceType` of the object that a file holds."""
    found = top_level_type(head)
    if found is not None or len(head) < _HEAD - 3:
        return found
    # It may come last, behind entries of any size: canonical JSON puts it there.
    with path.open("rb") as stream:
        try:
            for part in split(stream, entries=True):
                if isinstance(part, Rest):
                    return top_level_type(part.data)
        except JsonError:
            return None
    return None


def _gunzipped_head(path: Path) -> bytes:
    try:
        with gzip.open(path, "rb") as stream:
            return stream.read(_HEAD)
    except (OSError, EOFError, zlib.error):
        # Cut or broken within the first block: what can be had of it says what it was to be.
        try:
            with path.open("rb") as raw:
                return zlib.decompressobj(31).decompress(raw.read(_HEAD), _HEAD)
        except zlib.error:
            return b""


def _is_apple_zip(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return apple_health.export_name(archive) is not None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError):
        return False


def _checked(path: str | os.PathLike[str]) -> Path:
    checked = Path(path)
    try:
        mode = checked.stat().st_mode
    except (OSError, ValueError, RuntimeError) as exc:
        raise _unreadable(exc) from exc
    if stat.S_ISDIR(mode):
        raise FormatError(
            "This is a folder, not a file; name the files in it.", code="E_FORMAT_FOLDER"
        )
    if not stat.S_ISREG(mode):
        raise FormatError(
            "This is a device or a pipe, not a file; save it as a file first.",
            code="E_FORMAT_NOT_A_FILE",
        )
    if not os.access(checked, os.R_OK):
        raise _unreadable(PermissionError())
    return checked


def _unreadable(exc: Exception) -> FormatError:
    # The path is the caller's to show: a file name may hold the name of a person.
    if isinstance(exc, FileNotFoundError):
        return FormatError("There is no such file; check the path.", code="E_FORMAT_MISSING")
    if isinstance(exc, PermissionError):
        return FormatError(
            "The file may not be read by this user; change its permissions.",
            code="E_FORMAT_PERMISSION",
        )
    if isinstance(exc, OSError) and exc.errno == 40:
        return FormatError(
            "The path is a loop of symbolic links; name the file itself.", code="E_FORMAT_LOOP"
        )
    return FormatError(
        "The file can't be read from the disk; check the disk and the path.", code="E_FORMAT_IO"
    )
