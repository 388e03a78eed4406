"""The lines of a VCF, each checked by what the header declares.

For each FORMAT of a file one regular expression is made, by which a sample is checked at once;
only what doesn't match is looked at part by part, to say what is wrong.

Version 4.3 wrote down much that was custom before. Files of older versions are real people's, and
some of their callers' habits lose nothing, so before 4.3 these are taken: positions out of order, a
Character of several letters, an AD that counts alleles which were dropped, a haploid genotype with
the likelihoods of a diploid one, an ID or a custom key
of INFO twice, and X for "any other allele".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ._vcf_header import RESERVED_INFO, Declared, Header, VcfError

__all__ = ["Lines"]

_CHROM = re.compile(rb"<[^<>\s:]+>\Z|HLA-[^\s<>,]+\Z|[^\s:<>*=,][^\s:<>*,]*\Z")
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f]")
_POS = re.compile(rb"[0-9]{1,10}\Z")
# The reference has a few M and R; in an alternative allele they would be no call.
_REF = re.compile(rb"[ACGTNMRacgtnmr]+\Z")
_ALT = re.compile(
    rb"(?:[ACGTNacgtn]+|\*|\.|<[^<>\s,]+>|[ACGTNacgtn.]+[\[\]][^\[\]\s,]+[\[\]]"
    rb"|[\[\]][^\[\]\s,]+[\[\]][ACGTNacgtn.]+|\.[ACGTNacgtn]+|[ACGTNacgtn]+\.)\Z"
)
_BASES = re.compile(rb"[ACGTNacgtn]+\Z")
_QUAL = re.compile(
    rb"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z|[+]?[Ii]nf(?:inity)?\Z|[Nn]a[Nn]\Z|\.\Z"
)
_INFO_KEY = re.compile(rb"(?:[A-Za-z_][0-9A-Za-z_.]*|1000G)\Z")
_FORMAT_KEY = re.compile(rb"[A-Za-z_][0-9A-Za-z_.]*\Z")
_DIGITS = re.compile(rb"[0-9]{10,}")
_CIGAR = re.compile(rb"(?:(?:[0-9]+[MIDNSHPX=])+|\.)(?:,(?:(?:[0-9]+[MIDNSHPX=])+|\.))*\Z")
_NOT_NEGATIVE = frozenset((b"AC", b"AF", b"AN", b"DP", b"END", b"MQ0", b"NS"))
_FLOAT = (
    rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?[Ii]nf(?:inity)?|[+-]?[Nn]a[Nn]"
)
_ELEMENTS = {
    b"Integer": rb"[+-]?[0-9]+",
    b"Float": _FLOAT,
    b"Character": rb"[^,:]",
    b"String": rb"[^,:]*",
}
_LOWEST, _HIGHEST = -(2**31) + 8, 2**31 - 1
_MAX_COUNT = 1000
_MAX_SPAN = 100_000


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a FORMAT and a number of alleles ask of each sample."""

    keys: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    parts: tuple[re.Pattern[bytes], ...]
    likelihoods: tuple[int, ...]  # Where PL stands, if it has one value for each genotype.
    integers: tuple[int, ...]


@dataclass(slots=True)
class Lines:
    """Checks lines in the order of the file."""

    header: Header
    reference_blocks: bool = False
    _chrom: bytes = b""
    _pos: int = -1
    _done: set[bytes] = field(default_factory=set)
    _seen: set[tuple[int, bytes, bytes]] = field(default_factory=set)
    _seen_until: int = -1
    _shapes: dict[tuple[bytes, int], _Shape] = field(default_factory=dict)
    _infos: dict[tuple[bytes, int], re.Pattern[bytes] | None] = field(default_factory=dict)
    _filters: set[bytes] = field(default_factory=set)

    def take(self, number: int, line: bytes) -> tuple[bytes, int]:
        """Check one line without its line end; give its chromosome and position."""
        if not line:
            raise VcfError(number, "it is empty; a VCF has no empty lines among its variants")
        if _CONTROL.search(line):
            raise VcfError(number, "it has a control character, which VCF has no place for")
        cells = line.split(b"\t")
        width = self.header.width
        if len(cells) != width:
            raise VcfError(number, f"it has {len(cells)} columns where the header has {width}")
        chrom, pos, ids, ref, alt, qual, filters, info = cells[:8]
        if chrom != self._chrom and chrom.strip(b"<>") != self._chrom.strip(b"<>"):
            self._next_chromosome(number, chrom)
        if not _POS.match(pos):
            raise VcfError(number, "POS is not a whole number from 0 up")
        place = int(pos)
        # hts-specs has a 4.5 file out of order among those that must pass.
        if place < self._pos and self.header.minor in (3, 4):
            raise VcfError(number, "its POS is lower than that of the line before; sort the file")
        self._pos = place
        if ids != b".":
            _check_ids(number, ids, twice=self.header.minor < 3)
        alts = alt.split(b",")
        self._alleles(number, place, ref, alts)
        if not _QUAL.match(qual):
            raise VcfError(number, "QUAL is neither a number nor a dot")
        if filters not in self._filters:
            _check_filters(number, filters)
            if len(self._filters) < 1000:
                self._filters.add(filters)
        count = 0 if alt == b"." else len(alts)
        if info != b".":
            self._check_info(number, info, count)
        if width > 8:
            self._check_samples(number, cells, count)
        if alt in (b"<NON_REF>", b"<*>") and b"END=" in info:
            self.reference_blocks = True
        return chrom, place

    def _next_chromosome(self, number: int, chrom: bytes) -> None:
        if not _CHROM.match(chrom):
            raise VcfError(number, "CHROM is no name of a sequence")
        if chrom in self._done:
            raise VcfError(
                number, "its CHROM was left before and comes again; sort the file by CHROM and POS"
            )
        self._done.add(chrom)
        self._chrom = chrom
        self._pos = self._seen_until = -1
        self._seen.clear()

    def _alleles(self, number: int, place: int, ref: bytes, alts: list[bytes]) -> None:
        if ref == b".":
            raise VcfError(
                number,
                "REF is a dot, so nobody can say what the variant is a change of; ask for a VCF "
                "with the bases of the reference",
            )
        if not _REF.match(ref):
            raise VcfError(number, "REF is no sequence of bases")
        if not self._seen_until - _MAX_SPAN < place <= self._seen_until:
            self._seen.clear()
            self._seen_until = place
        self._seen_until = max(self._seen_until, place + len(ref))
        for alt in alts:
            if not _ALT.match(alt) and not (alt == b"X" and self.header.minor < 3):
                raise VcfError(number, "ALT is neither bases, *, <ID>, a breakend nor a dot")
            if alt == b"." and len(alts) > 1:
                raise VcfError(number, "ALT has a dot among other alleles")
            if alt[:1] in b"<*.[]" or not _BASES.match(alt):
                continue
            key = _trimmed(place, ref.upper(), alt.upper())
            if key in self._seen:
                raise VcfError(number, "it repeats a variant that a line before has")
            self._seen.add(key)

    def _check_info(self, number: int, info: bytes, alts: int) -> None:
        if info.endswith(b";"):
            info = info[:-1]
        keys = set()
        parts = info.split(b";")
        for part in parts:
            key, equals, value = part.partition(b"=")
            if key not in self.header.info and not _INFO_KEY.match(key.strip()):
                raise VcfError(number, "INFO has a key that is no name")
            keys.add(key)
            if not equals:
                continue
            try:
                pattern = self._infos[key, alts]
            except KeyError:
                pattern = self._infos[key, alts] = self._info_pattern(key, alts)
            if pattern is None:
                continue
            if not pattern.match(value):
                raise VcfError(number, "a value of INFO is not of the Type and Number of its key")
            if len(value) > 9:
                declared = self.header.info[key]
                if declared.type == b"Integer":
                    _check_size(number, value, self.header.minor)
        if len(keys) != len(parts) and self._repeats(parts):
            raise VcfError(number, "INFO has a key twice")

    def _repeats(self, parts: list[bytes]) -> bool:
        """Whether a key that comes twice is one of which only one value can be right."""
        if self.header.minor >= 3:
            return True
        keys = [part.partition(b"=")[0] for part in parts]
        return any(keys.count(key) > 1 for key in keys if key in RESERVED_INFO)

    def _info_pattern(self, key: bytes, alts: int) -> re.Pattern[bytes] | None:
        declared = self.header.info.get(key)
        if declared is None:
            return None
        if declared.type == b"Flag":
            return re.compile(rb"[01]\Z")
        if key == b"CIGAR" and not declared.stated:
            return _CIGAR
        sign = key in _NOT_NEGATIVE
        if declared.type == b"String" and key != b"AA" and declared.number.isdigit():
            # A text may have commas of its own, and no reader misreads it for that.
            return None
        if declared.type == b"Character" and self.header.minor < 3:
            return None
        return re.compile(_value(declared, alts, not_negative=sign, info=True) + rb"\Z")

    def _check_samples(self, number: int, cells: list[bytes], alts: int) -> None:
        text = cells[8]
        shape = self._shapes.get((text, alts))
        if shape is None:
            shape = self._shape(number, text, alts)
            if len(self._shapes) < 10_000:
                self._shapes[text, alts] = shape
        if not shape.keys:
            return
        match = shape.pattern.match
        # Of thousands of people, most say the same in a line.
        for cell in dict.fromkeys(cells[9:]):
            if not match(cell):
                self._explain(number, cell, shape)
            if shape.likelihoods and b"," in cell:
                self._check_genotype_counts(number, cell, shape, alts)
            if shape.integers and _DIGITS.search(cell):
                values = cell.split(b":")
                for index in shape.integers:
                    if index < len(values):
                        _check_size(number, values[index], self.header.minor)

    def _shape(self, number: int, text: bytes, alts: int) -> _Shape:
        keys = () if text == b"." else tuple(text.split(b":"))
        for key in keys:
            if not _FORMAT_KEY.match(key):
                raise VcfError(number, "FORMAT has an empty sub-field, or one that is no name")
        if len(set(keys)) != len(keys):
            raise VcfError(number, "FORMAT names a sub-field twice")
        if b"GT" in keys[1:]:
            raise VcfError(number, "GT is not the first sub-field of FORMAT")
        declared = [self.header.format.get(key) for key in keys]
        parts = []
        for key, one in zip(keys, declared, strict=True):
            if key == b"GT":
                allele = rb"(?:\.|%s)" % _indices(max(alts, 1))
                parts.append(rb"[/|]?%s(?:[/|]%s)*" % (allele, allele))
            elif one is None or self._is_free(key, one):
                parts.append(rb"[^:]*")
            else:
                parts.append(_value(one, alts))
        whole = b""
        for part in reversed(parts):
            whole = rb"(?:%s)(?::%s)?" % (part, whole) if whole else rb"(?:%s)" % part
        # A value may be left out altogether from 4.5 on, where local alleles have no elements.
        if self.header.minor >= 5:
            whole = rb"(?:%s|[.:]*)" % whole
        return _Shape(
            keys,
            re.compile(rb"(?:%s|\.)\Z" % whole),
            tuple(re.compile(rb"(?:%s)\Z" % part) for part in parts),
            tuple(
                i
                for i, one in enumerate(declared)
                if one is not None and keys[i] == b"PL" and one.number == b"G"
            ),
            tuple(
                i for i, one in enumerate(declared) if one is not None and one.type == b"Integer"
            ),
        )

    def _check_genotype_counts(self, number: int, cell: bytes, shape: _Shape, alts: int) -> None:
        """One likelihood for each genotype that the alleles can make at the sample's ploidy."""
        values = cell.split(b":")
        alleles = alts + 1
        ploidy = 0
        if shape.keys[0] == b"GT" and b"." not in values[0]:
            ploidy = len(re.split(rb"[/|]", values[0].lstrip(b"/|")))
        one, two = alleles, alleles * (alleles + 1) // 2
        haploid = (one,) if self.header.minor >= 3 else (one, two)
        allowed = {1: haploid, 2: (two,), 0: (one, two)}.get(ploidy)
        if allowed is None:
            return
        for index in shape.likelihoods:
            value = values[index] if index < len(values) else b""
            if b"," in value and value.count(b",") + 1 not in allowed:
                raise VcfError(
                    number, "a sample has another number of likelihoods than it has genotypes"
                )

    def _is_free(self, key: bytes, declared: Declared) -> bool:
        if declared.type == b"String":
            return declared.number.isdigit()
        return self.header.minor < 3 and (declared.type == b"Character" or key == b"AD")

    def _explain(self, number: int, cell: bytes, shape: _Shape) -> None:
        if not cell:
            raise VcfError(number, "a sample has no value, not even a dot")
        values = cell.split(b":")
        if len(values) > len(shape.keys):
            raise VcfError(number, "a sample has more sub-fields than FORMAT")
        for key, part, value in zip(shape.keys, shape.parts, values, strict=False):
            if part.match(value):
                continue
            if key == b"GT":
                if re.match(rb"[/|]?(?:\.|[0-9]+)(?:[/|](?:\.|[0-9]+))*\Z", value):
                    raise VcfError(number, "a genotype names an allele that REF and ALT don't have")
                raise VcfError(number, "a genotype is not written as alleles parted by / or |")
            raise VcfError(number, "a value of a sample is not of the Type and Number of its key")


def _value(
    declared: Declared, alts: int, *, not_negative: bool = False, info: bool = False
) -> bytes:
    """A pattern of a value of INFO or of a sample."""
    element = _ELEMENTS.get(declared.type, rb"[^,:]*")
    if info:
        element = element.replace(b",:", b",")
    if not_negative:
        element = element.replace(b"[+-]?", b"[+]?", 1)
    one = rb"(?:%s|\.)" % element
    number = declared.number
    if number == b"A":
        count = alts
    elif number == b"R":
        count = alts + 1
    elif number.isdigit():
        count = int(number)
    else:
        return rb"%s(?:,%s)*" % (one, one)
    if count == 0:
        # Of a line without an alternative allele: nothing, or what a caller writes for it.
        return rb"%s(?:,%s)*" % (one, one)
    if count > _MAX_COUNT:
        return rb"[^:]*"
    return rb"(?:%s(?:,%s){%d}|\.)" % (one, one, count - 1)


def _indices(alts: int) -> bytes:
    """A pattern of the numbers from 0 to `alts`."""
    if alts < 10:
        return b"[0-%d]" % alts
    return b"(?:" + b"|".join(b"%d" % one for one in range(alts, -1, -1)) + b")"


def _check_ids(number: int, ids: bytes, *, twice: bool) -> None:
    if not ids or b" " in ids or ids.startswith(b";") or ids.endswith(b";"):
        raise VcfError(number, "ID is empty, has a space, or begins or ends with a semicolon")
    if b";" in ids and not twice:
        names = ids.split(b";")
        if len(set(names)) != len(names):
            raise VcfError(number, "ID has a name twice")


def _check_filters(number: int, filters: bytes) -> None:
    names = filters.split(b";")
    if b"" in names or b" " in filters or b"0" in names or (b"." in names and len(names) > 1):
        raise VcfError(number, "FILTER is neither PASS, a list of names nor a dot")
    if len(set(names)) != len(names):
        raise VcfError(number, "FILTER has a name twice")


def _check_size(number: int, value: bytes, minor: int) -> None:
    for one in value.split(b","):
        if len(one) > 9 and one.lstrip(b"+-").isdigit():
            lowest = _LOWEST if minor >= 3 else -(2**31)
            if len(one) > 12 or not lowest <= int(one) <= _HIGHEST:
                raise VcfError(number, "a whole number has more than 32 bits")


def _trimmed(place: int, ref: bytes, alt: bytes) -> tuple[int, bytes, bytes]:
    """A variant without the bases that REF and ALT share at their ends."""
    if len(ref) == 1 and len(alt) == 1:
        return place, ref, alt
    shared = 0
    shortest = min(len(ref), len(alt))
    while shared < shortest and ref[-1 - shared] == alt[-1 - shared]:
        shared += 1
    if shared:
        ref, alt = ref[:-shared], alt[:-shared]
    shortest = min(len(ref), len(alt))
    shared = 0
    while shared < shortest and ref[shared] == alt[shared]:
        shared += 1
    return place + shared, ref[shared:], alt[shared:]
