"""
what of a genome may be in an extract
├── the lines of the regions and rs numbers that were asked for, with their genotypes, and no other
├── nothing without a request; nothing of a region of another assembly
├── no header, sample name, file date, source, command, INFO or id of the laboratory
├── a genome of several people is refused; so is a region without its assembly
├── the table of a DNA test, which has no reference bases, is in no extract
└── what is made is a well-formed VCF that our own reader takes
"""

from __future__ import annotations

import io

import pytest

from aceso import formats
from aceso.codes import DataClass
from aceso.errors import UsageError
from aceso.formats import FormatError
from aceso.formats.genome.vcf import check
from aceso.research import Locus, Rules, extract
from aceso.research.deidentify._genome import cut_genome
from tests.python.shared_data import SHARED, needs_shared

_HEAD = b"""##fileformat=VCFv4.2
##fileDate=20240102
##source=Hangang Laboratory, run by Kim Na-ra
##reference=file:///folder/of/kim/GRCh38.fa
##SAMPLE=<ID=KIM-NARA,Description="Kim Na-ra">
##contig=<ID=chr10,length=133797422,md5=00,species="Homo sapiens">
##INFO=<ID=NOTE,Number=1,Type=String,Description="Note">
##INFO=<ID=END,Number=1,Type=Integer,Description="End">
##FILTER=<ID=kimq,Description="quality as Kim sees it">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=XX,Number=1,Type=String,Description="Own">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tKIM-NARA
"""
_LINES = [
    b"chr10\t100\trs1;kim-1\tA\tG\t50\tPASS\tNOTE=Kim\tGT:XX:DP\t0/1:Kim:12",
    b"chr10\t150\t.\tC\t<NON_REF>\t.\t.\tEND=260\tGT:DP\t0/0:20",
    b"chr10\t200\tkim-2\tC\tT\t9\tkimq\t.\tGT:DP\t1|1:x",
    b"chr10\t201\trs7\tC\tT\t9\tPASS\t.\tGT\t0/1",
    b"chr10\t250\t.\tG\tG]chr2:321681]\t9\tPASS\t.\tGT\t0/1",
]
_VCF = _HEAD + b"\n".join(_LINES) + b"\n"


def cut(*loci, variants=(), vcf=_VCF):
    removed = {}
    made = cut_genome(io.BytesIO(vcf), [Locus.parse(one) for one in loci], variants, removed)
    return (made or b"").decode(), removed


def rows(text):
    return [line.split("\t") for line in text.splitlines() if line and line[0] != "#"]


def test_only_what_was_asked_for_stays():
    text, removed = cut("chr10:100-200@GRCh38")

    assert [row[1] for row in rows(text)] == ["100", "150", "200"]
    assert rows(text)[0] == ["chr10", "100", "rs1", "A", "G", "50", "PASS", ".", "GT:DP", "0/1:12"]
    # A block of reference calls ends with the region.
    assert rows(text)[1][7] == "END=200"
    assert rows(text)[2] == ["chr10", "200", ".", "C", "T", "9", "notpass", ".", "GT:DP", "1|1:."]
    assert removed["VCF.sample"] == "A" and removed["VCF.header"] == "R"
    assert {"VCF.INFO", "VCF.FORMAT", "VCF.FILTER", "VCF.ID", "VCF.variants"} <= set(removed)


def test_nothing_of_the_laboratory_or_the_person_is_left():
    text, removed = cut("10:1-999@GRCh38", variants=["rs7"])

    for word in ("kim", "nara", "hangang", "2024", "home", "md5", "note", "own"):
        assert word not in text.casefold().replace("notpass", ""), word
    assert "321681" not in text and removed["VCF.ALT"] == "R"
    reading = check(enumerate(text.encode().splitlines(keepends=True), 1))
    assert reading.samples == [b"SUBJECT"] and reading.variants == 4


@pytest.mark.parametrize(
    ("loci", "variants", "places"),
    [
        ((), (), []),
        ((), ("rs7",), ["201"]),
        (("10:100-200@GRCh37",), (), []),
        (("11:100-200@GRCh38",), (), []),
        (("10:201-250@GRCh38",), ("rs1",), ["100", "201"]),
    ],
)
def test_what_was_not_asked_for_is_not_in_it(loci, variants, places):
    assert [row[1] for row in rows(cut(*loci, variants=variants)[0])] == places


@pytest.mark.parametrize(
    "text", ["", "10:1-2", "10:5-2@GRCh38", "chr99x:1-2@GRCh38", "10:0-1@hg38"]
)
def test_a_region_names_its_assembly(text):
    with pytest.raises(UsageError) as caught:
        Locus.parse(text)
    assert caught.value.code == "E_LOCUS"


def test_a_genome_of_several_people_is_refused():
    several = _VCF.replace(b"\tKIM-NARA\n", b"\tKIM-NARA\tLEE\n")
    with pytest.raises(FormatError, match="several people"):
        cut("10:1-999@GRCh38", vcf=several)


def _genotypes(text):
    return {
        (row[0], row[1], row[3], row[4]): row[9].split(":")[0]
        for row in rows(text)
        if row[8].split(":")[0] == "GT"
    }


@needs_shared
def test_real_genomes_keep_their_genotypes():
    seen, files = 0, 0
    for path in sorted((SHARED / "genome").iterdir()):
        with formats.import_file(path) as imported:
            records = [one for one in imported.records() if one.media_type == formats.VCF]
            if not records:
                continue
            source = records[0].canonical.decode()
            assembly = check(
                enumerate(source.encode().splitlines(keepends=True), 1)
            ).header.assembly
            if assembly is None:
                continue
            lines = rows(source)
            chrom, first = lines[0][0], int(lines[0][1])
            last = max(int(one[1]) for one in lines[: len(lines) // 2 + 1] if one[0] == chrom)
            locus = Locus.parse(f"{chrom}:{first}-{last}@{assembly}")
            rules = Rules(
                classes=DataClass.GENOME_WHOLE | DataClass.GENOME_PANEL | DataClass.PHARMACOGENES,
                key=bytes(32),
                loci=(locus,),
            )
            made = extract(records, rules)
        (genome,) = made.genomes
        text = genome.decode()
        kept = rows(text)
        inside = [one for one in lines if one[0] == chrom and first <= int(one[1]) <= last]
        assert 0 < len(kept) <= len(inside), path.name
        assert all(one[0] == chrom and first <= int(one[1]) <= last for one in kept)
        assert _genotypes(text).items() <= _genotypes(source).items(), path.name
        for sample in check(enumerate(source.encode().splitlines(keepends=True), 1)).samples:
            assert sample == b"SUBJECT" or sample.decode() not in text, path.name
        assert "##source" not in text and "ommand" not in text and "##fileDate" not in text
        check(enumerate(genome.splitlines(keepends=True), 1))
        seen, files = seen + len(kept), files + 1
    assert seen > 50 and files > 5


@needs_shared
def test_the_table_of_a_dna_test_is_in_no_extract():
    path = SHARED / "genome" / "sample_genome_snps.txt"
    with formats.import_file(path) as imported:
        records = list(imported.records())
        rules = Rules(
            classes=DataClass.GENOME_WHOLE | DataClass.GENOME_PANEL | DataClass.PHARMACOGENES,
            key=bytes(32),
            loci=(Locus("GRCh37", "1", 1, 10**9),),
            variants=frozenset({"rs3737576"}),
        )
        made = extract(records, rules)

    assert records and made.count == 0
