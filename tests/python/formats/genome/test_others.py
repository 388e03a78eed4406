"""
files that are kept as they are
├── each kind is told by its contents, and its outcome says what it is
├── a genome has the class of one
├── an index is left out
└── no file of another kind is taken for one
"""

from __future__ import annotations

import gzip

import pytest

from aceso.formats import detect
from tests.python.shared_data import SHARED, needs_shared, shared_files

PED = "F1 I1 0 0 1 -9 A A C G 0 0 T T\n"
KINDS = {
    "bam": gzip.compress(b"BAM\x01\x00\x00\x00\x00"),
    "cram": b"CRAM\x03\x00" + b"\x00" * 20,
    "sam": b"@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:chr1\tLN:248956422\n",
    "fastq": b"@SEQ_ID x\nGATTTGGGGTTC\n+\n!''*((((***+\n",
    "fasta": b">chrM\nGATCACAGGTCTATCACCCTATTAACCACTCACGGGAGC\n",
    "2bit": b"\x43\x27\x41\x1a\x00\x00\x00\x00",
    "plink-bed": b"\x6c\x1b\x01\xff\x00",
    "plink-ped": PED.encode(),
    "plink-bim": b"1\trs1\t0\t752566\tG\tA\n1\trs2\t0\t752721\tA\tG\n",
    "plink-map": b"1 rs3131972 0 752721\n1 rs12562034 0 768448\n",
    "plink-fam": b"F1 I1 0 0 1 -9\n",
    "gff": b"##gff-version 3\nchr1\tx\tgene\t1\t9\t.\t+\t.\tID=g\n",
    "bed": b"track name=x\nchr7\t127471196\t127472363\tPos1\n",
}


@pytest.mark.parametrize(("name", "data"), KINDS.items(), ids=KINDS)
def test_each_kind_is_told_and_kept(name, data, write, importing):
    read = importing(write(data))

    assert read.format.name == name
    assert [(one.kind.value, one.code) for one in read.outcomes] == [("kept", "genome_file")]
    # The file is kept whole as what it is: reads of a genome are a genome.
    (outcome,) = read.outcomes
    known = outcome.data_class
    assert read.source.data_class.name == ("UNCLASSIFIED" if known is None else known.name)
    assert known is not None or name in ("plink-bim", "plink-map", "plink-fam")


@pytest.mark.parametrize("name", ["bam", "cram", "sam", "fastq", "plink-bed", "plink-ped"])
def test_a_genome_has_the_class_of_one(name, write):
    from aceso.formats import read

    ((outcome, piece),) = read(write(KINDS[name]))
    assert outcome.data_class is not None and outcome.data_class.name == "GENOME_WHOLE"
    assert piece is None


def test_what_is_packed_is_told_too(write, importing):
    assert importing(write(gzip.compress(KINDS["fastq"]))).codes == {"genome_file"}


@pytest.mark.parametrize("name", ["test.vcf.gz.tbi", "multi-contig.bcf.csi"])
@needs_shared
def test_an_index_is_left_out(name, importing):
    path = SHARED / "genome" / name

    assert [(one.kind.value, one.code) for one in importing(path).outcomes] == [
        ("skipped", "genome_index")
    ]


def test_no_file_of_another_kind_is_taken_for_one():
    known = {*KINDS, "bcf", "genotypes", "tabix", "csi", "bai"}
    taken = {path.name for path in shared_files() if detect(path).name in known}
    arrays = {"sample_genome_snps.txt", *(f"dtc_{name}" for name in (
        "23andme.txt", "23andme_win.txt", "ancestry.txt", "ftdna.csv", "livingdna.csv",
        "myheritage.csv", "duplicate_rsids.csv"))}  # fmt: skip

    assert taken <= arrays | {"test.vcf.gz.tbi", "multi-contig.bcf", "multi-contig.bcf.csi"}


@pytest.mark.parametrize(
    "text",
    [
        "> quoted mail\nhello there, how are you\n",
        "@someone wrote:\nhello\n",
        "1 2 3 4 5 6\n",
        "a,b,c,d,1,2\n",
        "name\tvalue\n",
    ],
)
def test_plain_texts_are_none_of_them(text, write):
    assert detect(write(text)).name not in KINDS


def test_a_genome_beside_something_unknown_is_unclassified(importing, tmp_path):
    import zipfile

    path = tmp_path / "archive"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", KINDS["sam"])
    assert importing(path).source.data_class.name == "GENOME_WHOLE"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("b", b"\x00\x01 unknown")
    assert importing(path).source.data_class.name == "UNCLASSIFIED"
