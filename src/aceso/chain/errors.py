"""What can go wrong with the chain.

ChainError                  (aceso.errors)
+ ChainDownError            E_CHAIN_DOWN          nobody answers, or only nonsense comes back
+ NodeRefusedError          E_CHAIN_REFUSED       the node says no, in its own words
+ WrongChainError           E_CHAIN_WRONG         another chain than the deployment's
+ NotDeployedError          E_CHAIN_NO_CODE       a contract of the suite is not there
+ NotMinedError             E_CHAIN_NOT_MINED     sent, and in no block by the deadline
+ FundsError                E_CHAIN_FUNDS         the account can't pay the gas
+ RefusedError              E_REFUSED_<ERROR>     a contract refused, for the reason it says
+ DeploymentError           E_DEPLOYMENT          a deployment did not turn out as it must
InputError
+ DeploymentFileError       E_DEPLOYMENT_FILE     the file of a deployment can't be read
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aceso.errors import ChainError, InputError, NotPermittedError, place_of

if TYPE_CHECKING:
    from .calls import Receipt

__all__ = [
    "ChainDownError",
    "ChainError",
    "DeploymentError",
    "DeploymentFileError",
    "FundsError",
    "NodeRefusedError",
    "NotDeployedError",
    "NotMinedError",
    "OrderDeniedError",
    "RefusedError",
    "WrongChainError",
]


class ChainDownError(ChainError):
    """No Ethereum node answers at the address, or what comes back is no answer."""

    def __init__(self, url: str, reason: str = ""):
        url = place_of(url)
        super().__init__(
            f"No Ethereum node answers at {url}{f' ({reason})' if reason else ''}: start one "
            "(aceso devnet) or name another, and try again.",
            code="E_CHAIN_DOWN",
            details={"url": url, "reason": reason},
        )


class NodeRefusedError(ChainError):
    """The node answered with an error of its own."""

    code = "E_CHAIN_REFUSED"
    sentence = "The Ethereum node refused {method}: {reason}."

    def __init__(self, method: str, reason: str, *, number: int = 0, data: bytes = b""):
        self.say(method=method, reason=reason.rstrip("."))
        self.reason = reason
        self.number = number
        self.data = data


class WrongChainError(ChainError):
    """The node serves another chain."""

    code = "E_CHAIN_WRONG"
    sentence = (
        "The node at {url} serves chain {found}, and the deployment is on chain {wanted}: use "
        "a node of that chain, or the deployment of this one."
    )

    def __init__(self, url: str, *, found: int, wanted: int):
        self.say(url=place_of(url), found=found, wanted=wanted)


class NotDeployedError(ChainError):
    """Where a contract of the suite should be, there is no code."""

    code = "E_CHAIN_NO_CODE"
    sentence = (
        "There is no code of {contract} at {address}: the deployment is of another chain, or "
        "the chain was started anew. Deploy again, or use its own file."
    )

    def __init__(self, contract: str, address: str):
        self.say(contract=contract, address=address)


class NotMinedError(ChainError):
    """A transaction was sent and is in no block yet."""

    def __init__(self, hashes: Sequence[str], seconds: float):
        super().__init__(
            f"Transaction {hashes[-1]} is in no block after {seconds:g} s: it may still get there. "
            "Ask for its receipt before sending anything like it again.",
            code="E_CHAIN_NOT_MINED",
            details={"hashes": list(hashes), "seconds": seconds},
        )
        self.hashes = tuple(hashes)


class FundsError(ChainError):
    """The account has too little ether for gas and value."""

    code = "E_CHAIN_FUNDS"
    sentence = (
        "Account {account} has too little ether for this transaction ({reason}): send it "
        "some, or let another account carry the signed act."
    )

    def __init__(self, account: str, reason: str):
        self.say(account=account, reason=reason.rstrip("."))


class RefusedError(ChainError):
    """A contract refused, and nothing changed but the gas that was paid if it got that far.

    `error` is the name of the custom error, `values` its values by name; `receipt` is there where
    the transaction was mined. `receipts` has those of a whole batch in which this was the first to
    fail.
    """

    def __init__(
        self,
        sentence: str,
        *,
        error: str,
        code: str,
        values: Mapping[str, Any],
        contract: str = "",
        receipt: Receipt | None = None,
    ):
        super().__init__(
            sentence, code=code, details={"error": error, "contract": contract, **dict(values)}
        )
        self.error = error
        self.contract = contract
        self.values: Mapping[str, Any] = dict(values)
        self.receipt = receipt
        self.receipts: Sequence[Receipt] = ()


class OrderDeniedError(RefusedError):
    """A contract refused as the consent that it asked for doesn't permit it."""

    exit_code = NotPermittedError.exit_code


class DeploymentError(ChainError):
    """A deployment did not turn out as it must."""

    code = "E_DEPLOYMENT"
    sentence = "The deployment failed: {reason}. Nothing was written; deploy anew."

    def __init__(self, reason: str):
        self.say(reason=reason.rstrip("."))


class DeploymentFileError(InputError):
    """The file of a deployment is missing or is not one."""

    code = "E_DEPLOYMENT_FILE"
    sentence = (
        "{path} is not the file of a deployment ({reason}): name one that `brownie run "
        "deploy` or `aceso devnet` wrote."
    )

    def __init__(self, path: str, reason: str):
        self.say(path=path, reason=reason.rstrip("."))
