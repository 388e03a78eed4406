"""What can go wrong in the vault.

    InputError
    + SeedError          the words are not a seed
    + CardError          a card, or an opening on it, is not what its signatures say
    VaultError
    + OpeningError       it does not open: changed, cut, or not meant for this key
    |  + FormatError     it isn't even in a form that we know
    |  + FalseShareError a custodian gave a share that is not the one it was given
    + RollbackError      an older version was handed back than one that we have seen

To open is to succeed or to raise an `OpeningError`; there is no third outcome, and which check it
was that failed tells an attacker nothing that they could not compute themselves.
"""

from __future__ import annotations

from aceso.errors import InputError, VaultError

__all__ = [
    "CardError",
    "FalseShareError",
    "FormatError",
    "OpeningError",
    "RollbackError",
    "SeedError",
]


class SeedError(InputError):
    """The words are not a seed. Says which word, never what it was."""


class CardError(InputError):
    """A card, or an opening on it, is not what its signatures say."""


class OpeningError(VaultError):
    """It does not open: it was changed or cut, or it is not meant for this key."""

    def __init__(self, message: str, *, code: str = "E_VAULT_NOT_OPENED", **details: object):
        super().__init__(message, code=code, details=details)


class FormatError(OpeningError):
    """It isn't in a form that we know."""

    def __init__(self, message: str):
        super().__init__(message, code="E_VAULT_FORMAT")


class FalseShareError(OpeningError):
    """A custodian gave a share that is not the one that it was given."""

    def __init__(self, custodian: str, why: str):
        super().__init__(
            f"Custodian {custodian} gave a false share: {why}. Ask another custodian, and show "
            "this one's answer to whoever accredited it.",
            code="E_VAULT_FALSE_SHARE",
            custodian=custodian,
        )
        self.custodian, self.why = custodian, why


class RollbackError(VaultError):
    """An older version was handed back than one that we have seen."""

    def __init__(self, *, seen: int, offered: int):
        super().__init__(
            f"The vault's index came back at version {offered}, but version {seen} was seen "
            "before. Ask the other custodians for a newer head, or restore from a backup.",
            code="E_VAULT_ROLLBACK",
            details={"seen": seen, "offered": offered},
        )
