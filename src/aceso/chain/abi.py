"""The ABIs of the suite: encoding calls, decoding answers, events and errors.

Contracts are read from `aceso/abi/<Contract>.json`, which the compiler made. Types of one word,
which are nearly all of them, are read by hand: many times faster than a general decoder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from eth_abi.abi import decode, encode

from ._bytes import checksum, keccak
from .calls import Event, Log

__all__ = [
    "SUITE",
    "Artifact",
    "ErrorFormat",
    "EventFormat",
    "Function",
    "artifact",
    "decode_event",
    "error_formats",
    "event_formats",
]

# In the order in which they are deployed.
SUITE: Final = (
    "ParticipantRegistry",
    "ConsentRegistry",
    "RecordRegistry",
    "RewardCoin",
    "CoinSale",
    "Offers",
    "Settlement",
    "Disputes",
    "DataMarket",
    "StudyBook",
    "Studies",
    "UnionBook",
    "UnionShares",
    "Unions",
    "Guardianship",
    "AccessLog",
    "EmergencyAccess",
    "RewardPool",
    "RewardBoard",
)

_Reader = Callable[[bytes], Any]


def _reader(kind: str) -> _Reader | None:
    """How to read one word of this type, or None for a type that takes more than one."""
    if kind == "address":
        return lambda word: checksum("0x" + word[12:].hex())
    if kind == "bool":
        return lambda word: word[31] != 0
    if kind.startswith("uint") and "[" not in kind:
        return lambda word: int.from_bytes(word, "big")
    if kind == "bytes32":
        return bytes
    if kind.startswith("bytes") and kind[5:].isdigit():
        length = int(kind[5:])
        return lambda word: bytes(word[:length])
    return None


@dataclass(frozen=True, slots=True)
class Parameters:
    """Inputs or outputs: their names, their types as text, and whether each is one word."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    readers: tuple[_Reader | None, ...]
    parts: tuple[Any, ...]

    @classmethod
    def of(cls, entries: Sequence[dict[str, Any]]) -> Parameters:
        types = tuple(_type(entry) for entry in entries)
        return cls(
            names=tuple(entry["name"] for entry in entries),
            types=types,
            readers=tuple(_reader(kind) for kind in types),
            parts=tuple(_part(entry) for entry in entries),
        )

    def encode(self, values: Sequence[Any]) -> bytes:
        return bytes(encode(self.types, values))

    def decode(self, data: bytes) -> tuple[Any, ...]:
        if len(data) < 32 * len(self.types):
            raise ValueError(f"{len(data)} bytes are too few for {', '.join(self.types)}")
        if None not in self.readers:
            return tuple(
                read(data[32 * at : 32 * at + 32])
                for at, read in enumerate(self.readers)
                if read is not None
            )
        values = decode(self.types, data)
        return tuple(_tidy(value, part) for value, part in zip(values, self.parts, strict=True))


def _type(entry: dict[str, Any]) -> str:
    kind: str = entry["type"]
    if not kind.startswith("tuple"):
        return kind
    inside = ",".join(_type(part) for part in entry["components"])
    return f"({inside}){kind[len('tuple') :]}"


def _part(entry: dict[str, Any]) -> Any:
    """What `_tidy` needs: the type, or for a struct its fields by name."""
    kind: str = entry["type"]
    if not kind.startswith("tuple"):
        return kind
    return {part["name"]: _part(part) for part in entry["components"]}, kind.endswith("]")


def _tidy(value: Any, part: Any) -> Any:
    """Addresses as EIP-55 writes them, structs as dictionaries."""
    if isinstance(part, tuple):
        fields, many = part
        if many:
            return [_tidy(one, (fields, False)) for one in value]
        return {
            name: _tidy(one, kind) for (name, kind), one in zip(fields.items(), value, strict=True)
        }
    if part == "address":
        return checksum(value)
    if part == "address[]":
        return [checksum(one) for one in value]
    if isinstance(value, tuple):
        return list(value)
    return value


@dataclass(frozen=True, slots=True)
class Function:
    """One function: its selector, what goes in and what comes out."""

    name: str
    selector: bytes
    inputs: Parameters
    outputs: Parameters

    def encode(self, *values: Any) -> bytes:
        """The data of a call."""
        return self.selector + self.inputs.encode(values)

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """What a call answered."""
        return self.outputs.decode(data)


@dataclass(frozen=True, slots=True)
class ErrorFormat:
    """A custom error of a contract."""

    name: str
    contract: str
    selector: bytes
    inputs: Parameters


@dataclass(frozen=True, slots=True)
class EventFormat:
    """An event of a contract."""

    name: str
    contract: str
    topic: bytes
    indexed: Parameters
    plain: Parameters
    order: tuple[str, ...]

    def decode(self, log: Log) -> dict[str, Any]:
        """The event's values by name, in the order of the ABI."""
        found: dict[str, Any] = {}
        for name, read, topic in zip(
            self.indexed.names, self.indexed.readers, log.topics[1:], strict=True
        ):
            if read is None:
                raise ValueError(f"{self.name}.{name} is indexed and not of one word")
            found[name] = read(topic)
        found.update(zip(self.plain.names, self.plain.decode(log.data), strict=True))
        return {name: found[name] for name in self.order}


@dataclass(frozen=True, slots=True)
class Artifact:
    """What the compiler made of one contract."""

    name: str
    bytecode: str
    runtime: str
    links: dict[str, list[list[int]]]
    runtime_links: dict[str, list[list[int]]]
    immutables: tuple[tuple[str, int, int], ...]
    constructor: Parameters
    functions: dict[str, Function]
    events: dict[bytes, EventFormat]
    errors: dict[bytes, ErrorFormat]


@cache
def artifact(name: str) -> Artifact:
    """Read one contract's file."""
    text = resources.files("aceso").joinpath("abi", f"{name}.json").read_text("utf-8")
    document = json.loads(text)
    functions: dict[str, Function] = {}
    events: dict[bytes, EventFormat] = {}
    errors: dict[bytes, ErrorFormat] = {}
    constructor = Parameters.of([])
    for entry in document["abi"]:
        kind = entry["type"]
        if kind == "constructor":
            constructor = Parameters.of(entry["inputs"])
        if kind not in ("function", "event", "error"):
            continue
        inputs = Parameters.of(entry["inputs"])
        signature = f"{entry['name']}({','.join(inputs.types)})"
        digest = keccak(signature.encode())
        if kind == "function":
            outputs = Parameters.of(entry["outputs"])
            function = Function(entry["name"], digest[:4], inputs, outputs)
            # Of two with one name only the full signature tells.
            functions[signature] = function
            functions.setdefault(entry["name"], function)
        elif kind == "event":
            events[digest] = EventFormat(
                name=entry["name"],
                contract=name,
                topic=digest,
                indexed=Parameters.of([part for part in entry["inputs"] if part["indexed"]]),
                plain=Parameters.of([part for part in entry["inputs"] if not part["indexed"]]),
                order=inputs.names,
            )
        else:
            errors[digest[:4]] = ErrorFormat(entry["name"], name, digest[:4], inputs)
    return Artifact(
        name=name,
        bytecode=document["bytecode"],
        runtime=document["deployedBytecode"],
        links=document["links"],
        runtime_links=document["deployedLinks"],
        immutables=tuple((at[0], at[1], at[2]) for at in document["immutables"]),
        constructor=constructor,
        functions=functions,
        events=events,
        errors=errors,
    )


@cache
def event_formats(contract: str) -> dict[bytes, EventFormat]:
    """The events that a contract of the suite emits, by their first topic."""
    return artifact(contract).events


@cache
def error_formats() -> dict[bytes, ErrorFormat]:
    """Every custom error of the suite and of the local wallet, by its selector."""
    found: dict[bytes, ErrorFormat] = {}
    for name in (*SUITE, "MultiSigWallet"):
        found |= artifact(name).errors
    return found


def decode_event(log: Log, contract: str) -> Event | None:
    """The event of this log, or None if `contract` has none like it."""
    known = event_formats(contract).get(log.topics[0]) if log.topics else None
    if known is None:
        return None
    return Event(
        name=known.name,
        contract=contract,
        args=known.decode(log),
        block_number=log.block_number,
        block_hash=log.block_hash,
        tx_hash=log.tx_hash,
        index=log.index,
    )
