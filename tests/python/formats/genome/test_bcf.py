"""
BCF
├── every value of a hand-made file, against the bytes of the specification
│   ├── missing values, ends of vectors, genotypes, flags, floats to their last bit
│   └── lengths of 15 and more
├── the BCF and the VCF of one genome are one record
├── a second reader (htslib, through cyvcf2) says the same of every real file
├── cut anywhere, or with any byte changed, it ends in a refusal or a reading, never in an exception
├── lengths that promise more than is there cost nothing
└── several people are asked about as in VCF
"""

from __future__ import annotations

import gzip
import io
import struct

import cyvcf2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aceso.formats import Kind
from aceso.formats.genome._bcf_records import BcfError, lines
from tests.python.shared_data import SHARED, needs_shared

from ..conftest import import_all

HEADER = (
    b"##fileformat=VCFv4.2\n"
    b'##FILTER=<ID=PASS,Description="All filters passed",IDX=0>\n'
    b"##contig=<ID=chr1,length=1000,IDX=0>\n"
    b'##INFO=<ID=DP,Number=1,Type=Integer,Description="x",IDX=1>\n'
    b'##INFO=<ID=AF,Number=A,Type=Float,Description="x",IDX=2>\n'
    b'##INFO=<ID=DB,Number=0,Type=Flag,Description="x",IDX=3>\n'
    b'##INFO=<ID=TXT,Number=1,Type=String,Description="x",IDX=4>\n'
    b'##FILTER=<ID=q10,Description="x",IDX=5>\n'
    b'##FORMAT=<ID=GT,Number=1,Type=String,Description="x",IDX=6>\n'
    b'##FORMAT=<ID=DP,Number=1,Type=Integer,Description="x",IDX=1>\n'
    b'##FORMAT=<ID=XX,Number=.,Type=Integer,Description="x",IDX=7>\n'
    b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tONE\n"
)
TEXT = b"".join(
    line[: line.index(b",IDX=")] + b">\n" if b",IDX=" in line else line
    for line in HEADER.splitlines(keepends=True)
)


def text(value):
    size = bytes([len(value) << 4 | 7]) if len(value) < 15 else b"\xf7\x11" + bytes([len(value)])
    return size + value


def record(*, ids=b"", alleles=(b"A", b"C"), qual=50.0, filters=b"\x11\x00", infos=(), formats=()):
    shared = struct.pack("<iii", 0, 4, 1) + struct.pack("<f", qual)
    shared += struct.pack("<II", len(alleles) << 16 | len(infos), len(formats) << 24 | 1)
    shared += text(ids) + b"".join(map(text, alleles)) + filters
    shared += b"".join(b"\x11" + bytes([key]) + value for key, value in infos)
    individual = b"".join(b"\x11" + bytes([key]) + value for key, value in formats)
    return struct.pack("<II", len(shared), len(individual)) + shared + individual


def bcf(*records, header=HEADER, magic=b"BCF\x02\x02"):
    return magic + struct.pack("<I", len(header) + 1) + header + b"\0" + b"".join(records)


GT = (6, b"\x21\x02\x05")  # 0|1: (0+1)<<1, (1+1)<<1|1
FLOAT = struct.pack("<f", 0.1)


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (record(formats=[GT]), "chr1\t5\t.\tA\tC\t50\tPASS\t.\tGT\t0|1"),
        (record(ids=b"rs1", filters=b"\x11\x05"), "chr1\t5\trs1\tA\tC\t50\tq10\t.\t.\t."),
        (record(filters=b"\x00"), "chr1\t5\t.\tA\tC\t50\t.\t.\t.\t."),
        (record(alleles=[b"A"]), "chr1\t5\t.\tA\t.\t50\tPASS\t.\t.\t."),
        (
            record(
                infos=[(1, b"\x12\x2c\x01"), (2, b"\x15" + FLOAT), (3, b"\x00"), (4, text(b"hi"))]
            ),
            "chr1\t5\t.\tA\tC\t50\tPASS\tDP=300;AF=0.1;DB;TXT=hi\t.\t.",
        ),
        (
            record(
                infos=[
                    (1, b"\x11\x80"),
                    (2, b"\x15\x01\x00\x80\x7f"),
                    (4, text(b"abcdefghijklmnop")),
                ]
            ),
            "chr1\t5\t.\tA\tC\t50\tPASS\tDP=.;AF=.;TXT=abcdefghijklmnop\t.\t.",
        ),
        (
            record(formats=[(6, b"\x21\x00\x00"), (1, b"\x13\x00\x00\x00\x80")]),
            "chr1\t5\t.\tA\tC\t50\tPASS\t.\tGT:DP\t./.:.",
        ),
        (
            record(formats=[(6, b"\x21\x04\x81"), (7, b"\x32\x07\x00\x00\x80\x01\x80")]),
            "chr1\t5\t.\tA\tC\t50\tPASS\t.\tGT:XX\t1:7,.",
        ),
        (
            record(infos=[(2, b"\x15" + struct.pack("<f", 1e-5))]),
            "chr1\t5\t.\tA\tC\t50\tPASS\tAF=1e-05\t.\t.",
        ),
        (record(qual=16777217.0), "chr1\t5\t.\tA\tC\t16777216\tPASS\t.\t.\t."),
    ],
)
@pytest.mark.parametrize("magic", [b"BCF\x02\x01", b"BCF\x02\x02"])
def test_every_value_comes_out_as_vcf(made, line, magic, write, importing):
    (found,) = importing(write(gzip.compress(bcf(made, magic=magic)))).records

    assert found.canonical == TEXT + line.encode() + b"\n"
    assert found.media_type == "text/vcf"


def test_the_bcf_and_the_vcf_of_a_genome_are_one_record(write, importing):
    binary = importing(write(gzip.compress(bcf(record(formats=[GT])))))
    plain = importing(write(TEXT + b"chr1\t5\t.\tA\tC\t50\tPASS\t.\tGT\t0|1\n"))

    assert binary.format.name == "bcf"
    assert [one.canonical for one in binary.records] == [one.canonical for one in plain.records]
    assert [one.lineage for one in binary.records] == [one.lineage for one in plain.records]


def test_it_is_read_without_compression_too(write, importing):
    assert importing(write(bcf(record(formats=[GT])))).kinds == ["imported"]


def test_the_rules_of_vcf_hold(write, importing):
    read = importing(write(bcf(record(formats=[(6, b"\x21\x02\x07")]))))

    assert (read.outcomes[0].code, read.outcomes[0].place) == ("vcf", "line 13")


REAL = ["multi-contig.bcf", "pharmcat.example.vcf", "HG00404_b37.vcf", "test.vcf.gz", "gvcfz.vcf",
        "100samples.vcf.bgz", "mpileup.vcf", "test-haploidX.vcf", "kidd.aisnp.1kg.vcf"]  # fmt: skip


@pytest.mark.parametrize("name", REAL)
@needs_shared
def test_a_second_reader_says_the_same(name, tmp_path):
    path = SHARED / "genome" / name
    if path.suffix != ".bcf":
        source = cyvcf2.VCF(str(path))
        path = tmp_path / "it.bcf"
        writer = cyvcf2.Writer(str(path), source, mode="wb")
        for one in source:
            writer.write_record(one)
        writer.close()
    theirs = cyvcf2.VCF(str(path))
    said = theirs.raw_header + "".join(map(str, theirs))

    with gzip.open(path) as stream:
        assert b"".join(lines(stream)).decode() == said


WHOLE = bcf(
    record(ids=b"rs1", infos=[(1, b"\x11\x07"), (2, b"\x15" + FLOAT)], formats=[GT]),
    record(alleles=[b"G", b"T"], formats=[GT, (1, b"\x11\x09")]),
)


@pytest.mark.parametrize("size", range(6, len(WHOLE), 7))
def test_cut_anywhere_it_says_so(size, write, importing):
    read = importing(write(WHOLE[:size]))

    ends_of_records = {
        len(bcf()),
        len(WHOLE) - len(record(alleles=[b"G", b"T"], formats=[GT, (1, b"\x11\x09")])),
    }
    if size not in ends_of_records:
        assert read.codes == {"truncated"} and not read.records


@given(st.integers(5, len(WHOLE) - 1), st.integers(0, 255))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_changed_byte_ends_in_an_outcome(tmp_path, at, byte):
    path = tmp_path / "it"
    path.write_bytes(WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :])

    (outcome,) = import_all(path).outcomes
    assert outcome.kind in (Kind.REFUSED, Kind.IMPORTED) and outcome.reason


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"BCF\x02\x02\xff\xff\xff\xff", "too_large"),
        (bcf(struct.pack("<II", 0xFFFFFFFF, 0)), "too_large"),
        (bcf(struct.pack("<II", 1 << 24, 0)), "truncated"),
        (bcf(record(infos=[(1, b"\xf1\x13\xff\xff\xff\x7f")])), "damaged"),
        (bcf(record(infos=[(1, b"\xf1\x11\xff")])), "damaged"),
        (bcf(record(infos=[(99, b"\x11\x01")])), "damaged"),
        (bcf(record(infos=[(1, b"\x14\x01")])), "damaged"),
        (bcf(record(formats=[(6, b"\x27ab")])), "damaged"),
        (bcf(record(ids=b"a\nchr1\t6")), "damaged"),
        (bcf(header=HEADER.replace(b"IDX=7", b"IDX=99999999")), "damaged"),
        (bcf(header=b"##fileformat=VCFv4.2\n"), "damaged"),
        (bcf(header=HEADER.replace(b"\tONE", b"\tONE\tTWO")) + record(formats=[GT]), "damaged"),
        (bcf(), "no_variants"),
    ],
)
def test_what_is_wrong_is_refused(data, code, write, importing):
    assert importing(write(data)).codes == {code}


@needs_shared
def test_a_bgzip_file_without_its_end_is_refused(write, importing):
    path = SHARED / "genome" / "multi-contig.bcf"

    assert importing(write(path.read_bytes()[:-28]), "NA00001").codes == {"truncated"}
    assert importing(path, "NA00001").kinds == ["imported"]
    assert importing(path).codes == {"several_people"}


def test_an_error_holds_no_value():
    data = io.BytesIO(bcf(record(ids=b"a\tb")))

    with pytest.raises(BcfError) as caught:
        list(lines(data))
    assert "a\tb" not in str(caught.value) and caught.value.number == 1
