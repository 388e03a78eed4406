"""
a file that is created
├── can be read by its owner alone
├── is not overwritten, unless that is said; nor is what a link leads to
├── is whole or not there: an error on the way leaves nothing
└── a folder in its place, or none to write to: an error of ours
a genome
└── goes out byte for byte, and comes back as the same record
"""

from __future__ import annotations

import stat

import pytest

from aceso.exports import ExportError, create, write_body
from aceso.formats import VCF
from tests.python.shared_data import SHARED, needs_shared

from .conftest import held_of, ids

VCF_TEXT = (
    b"##fileformat=VCFv4.2\n"
    b'##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tme\n"
    b"chr1\t100\trs1\tA\tG\t.\tPASS\t.\tGT\t0/1\n"
)


def test_only_the_owner_reads_it(tmp_path):
    path = tmp_path / "new" / "file.json"
    with create(path, replace=False) as stream:
        stream.write(b"mine")
    assert path.read_bytes() == b"mine"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["file.json"]


def test_nothing_is_overwritten(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with pytest.raises(ExportError) as raised, create(path, replace=False):
        pass
    assert raised.value.code == "E_EXPORT_EXISTS"
    assert path.read_bytes() == b"before"


def test_one_that_comes_in_between_is_not_overwritten(tmp_path):
    path = tmp_path / "file"
    with pytest.raises(ExportError) as raised, create(path, replace=False) as stream:
        stream.write(b"ours")
        path.write_bytes(b"theirs")
    assert raised.value.code == "E_EXPORT_EXISTS"
    assert path.read_bytes() == b"theirs"


def test_it_is_replaced_where_that_is_said(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    path.chmod(0o644)
    with create(path, replace=True) as stream:
        stream.write(b"after")
    assert path.read_bytes() == b"after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_not_followed(tmp_path):
    target = tmp_path / "elsewhere"
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(ExportError), create(link, replace=False):
        pass
    with create(link, replace=True) as stream:
        stream.write(b"here")
    assert not target.exists()
    assert not link.is_symlink()


def test_an_error_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), create(tmp_path / "file", replace=False) as stream:
        stream.write(b"half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ExportError) as raised, create(tmp_path, replace=True):
        pass
    assert raised.value.code == "E_EXPORT_FILE"
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(ExportError) as raised, create(blocked / "below", replace=False):
        pass
    assert raised.value.code == "E_EXPORT_FILE"


def genomes():
    return [p for p in sorted(SHARED.glob("genome/*.vcf")) if p.stat().st_size < 200_000]


def comes_back(path, tmp_path):
    held = [one for one in held_of(path) if one.media_type == VCF]
    for number, one in enumerate(held):
        out = tmp_path / f"genome-{number}.vcf"
        with create(out, replace=False) as stream:
            assert write_body(one, stream) == one.body.size
        assert ids(held_of(out)) == ids([one])
    return len(held)


def test_a_genome_comes_back(tmp_path):
    path = tmp_path / "mine.vcf"
    path.write_bytes(VCF_TEXT)
    assert comes_back(path, tmp_path) == 1
    assert (tmp_path / "genome-0.vcf").read_bytes() == VCF_TEXT


@needs_shared
@pytest.mark.parametrize("path", genomes(), ids=lambda path: path.name)
def test_sample_genomes_come_back(path, tmp_path):
    comes_back(path, tmp_path)
