"""From eip712/*.json to Python, and the strings that contracts hash."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Struct", "TypedDataError", "encode_type", "load", "python"]

_ATOM = re.compile(r"(address|bool|string|bytes([1-9]|[12]\d|3[0-2])?|u?int(\d+))\Z")


class TypedDataError(ValueError):
    """A file of eip712/ is not what it should be."""


@dataclass(frozen=True, slots=True)
class Struct:
    """What one file says: a message, who verifies it, and what a person reads before signing it."""

    primary_type: str
    verifier: str
    types: dict[str, list[dict[str, str]]]
    en: str
    ko: str


def load(folder: Path) -> dict[str, Struct]:
    """Read every file of the folder, or raise `TypedDataError`."""
    structs: dict[str, Struct] = {}
    for path in sorted(folder.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        struct = Struct(
            primary_type=document["primaryType"],
            verifier=document["verifier"],
            types=document["types"],
            en=document["en"],
            ko=document["ko"],
        )
        _verify(path, struct)
        structs[struct.primary_type] = struct
    return structs


def _verify(path: Path, struct: Struct) -> None:
    if path.stem != struct.primary_type:
        raise TypedDataError(f"{path.name} describes {struct.primary_type}: give both one name")
    if struct.primary_type not in struct.types:
        raise TypedDataError(f"{path.name} does not list the fields of {struct.primary_type}")
    for name, fields in struct.types.items():
        for field in fields:
            base = field["type"].split("[")[0]
            if base not in struct.types and not _ATOM.match(base):
                raise TypedDataError(f"{path.name}: {name}.{field['name']} has no type {base}")
    if not struct.en.strip() or not struct.ko.strip():
        raise TypedDataError(f"{path.name} must say in English and Korean what is signed")


def encode_type(struct: Struct) -> str:
    """`encodeType` of EIP-712: the primary type, then those that it uses, by name."""
    used: set[str] = set()
    waiting = [struct.primary_type]
    while waiting:
        name = waiting.pop()
        if name in used:
            continue
        used.add(name)
        waiting += [
            base
            for base in (field["type"].split("[")[0] for field in struct.types[name])
            if base in struct.types
        ]
    others = sorted(used - {struct.primary_type})
    return "".join(f"{name}({_members(struct, name)})" for name in [struct.primary_type, *others])


def _members(struct: Struct, name: str) -> str:
    return ",".join(f"{field['type']} {field['name']}" for field in struct.types[name])


def python(structs: dict[str, Struct]) -> str:
    """The module `aceso.typed_data`."""
    return _PYTHON.format(entries="\n".join(_entry(struct) for struct in structs.values()))


def _entry(struct: Struct) -> str:
    types = "\n".join(
        f'            "{name}": [\n'
        + "\n".join(
            f'                {{"name": "{field["name"]}", "type": "{field["type"]}"}},'
            for field in fields
        )
        + "\n            ],"
        for name, fields in struct.types.items()
    )
    return _ENTRY.format(struct=struct, types=types, encoded=encode_type(struct))


_ENTRY = """\
    "{struct.primary_type}": TypedStruct(
        primary_type="{struct.primary_type}",
        verifier="{struct.verifier}",
        encoded_type="{encoded}",
        types={{
{types}
        }},
        en="{struct.en}",
        ko="{struct.ko}",
    ),"""

_PYTHON = '''\
"""The messages that people and institutions sign (EIP-712).

Generated from eip712/*.json by `make generate`. Do not edit.

The domain of each is {{"name": "Aceso", "version": "1", "chainId", "verifyingContract"}}, where the
verifying contract is the one named by `verifier`.
"""

# ruff: noqa: E501
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["TYPES", "TypedStruct"]


@dataclass(frozen=True, slots=True)
class TypedStruct:
    """One message: its fields, the contract whose domain it belongs to, and what it says."""

    primary_type: str
    verifier: str
    encoded_type: str  # `encodeType` of EIP-712, whose hash is the type hash.
    types: dict[str, list[dict[str, str]]]  # As `eth_account.messages.encode_typed_data` takes it.
    en: str
    ko: str

    def sentence(self, lang: str) -> str:
        """What signing it does, in Korean for a locale such as "ko_KR", else in English."""
        return self.ko if lang.lower().startswith("ko") else self.en


_STRUCTS: dict[str, TypedStruct] = {{
{entries}
}}

TYPES: Mapping[str, TypedStruct] = MappingProxyType(_STRUCTS)
'''
