"""
VCF
├── plain, gzip and bgzip give the same canonical bytes
├── a field for the header and for each 1,000 lines, whose digests add up
├── its class follows the stated rule
├── several people: kept; with a sample named, that column only
└── a bgzip file without its end is refused
"""

from __future__ import annotations

import gzip
import hashlib
import json
import struct
import zlib

import pytest

HEADER = "##fileformat=VCFv4.2\n##contig=<ID=chr10,length=133797422,assembly=GRCh38>\n"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"


def vcf(*rows, samples="ONE", header=HEADER):
    lines = [f"{row}\tA\tC\t50\tPASS\t.\tGT" + "\t0/1" * (1 + samples.count("\t")) for row in rows]
    return header + COLUMNS + samples + "\n" + "".join(f"{line}\n" for line in lines)


def bgzip(data, end=True):
    def block(part):
        body = zlib.compressobj(6, zlib.DEFLATED, -15)
        packed = body.compress(part) + body.flush()
        head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0" + struct.pack("<H", len(packed) + 25)
        return head + packed + struct.pack("<II", zlib.crc32(part), len(part))

    return block(data) + (bytes.fromhex(
        "1f8b08040000000000ff0600424302001b0003000000000000000000") if end else b"")  # fmt: skip


def test_packed_or_not_the_record_is_the_same(write, importing):
    data = vcf("chr10\t5\t.").encode()
    bodies = [
        importing(write(one)).records[0].canonical
        for one in (data, gzip.compress(data), bgzip(data))
    ]

    assert bodies == [data] * 3


def test_a_bgzip_file_without_its_end_is_refused(write, importing):
    read = importing(write(bgzip(vcf("chr10\t5\t.").encode(), end=False)))

    assert read.outcomes[0].code == "truncated"


def test_fields_are_blocks_of_lines(write, importing):
    rows = [f"chr10\t{position}\t." for position in range(1, 2502)]
    (record,) = importing(write(vcf(*rows))).records
    body = record.canonical

    assert list(record.fields) == ["/header", "/block/000000", "/block/000001", "/block/000002"]
    for value in map(json.loads, record.fields.values()):
        part, body = body[: value["length"]], body[value["length"] :]
        assert hashlib.sha256(part).hexdigest() == value["sha256"]
    assert body == b""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (vcf("chr10\t94781859\trs4244285"), "PHARMACOGENES"),
        (vcf("10\t94781859\trs4244285", "10\t120000000\t."), "GENOME_PANEL"),
        (vcf("chr10\t94781859\t.", header="##fileformat=VCFv4.2\n"), "GENOME_PANEL"),
        (
            vcf("chr10\t1\t.").replace("\tC\t50\tPASS\t.", "\t<NON_REF>\t.\t.\tEND=90"),
            "GENOME_WHOLE",
        ),
    ],
)
def test_the_class_follows_the_rule(text, name, write, importing):
    assert importing(write(text)).classes == {name}


def test_many_variants_are_a_whole_genome(write, importing, monkeypatch):
    monkeypatch.setattr("aceso.formats.genome._classes.WHOLE_VARIANTS", 3)
    rows = [f"chr10\t{position}\t." for position in (1, 2, 3)]

    assert importing(write(vcf(*rows))).classes == {"GENOME_WHOLE"}


def test_several_people_are_not_mixed(write, importing):
    path = write(vcf("chr10\t5\t.", samples="ONE\t둘"))

    assert importing(path).codes == {"several_people"}
    (record,) = importing(path, "둘").records
    assert record.canonical == vcf("chr10\t5\t.", samples="둘").encode()
    assert hashlib.sha256(record.canonical).digest() == record.body.sha256
    assert importing(path, "nobody").codes == {"several_people"}
