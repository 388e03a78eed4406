"""BCF 2.1 and 2.2: the binary form of VCF, read into the VCF that it stands for.

So the BCF and the VCF of one genome become one record, checked by the same rules. The decoder is
ours and has no C in it: the common library reads a hostile file in the process of its caller, with
its caller's memory. It is compared with cyvcf2 in the tests.

Limits: a value that VCF has two spellings for (`.,.` and `.`) comes out as htslib writes it, so a
VCF that was written by another program may differ from its own BCF there.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from .._head import Head
from .._model import Format, Item, Kind, Outcome
from .._reader import Reader, Source
from ._bcf_records import MAGIC, BcfError, lines
from ._vcf_header import VcfError
from .vcf import check_end, read_vcf, unpacked

__all__ = ["FORMAT", "READERS"]

FORMAT = Format("bcf", "application/octet-stream", "BCF", "BCF")

# A record of a few bytes can't stand for so much text, unless it is made to.
_MAX_RATIO = 1000
_HARMLESS = 64 << 20


def _is_bcf(head: Head) -> bool:
    return head.text.startswith(MAGIC)


def _read(source: Source) -> Iterator[Item]:
    path = source.path
    key = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    target = source.workspace / f"bcf-{key}"
    try:
        check_end(path)
        with unpacked(path) as stream, target.open("wb") as out:
            _write(stream, out, _HARMLESS + _MAX_RATIO * path.stat().st_size)
    except BcfError as exc:
        place = f"record {exc.number}" if exc.number else "/"
        yield _refused(path, place, exc.reason, exc.code)
        return
    except VcfError as exc:
        yield _refused(path, "/", exc.reason, exc.code)
        return
    except EOFError:
        yield _refused(path, "/", "the file is cut off; get the whole file", "truncated")
        return
    except (gzip.BadGzipFile, zlib.error):
        yield _refused(path, "/", "the compressed data are damaged; get the file anew", "damaged")
        return
    for outcome, piece in read_vcf(replace(source, path=target)):
        yield replace(outcome, source=path), piece


def _write(stream: BinaryIO, out: BinaryIO, most: int) -> None:
    size = 0
    for line in lines(stream):
        size += len(line)
        if size > most:
            raise BcfError(0, "it unpacks to far more than it should, as a bomb does", "bomb")
        out.write(line)


def _refused(path: Path, place: str, reason: str, code: str) -> Item:
    return Outcome(Kind.REFUSED, place, "VCF", reason, code, path), None


READERS = (Reader(FORMAT, _is_bcf, _read, unpacks=True),)
