"""Many acts left at several custodians, a few requests at each: the client of `POST /batches`.

    acts = [open_act(opening), keys_act(key), post_act(entry, …), delete_act(…)]
    for posted in committee.send(acts): …

Each act is signed on its own, so a custodian learns nothing by it that it would not learn one by
one. What a custodian refuses keeps back none of the other acts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aceso.errors import AcesoError
from aceso.vault import ListEntry, SignedOpening

from ._asking import Asking, Posted
from ._order_calling import BATCH_PATIENCE
from ._typed import address
from ._wire import text_of, to_json
from .client import Custodian, SealedKey, post_message
from .errors import CustodianDownError

__all__ = ["Act", "Bundling", "bundles", "delete_act", "keys_act", "open_act", "post_act"]

_MAX_ACTS: Final = 32
_MAX_BYTES: Final = 2 << 20


@dataclass(frozen=True, slots=True)
class Act:
    """One act as it is sent, who is asked to take it, and how many must."""

    body: Mapping[str, Any] = field(repr=False)
    among: frozenset[str]
    needed: int
    size: int


def open_act(opening: SignedOpening) -> Act:
    """Open a list at its custodians."""
    terms = opening.opening
    body = {
        "type": "open",
        "message": to_json(terms.message()),
        "personaSignature": "0x" + opening.persona_signature.hex(),
        "listSignature": "0x" + opening.list_signature.hex(),
    }
    return Act(body, _among(terms.custodians), terms.threshold, 12_000)


def post_act(entry: ListEntry, *, list_key: str, issuer: str, signature: bytes) -> Act:
    """Post a record at the custodians of its capsule."""
    data = entry.to_bytes()
    body = {
        "type": "post",
        "message": to_json(post_message(entry, list_key=list_key, issuer=issuer)),
        "signature": "0x" + signature.hex(),
        "entry": text_of(data),
    }
    capsule = entry.capsule
    return Act(body, _among(capsule.custodians), capsule.threshold, 2 * len(data))


def keys_act(key: SealedKey, *, custodians: Sequence[str], threshold: int) -> Act:
    """Leave a class key at the custodians of its list."""
    body = {
        "type": "keys",
        "message": to_json(key.message()),
        "signature": "0x" + key.signature.hex(),
        "sealedKey": text_of(key.sealed),
    }
    return Act(body, _among(custodians), threshold, 3_000)


def delete_act(message: Mapping[str, Any], signature: bytes, *, custodians: Sequence[str]) -> Act:
    """Delete a record at the custodians that had it; one that does is a success."""
    body = {"type": "delete", "message": to_json(message), "signature": "0x" + signature.hex()}
    return Act(body, _among(custodians), 1, 1_000)


def _among(custodians: Sequence[str]) -> frozenset[str]:
    return frozenset(map(address, custodians))


class Bundling(Asking):
    """Sends acts in bundles."""

    def try_to_send(self, acts: Sequence[Act]) -> list[Posted]:
        """Send all acts; of each, who took it. Nobody is hurried, and that too few took one is the
        caller's to see."""
        sent: list[Posted] = []
        for bundle in bundles(acts):
            done, failed = self._ask_all(
                lambda one, bundle=bundle: _take(one, bundle),  # type: ignore[misc]
                grace=max(one.deadline for one in self.custodians),
                patience=BATCH_PATIENCE,
            )
            sent += [_posted(place, act, done, failed) for place, act in enumerate(bundle)]
        return sent

    def send(
        self, acts: Sequence[Act], *, on_sent: Callable[[int, int], None] | None = None
    ) -> list[Posted]:
        """Send all acts; of each, who took it. `on_sent` hears, after each bundle, which places
        enough have taken: from the first to before the second. Too few for one of them raises why,
        once those before it are told of."""
        sent: list[Posted] = []
        for bundle in bundles(acts):
            done, failed = self._ask_all(
                lambda one, bundle=bundle: _take(one, bundle),  # type: ignore[misc]
                patience=BATCH_PATIENCE,
            )
            first = len(sent)
            try:
                for place, act in enumerate(bundle):
                    posted = _posted(place, act, done, failed)
                    self._enough(len(posted.taken), posted.missing, act.needed, len(act.among))
                    sent.append(posted)
            finally:
                if on_sent is not None:
                    on_sent(first, len(sent))
        return sent


def bundles(acts: Sequence[Act]) -> Iterator[list[Act]]:
    """As many acts at a time as one request takes."""
    bundle: list[Act] = []
    for act in acts:
        if len(bundle) == _MAX_ACTS or sum(one.size for one in bundle) + act.size > _MAX_BYTES:
            yield bundle
            bundle = []
        bundle.append(act)
    if bundle:
        yield bundle


def _take(one: Custodian, bundle: Sequence[Act]) -> dict[int, Mapping[str, Any] | AcesoError]:
    """What a custodian says to each act of the bundle that is for it, by its place."""
    places = [place for place, act in enumerate(bundle) if one.address in act.among]
    if not places:
        return {}
    said = one.take_batch([bundle[place].body for place in places])
    return dict(zip(places, said, strict=True))


def _posted(
    place: int,
    act: Act,
    done: Mapping[str, Mapping[int, Mapping[str, Any] | AcesoError]],
    failed: Mapping[str, AcesoError],
) -> Posted:
    taken: list[str] = []
    missing: dict[str, AcesoError] = {}
    for who in act.among:
        if who in failed:
            missing[who] = failed[who]
        elif who not in done or place not in done[who]:
            missing[who] = CustodianDownError(who, "is not known to this network")
        elif isinstance(said := done[who][place], AcesoError):
            missing[who] = said
        else:
            taken.append(who)
    return Posted(tuple(sorted(taken)), missing)
