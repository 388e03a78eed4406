"""The header of a VCF: every line checked, and what it declares of INFO and FORMAT.

Reserved keys (DP, GT, PL, …) must be declared as the specification has them, or a reader would
read one thing for another. Some deviations are so common in files of real callers that they are
taken, as they lose nothing: GQ as Float and PS as String; and before 4.3, which wrote the rules
down, a count that is left open (Number=.) for a reserved key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["RESERVED_INFO", "Declared", "Header", "VcfError"]

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_FIRST = re.compile(rb"##fileformat=VCFv4\.([0-9])\Z")
_COLUMNS = (b"#CHROM", b"POS", b"ID", b"REF", b"ALT", b"QUAL", b"FILTER", b"INFO")
_META = re.compile(rb"##([A-Za-z0-9_][A-Za-z0-9_. -]*)=(.*)\Z", re.DOTALL)
_PART = re.compile(
    rb'([A-Za-z0-9_.]+)=("(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^,"<>\s\[\]][^,<>]*|)(,|\Z)', re.DOTALL
)
_NUMBER = re.compile(rb"(?:[0-9]{1,6}|[AGR.]|L[AGR]|P|M)\Z")
_TYPES = (b"Integer", b"Float", b"Flag", b"Character", b"String")
_CHECKED = (b"INFO", b"FORMAT", b"FILTER", b"ALT", b"contig", b"META", b"SAMPLE", b"PEDIGREE")
_ALT_ID = re.compile(
    rb"(?:CGA_[A-Z]+|DEL|INS|DUP|INV|CNV|BND|TRA|ITX|CTX|ROH|LOH|NON_REF|UNK|ME|REF|X|\*|CN[0-9]+|STR[0-9]*"
    rb"|[ACGTNRYSWKMBDHV])(?::[^\s,<>]+)*\Z"
)
_CUSTOM_ALT = re.compile(rb"[^\s,<>:]+\Z")  # From 4.3 on, a contig of an assembly may stand there.
_PLAIN_ID = re.compile(rb"(?:[^\s,<>*\"]+|HLA-[^\s,<>\"]+)\Z")
_PEDIGREE_VALUE = re.compile(rb"[A-Za-z0-9_.-]+\Z")
_URL = re.compile(rb"[a-z]+://([^/:]*)")
_LENGTHS = {b"249250621": "GRCh37", b"248956422": "GRCh38"}

# What the specification reserves: number and type. "*" stands for any type.
_INFO = {
    b"AA": b"1 String",
    b"AC": b"A Integer",
    b"AD": b"R Integer",
    b"ADF": b"R Integer",
    b"ADR": b"R Integer",
    b"AF": b"A Float",
    b"AN": b"1 Integer",
    b"BQ": b"1 Float",
    b"CIGAR": b"A String",
    b"DB": b"0 Flag",
    b"DP": b"1 Integer",
    b"END": b"1 Integer",
    b"H2": b"0 Flag",
    b"H3": b"0 Flag",
    b"MQ": b"1 *",
    b"MQ0": b"1 Integer",
    b"NS": b"1 Integer",
    b"SOMATIC": b"0 Flag",
    b"VALIDATED": b"0 Flag",
    b"1000G": b"0 Flag",
}
_FORMAT = {
    b"AD": b"R Integer",
    b"ADF": b"R Integer",
    b"ADR": b"R Integer",
    b"DP": b"1 Integer",
    b"EC": b"A Integer",
    b"FT": b"1 String",
    b"GL": b"G Float",
    b"GLE": b"G String",
    b"GP": b"G Float",
    b"GQ": b"1 Integer Float",
    b"GT": b"1 String",
    b"HQ": b"2 Integer",
    b"MQ": b"1 Integer",
    b"PL": b"G Integer",
    b"PQ": b"1 Integer",
    b"PS": b"1 Integer String",
}
_SINCE_4_3 = (b"AD", b"ADF", b"ADR")
_RESERVED = {
    kind: {key: tuple(rule.split()) for key, rule in table.items()}
    for kind, table in ((b"INFO", _INFO), (b"FORMAT", _FORMAT))
}
RESERVED_INFO = frozenset(_INFO)


class VcfError(Exception):
    """What is wrong with a line, without a value of it."""

    def __init__(self, line: int, reason: str, code: str = "vcf"):
        super().__init__(reason)
        self.line = line
        self.reason = reason
        self.code = code


@dataclass(frozen=True, slots=True)
class Declared:
    """Number and Type of a key. `stated` says whether the header has it, or the specification."""

    number: bytes
    type: bytes
    stated: bool = True


@dataclass(slots=True)
class Header:
    """Takes the lines of a header one by one."""

    minor: int = 0
    samples: list[bytes] = field(default_factory=list)
    assembly: str | None = None
    date: str | None = None
    width: int = 0  # The number of columns, once they are known.
    info: dict[bytes, Declared] = field(default_factory=dict)
    format: dict[bytes, Declared] = field(default_factory=dict)
    contigs: list[bytes] = field(default_factory=list)

    def take(self, number: int, line: bytes) -> bool:
        """Check one line, without its line end; whether it was the last of the header."""
        if number == 1:
            found = _FIRST.match(line)
            if found is None:
                if line.startswith(_MARKS) or b"\r" in line:
                    reason = "it was saved by an editor with a byte order mark, in UTF-16 or with"
                    raise VcfError(1, f"{reason} line ends that VCF hasn't; get the file anew")
                raise VcfError(1, "a VCF begins with ##fileformat=VCFv4.x, and this does not")
            self.minor = int(found[1])
            if self.minor > 5:
                raise VcfError(1, "its version of VCF is newer than 4.5", "vcf_version")
            return False
        if line.startswith(b"#CHROM"):
            self._columns(number, line)
            return True
        if not line.startswith(b"##"):
            raise VcfError(number, "the header is not finished: a line without ## before #CHROM")
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as exc:
            raise VcfError(number, "it is not UTF-8; save the file as UTF-8", "not_utf8") from exc
        if not line.strip(b"# \t"):
            return False  # Some write an empty line so, and nobody can misread it.
        found = _META.match(line)
        if found is None:
            raise VcfError(number, "a line of the header is not written as ##key=value")
        self._meta(number, found[1], found[2])
        if self.assembly is None:
            self.assembly = _assembly(line)
        digits = re.match(rb"##fileDate=([0-9]{4})-?([0-9]{2})-?([0-9]{2})", line)
        if digits:
            self.date = b"-".join(digits.groups()).decode()
        return False

    def _meta(self, number: int, key: bytes, value: bytes) -> None:
        name = key.decode()
        if key in (b"reference", b"assembly", b"pedigreeDB"):
            if value in (b"", b"<>"):
                raise VcfError(number, f"its {name} is empty")
            host = _URL.match(value.lstrip(b"<"))
            if host and host[1].isdigit():
                raise VcfError(number, f"its {name} is no address: the host is a number")
        if key == b"PEDIGREE" and self.minor < 3 and b"ID=" not in value:
            return
        if key not in _CHECKED:
            return
        parts = _parts(number, name, value)
        keys = list(parts)
        own = parts.get(b"ID", b"")
        if not own or (keys[0] != b"ID" and key not in (b"SAMPLE", b"contig")):
            raise VcfError(number, f"its {name} has no ID, or not as the first of its parts")
        if key == b"PEDIGREE":
            if not all(_PEDIGREE_VALUE.match(one) for one in parts.values()):
                raise VcfError(number, "its PEDIGREE has a name with a sign that is not allowed")
        elif key == b"META":
            self._number_and_type(number, name, parts)
            if not parts.get(b"Values", b"[").startswith(b"["):
                raise VcfError(number, "the Values of its META are not in square brackets")
        elif key == b"ALT":
            if not _ALT_ID.match(own) and not (self.minor >= 3 and _CUSTOM_ALT.match(own)):
                raise VcfError(number, "its ALT has an ID that the specification has no word for")
            self._number_and_type(number, name, parts)
            _description(number, name, parts)
        elif key in (b"contig", b"SAMPLE"):
            if not _PLAIN_ID.match(own if self.minor >= 3 else own.replace(b"*", b"")):
                raise VcfError(number, f"the ID of its {name} has a sign that is not allowed")
            if key == b"contig":
                self.contigs.append(own)
        elif key == b"FILTER":
            _description(number, name, parts)
        else:
            if b"Number" not in parts or b"Type" not in parts:
                raise VcfError(number, f"its {name} has no Number or no Type")
            self._number_and_type(number, name, parts)
            _description(number, name, parts)
            self._declare(number, key, own, Declared(parts[b"Number"], parts[b"Type"]))

    def _number_and_type(self, number: int, name: str, parts: dict[bytes, bytes]) -> None:
        keys = list(parts)
        if b"Number" in parts and not _NUMBER.match(parts[b"Number"]):
            raise VcfError(number, f"the Number of its {name} is none of the specification")
        if b"Type" in parts and parts[b"Type"] not in _TYPES:
            raise VcfError(number, f"the Type of its {name} is none of the specification")
        if name == "ALT" and b"Number" in parts and keys.index(b"Type") < keys.index(b"Number"):
            raise VcfError(number, "the parts of its ALT are not in their order")

    def _declare(self, number: int, kind: bytes, key: bytes, declared: Declared) -> None:
        reserved = _RESERVED[kind].get(key)
        # Before 4.3 a declaration may be open, and promises nothing that could be misread.
        is_open = self.minor < 3 and (declared.number == b"." or key in _SINCE_4_3)
        if reserved is not None and not is_open:
            types = reserved[1:]
            if declared.type not in types and b"*" not in types:
                raise VcfError(number, f"it declares {_said(key)} with another Type than it has")
            counted = reserved[0] == b"G" and declared.number in (b".", b"3")
            if declared.number != reserved[0] and not counted:
                raise VcfError(number, f"it declares {_said(key)} with another Number than it has")
        table = self.info if kind == b"INFO" else self.format
        table[key] = declared

    def _columns(self, number: int, line: bytes) -> None:
        cells = line.split(b"\t")
        for index, name in enumerate(_COLUMNS):
            if index >= len(cells) or cells[index] != name:
                raise VcfError(
                    number,
                    f"column {index + 1} of the header is not {name.decode()}, parted by tabs",
                )
        if len(cells) > 8:
            if cells[8] != b"FORMAT":
                raise VcfError(number, "column 9 of the header is not FORMAT")
            self.samples = cells[9:]
            if not self.samples:
                raise VcfError(number, "the header has FORMAT and no sample")
            if any(not name.strip() for name in self.samples):
                raise VcfError(number, "a sample of the header has no name")
            if len(set(self.samples)) != len(self.samples):
                raise VcfError(number, "two samples of the header have the same name")
        self.width = len(cells)
        for kind, table in ((b"INFO", self.info), (b"FORMAT", self.format)):
            for key, rule in _RESERVED[kind].items():
                if key not in table and rule[1] != b"*":
                    fixed = key in (b"AA", b"GT", b"PL") or rule[0] == b"0"
                    count = rule[0] if fixed else b"."
                    table[key] = Declared(count, rule[-1], stated=False)


def _parts(number: int, name: str, value: bytes) -> dict[bytes, bytes]:
    """The parts of <ID=…,Number=…>, or VcfError."""
    value = value.rstrip()
    if not (value.startswith(b"<") and value.endswith(b">")):
        raise VcfError(number, f"its {name} is not written as <ID=…>")
    inner = value[1:-1]
    if inner.endswith(b'\\"') and not inner.endswith(b'\\\\"'):
        # SnpEff before version 4 writes its last quotation mark like this.
        inner = inner[:-2] + b'"'
    parts: dict[bytes, bytes] = {}
    at = 0
    while at < len(inner):
        found = _PART.match(inner, at)
        if found is None:
            raise VcfError(
                number, f"a part of its {name} is not written as key=value, or its quotes don't end"
            )
        if found[1] in parts:
            raise VcfError(number, f"its {name} names a part twice")
        parts[found[1]] = found[2]
        at = found.end()
    return parts


def _description(number: int, name: str, parts: dict[bytes, bytes]) -> None:
    text = parts.get(b"Description")
    if text is not None and not text.startswith(b'"'):
        raise VcfError(number, f"the Description of its {name} is not in quotation marks")


def _said(key: bytes) -> str:
    # A reserved key is a word of the specification, and no value.
    return key.decode("ascii")


def _assembly(line: bytes) -> str | None:
    text = line.lower()
    if text.startswith((b"##contig", b"##reference", b"##assembly")):
        if any(name in text for name in (b"grch38", b"hg38", b"b38")):
            return "GRCh38"
        if any(name in text for name in (b"grch37", b"hg19", b"b37", b"hs37")):
            return "GRCh37"
        for length, name in _LENGTHS.items():
            if b"length=" + length in text:
                return name
    return None
