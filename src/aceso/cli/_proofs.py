"""The proofs of false shares, kept in the profile's folder for those who accredit custodians.

A proof opens nothing (`aceso.custody.proof`). It is written when a command ends, however it ends,
and standard error says where.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from aceso.custody import ProvenFalseShareError
from aceso.errors import AcesoError

from ._output import errors, private_text
from ._words import say

__all__ = ["keep_proofs"]


def keep_proofs(folder: Path, complaints: Iterable[AcesoError]) -> list[Path]:
    """Write what is proven of these, and say where; gives the files."""
    kept = []
    for complaint in complaints:
        if not isinstance(complaint, ProvenFalseShareError):
            continue
        proof, account = complaint.proof.to_bytes(), complaint.custodian
        path = folder / f"{account}-{sha256(proof).hexdigest()[:16]}.json"
        try:
            kept.append(private_text(path, proof.decode()))
        except AcesoError:
            _print("proof.lost", account, path)
            continue
        _print("proof.kept", account, path)
    return kept


def _print(key: str, account: str, path: Path) -> None:
    # A path stays in one piece.
    text = say(key, account=account, file=path)
    errors().print(text, markup=False, highlight=False, soft_wrap=True)
