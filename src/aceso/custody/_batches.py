"""Many signed acts in one request and one transaction: a vault that moves has thousands of them.

Each act is what its own route takes, signed as there, and is checked as there; what is refused
changes nothing and keeps back none of the others. No act of a batch is a door: lists are opened,
records and sealed keys are taken, records are deleted, and nothing is given away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final, Literal, TypeVar, cast

from fastapi import FastAPI
from pydantic import Field
from sqlalchemy.engine import Connection
from starlette.responses import Response

from aceso.errors import AcesoError, ChainError, ServiceError

from . import _wire as wire
from ._chain import Chain, Heads
from ._deletions import Deletions
from ._desk import Desk
from ._lists import Bounds, Lists
from ._store import Store
from .errors import RequestRefusedError
from .keys import CustodianKeys

__all__ = ["MAX_ACTS", "BatchBody", "Batches", "add_batches"]

MAX_ACTS: Final = 32

_T = TypeVar("_T")


class OpenAct(wire.OpenListBody):
    type: Literal["open"]


class PostAct(wire.PostBody):
    type: Literal["post"]


class KeysAct(wire.SealedKeysBody):
    type: Literal["keys"]


class DeleteAct(wire.DeletionBody):
    type: Literal["delete"]


Act = Annotated[OpenAct | PostAct | KeysAct | DeleteAct, Field(discriminator="type")]


class BatchBody(wire.Wire):
    acts: Annotated[list[Act], Field(min_length=1, max_length=MAX_ACTS)]


class _Joined:
    """The store as one transaction sees it: what is written goes in there."""

    def __init__(self, connection: Connection, store: Store):
        self._connection = connection
        self.box = store.box
        self.forget = store.forget

    @contextmanager
    def write(self) -> Iterator[Connection]:
        yield self._connection

    read = write

    def together(self, act: Callable[[Connection], _T]) -> _T:
        return act(self._connection)

    def empty_log(self) -> bool:
        """Done by the batch, once for all that it deletes, before it answers."""
        return True


class _Moment:
    """The chain, asked for its heads once for all acts of a batch."""

    def __init__(self, chain: Chain, heads: Heads):
        self._chain = chain
        self._heads = heads

    def heads(self) -> Heads:
        return self._heads

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)


class Batches(Desk):
    """Takes acts, one after the other."""

    def __init__(self, keys: CustodianKeys, store: Store, chain: Chain, bounds: Bounds):
        super().__init__(keys, store, chain)
        self._bounds = bounds

    def take(self, acts: Sequence[Any]) -> list[dict[str, Any]]:
        """What came of each: `status` as HTTP's, with the answer or the refusal."""
        chain = cast("Chain", _Moment(self.chain, self.chain.heads()))
        with self.store.write() as connection:
            joined = cast("Store", _Joined(connection, self.store))
            lists = Lists(self.keys, joined, chain, self._bounds)
            deletions = Deletions(self.keys, joined, chain)
            results = [self._one(connection, lists, deletions, act) for act in acts]
        if any(isinstance(act, DeleteAct) for act in acts) and not self.store.empty_log():
            raise ServiceError(
                "The records are deleted, but their bytes are still in the database's log. Ask "
                "again.",
                code="E_DELETION_PENDING",
            )
        return results

    def _one(
        self, connection: Connection, lists: Lists, deletions: Deletions, act: Any
    ) -> dict[str, Any]:
        place = connection.begin_nested()
        try:
            answer = _taken(lists, deletions, act)
        except ChainError:
            # Nothing can be said of the others either.
            raise
        except AcesoError as error:
            place.rollback()
            status = error.status if isinstance(error, RequestRefusedError) else 503
            return {
                "status": status,
                "code": error.code,
                "message": error.message,
                "details": dict(error.details),
            }
        place.commit()
        return {"status": 200} | answer


def _taken(lists: Lists, deletions: Deletions, act: Any) -> dict[str, Any]:
    message = act.message.values_as_signed()
    if isinstance(act, OpenAct):
        return lists.open(message, act.personaSignature, act.listSignature)
    if isinstance(act, PostAct):
        return lists.post(message, act.signature, act.entry)
    if isinstance(act, KeysAct):
        return lists.leave_keys(message, act.signature, act.sealedKey)
    return deletions.delete(message, act.signature)


def add_batches(
    app: FastAPI,
    take_all: Callable[[Sequence[Any]], Awaitable[list[dict[str, Any]]]],
    answer: Callable[..., Response],
) -> None:
    """Add the route."""

    @app.post("/batches", summary="Several acts at once, each signed on its own")
    async def take(body: BatchBody) -> Response:
        return answer({"results": await take_all(body.acts)})
