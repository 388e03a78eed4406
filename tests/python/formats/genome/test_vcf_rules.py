"""
the rules of VCF (their files of hts-specs are in test_every_file)
├── header: reserved keys, quotes, IDs, Number and Type
├── values of INFO and of samples are of the Type and Number that the header declares
├── positions are in order, and each variant comes once, however it is written
├── likelihoods are as many as genotypes
├── before 4.3, what callers write and nobody misreads is taken
├── Korean in the header, CRLF, a last line without an end
├── a control character, and what an editor made of a file, are said
├── a dot for REF is refused with what to ask for
├── ten thousand people in a file: refused in time, and one of them read
└── real files are read for each of their people
"""

from __future__ import annotations

import pytest

from aceso.formats import import_file
from tests.python.shared_data import SHARED, needs_shared

DECLARED = (
    '##INFO=<ID=MY,Number=1,Type=Integer,Description="x">\n'
    '##INFO=<ID=EACH,Number=A,Type=Float,Description="x">\n'
    '##INFO=<ID=ALL,Number=R,Type=Integer,Description="x">\n'
    '##INFO=<ID=ON,Number=0,Type=Flag,Description="x">\n'
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="x">\n'
    '##FORMAT=<ID=TWO,Number=2,Type=Integer,Description="x">\n'
    '##FORMAT=<ID=PL,Number=G,Type=Integer,Description="x">\n'
)
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tONE\n"


def row(pos="5", ref="A", alt="C", *, ids=".", filters="PASS", info=".", form="GT", one="0/1"):
    return f"1\t{pos}\t{ids}\t{ref}\t{alt}\t50\t{filters}\t{info}\t{form}\t{one}\n"


def file(*rows, version="4.3", header=DECLARED):
    return f"##fileformat=VCFv{version}\n{header}{COLUMNS}{''.join(rows)}"


def place(text, write, importing):
    (outcome,) = importing(write(text)).outcomes
    return outcome.place if outcome.kind.value == "refused" else outcome.kind.value


@pytest.mark.parametrize(
    "good",
    [
        {"info": "MY=3;EACH=0.5;ALL=1,2;ON"},
        {"info": "MY=.;EACH=1e-3;ALL=.,."},
        {"info": "EACH=nan;UNKNOWN=any thing"},
        {"alt": "C,G", "info": "EACH=0.5,.;ALL=1,2,3", "one": "1/2"},
        {"form": "GT:TWO:PL", "one": "0|1:1,2:0,1,2"},
        {"form": "GT:TWO:PL", "one": "./.:.:."},
        {"form": "GT:TWO:PL", "one": "1"},
        {"form": "GT:PL", "one": "1:0,1"},
        {"alt": "C,G", "form": "GT:PL", "one": "0/2:1,2,3,4,5,6"},
        {"alt": "<DEL>", "info": "END=90"},
        {"alt": "A[2:4[", "ids": "bnd_1;rs7"},
        {"alt": "<NON_REF>", "info": "END=9", "one": "0/0"},
        {"filters": "q10;s50"},
    ],
)
def test_takes_what_the_header_allows(good, write, importing):
    assert place(file(row(**good)), write, importing) == "imported"


@pytest.mark.parametrize(
    "bad",
    [
        {"info": "MY=1.5"},
        {"info": "MY=a"},
        {"info": "MY=1,2"},
        {"info": "MY=2147483648"},
        {"info": "MY=1;MY=2"},
        {"info": "EACH=0.5,0.5"},
        {"info": "ALL=1"},
        {"info": "ON=yes"},
        {"info": "AC=-1"},
        {"info": "DP=1.5"},
        {"info": "CIGAR=12Z"},
        {"form": "GT:TWO", "one": "0/1:1"},
        {"form": "GT:TWO", "one": "0/1:1,x"},
        {"form": "GT:PL", "one": "0/1:1,2"},
        {"form": "GT:PL", "one": "1:0,1,2"},
        {"form": "GT:TWO", "one": "0/1:1,2:3"},
        {"form": "TWO:GT", "one": "1,2:0/1"},
        {"one": "0/2"},
        {"one": "0/x"},
        {"one": ""},
        {"alt": "C,.", "one": "0/1"},
        {"alt": "[1:100["},
        {"alt": "R"},
        {"ref": "B"},
        {"ids": "rs1;"},
        {"ids": "rs1;rs1"},
        {"filters": "PASS;"},
        {"filters": "q10;q10"},
        {"filters": ""},
    ],
)
def test_refuses_what_breaks_a_rule_by_its_line(bad, write, importing):
    assert place(file(row("4", ref="G"), row(**bad)), write, importing) == "line 11"


@pytest.mark.parametrize(
    "line",
    [
        '##INFO=<ID=DP,Number=1,Type=String,Description="depth">',
        '##INFO=<ID=AF,Number=1,Type=Float,Description="frequency">',
        '##FORMAT=<ID=GT,Number=1,Type=Integer,Description="genotype">',
        '##INFO=<ID=X,Number=N,Type=Integer,Description="x">',
        '##INFO=<ID=X,Number=1,Type=Int,Description="x">',
        '##INFO=<Number=1,Type=Integer,Description="x",ID=X>',
        "##INFO=<ID=X,Number=1,Type=Integer,Description=x>",
        '##INFO=<ID=X,Number=1,Type=Integer,Description="x>',
        '##INFO=<ID=X,Number=1,Type=Integer,Description="an "inner" quote">',
        '##INFO=<ID=X,Number=1,Type=Integer,Description="x"',
        "##contig=<ID=1 A>",
        "##contig=<length=5>",
        '##ALT=<ID=THIS:IS-NOT-VALID,Description="x">',
        "##reference=",
        "##a line of prose",
        "#a comment",
    ],
)
def test_refuses_a_header_by_its_line(line, write, importing):
    text = file(row(info="."), header=line + "\n")

    assert place(text, write, importing) == "line 2"


def test_positions_are_in_order(write, importing):
    back = file(row("5"), row("4", ref="G"))
    again = file(row("5"), "2" + row("5")[1:], row("6", ref="T"))

    assert place(back, write, importing) == "line 11"
    assert place(again, write, importing) == "line 12"
    assert place(file(row("5"), row("5", alt="G")), write, importing) == "imported"
    assert place(back.replace("v4.3", "v4.1"), write, importing) == "imported"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("5", "A", "C"), ("5", "a", "c")),
        (("5", "TAT", "TGT"), ("6", "A", "G")),
        (("5", "AT", "AAT,AA"), ("6", "T", "A")),
        (("5", "CAA", "CA"), ("5", "CA", "C")),
    ],
)
def test_a_variant_comes_once_however_it_is_written(first, second, write, importing):
    assert place(file(row(*first), row(*second)), write, importing) == "line 11"


@pytest.mark.parametrize(
    "old",
    [
        {"ids": "rs1;rs1"},
        {"alt": "C,X", "form": "GT", "one": "0/1"},
        {"form": "GT:PL", "one": "1:0,1,2"},
        {"info": "MINE=1;MINE=2"},
    ],
)
def test_habits_from_before_4_3(old, write, importing):
    assert place(file(row(**old), version="4.2"), write, importing) == "imported"
    assert place(file(row(**old)), write, importing) == "line 10"


def test_korean_and_windows(write, importing):
    text = file(row(), header='##검사실=서울\n##FILTER=<ID=q,Description="낮은 품질">\n')
    text = text.replace("##검사실", "##source").replace("\n", "\r\n")

    (record,) = importing(write(text)).records
    assert record.canonical == text.encode()


def test_a_last_line_without_an_end_is_cut(write, importing):
    text = file(row()).rstrip("\n")

    assert importing(write(text)).codes == {"truncated"}
    assert place(text.replace("v4.3", "v4.2"), write, importing) == "imported"


def test_a_span_of_symbols_may_repeat(write, importing):
    assert place(file(row(alt="<INS>"), row(alt="<INS>")), write, importing) == "imported"


@pytest.mark.parametrize(
    ("name", "people", "variants"),
    [
        ("multisample.vcf", 2, "1,202 variants"),
        ("100samples.vcf.bgz", 100, "873 variants"),
        ("test.vcf.gz", 189, "115 variants"),
        ("test-haploidX.vcf", 3, "777 variants"),
        ("test.snpeff.vcf", 4, "10 variants"),
        ("mpileup.vcf", 3, "4,103 variants"),
        ("hts_4.3_complexfile_passed_000.vcf", 100, "27 variants"),
        ("kidd.aisnp.1kg.vcf", 2504, "55 variants"),
        ("HG00404_b37.vcf", 0, "5,698 variants"),
        ("gvcfz.vcf", 0, "2,595 variants"),
    ],
)
@needs_shared
def test_real_files_are_read_for_each_of_their_people(name, people, variants):
    path = SHARED / "genome" / name
    with import_file(path) as imported:
        found = [one.key for one in imported.people]
        if people == 0:
            found = [record.subject for record in imported.records()]
    assert len(found) == max(1, min(people, 1000))  # No more are asked about.
    with import_file(path, subject_hint=found[-1]) as imported:
        (outcome,) = imported.outcomes()
        assert outcome.kind.value == "imported"
        assert outcome.reason.startswith(variants)


@pytest.mark.parametrize("empty", ["##\n", "## \n", "####\n"])
def test_an_empty_line_of_the_header_says_nothing(empty, write, importing):
    assert place(file(row(), header=empty + DECLARED), write, importing) == "imported"


def test_a_line_without_a_key_is_no_empty_one(write, importing):
    assert place(file(row(), header="##=x\n" + DECLARED), write, importing) == "line 2"


@pytest.mark.parametrize("version", ["4.1", "4.2", "4.3", "4.5"])
def test_a_dot_for_the_reference_is_said(version, write, importing):
    (outcome,) = importing(write(file(row(ref="."), version=version))).outcomes

    assert (outcome.kind.value, outcome.place) == ("refused", "line 10")
    assert outcome.reason.startswith("REF is a dot") and "ask for a VCF with" in outcome.reason


def test_ten_thousand_people_in_a_file(write, importing):
    count, lines = 10_000, 60
    names = "\t".join(f"S{number}" for number in range(count))
    cells = "\t".join(["0/1:1,2:0,10,99"] * (count - 1) + ["1/1:3,4:99,10,0"])
    path = write(
        f"##fileformat=VCFv4.3\n{DECLARED}{COLUMNS.replace('ONE', names)}"
        + "".join(
            f"1\t{at}\t.\tA\tC\t50\tPASS\t.\tGT:TWO:PL\t{cells}\n" for at in range(1, lines + 1)
        )
    )

    (outcome,) = importing(path).outcomes
    assert (outcome.kind.value, outcome.code) == ("refused", "several_people")
    read = importing(path, f"S{count - 1}")
    assert read.kinds == ["imported"]
    (record,) = read.records
    assert record.canonical.count(b"\t1/1:3,4:99,10,0\n") == lines
    assert b"S0" not in record.canonical


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\r"])
def test_a_control_character_is_refused(sign, write, importing):
    (outcome,) = importing(write(file(row(ids=f"rs{sign}1")))).outcomes

    assert (outcome.kind.value, outcome.place) == ("refused", "line 10")
    assert "a control character" in outcome.reason


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "mac"])
def test_what_an_editor_made_of_a_file_is_said(encoding, write, importing):
    text = file(row())
    data = text.replace("\n", "\r").encode() if encoding == "mac" else text.encode(encoding)
    (outcome,) = importing(write(data)).outcomes

    assert outcome.kind.value == "refused" and "saved by an editor" in outcome.reason
