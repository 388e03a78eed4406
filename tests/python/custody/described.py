"""Each answer of a custodian in these tests is compared with what its OpenAPI says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from aceso.bounded_http import BoundedHttp
from aceso.custody._answers import ANSWERS, Refusal, described

_ROUTES = {
    (method, re.compile(re.sub(r"\{\w+\}", "[^/]+", route))): (method, route)
    for method, route in ANSWERS
}


@dataclass
class Answers:
    """Of which custodians: the real ones, by URL. Others in the tests lie or break off."""

    real: set[str] = field(default_factory=set)

    @contextmanager
    def compared(self) -> Iterator[None]:
        """All that clients are answered meanwhile."""
        plain = BoundedHttp.ask

        def ask(http: BoundedHttp, method: str, url: str, *more: Any, **named: Any) -> Any:
            answer = plain(http, method, url, *more, **named)
            at = urlsplit(url)
            if f"{at.scheme}://{at.netloc}" in self.real:
                check(method, at.path, answer.status, answer.body)
            return answer

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(BoundedHttp, "ask", ask)
            yield


def check(method: str, path: str, status: int, body: bytes) -> None:
    """Raise where it is not as described."""
    found = [
        route for (verb, form), route in _ROUTES.items() if verb == method and form.fullmatch(path)
    ]
    if not found:
        raise AssertionError(f"{method} {path} is described nowhere")
    if status not in described(*found[0]):
        raise AssertionError(f"{method} {path} does not say that it answers with {status}")
    (ANSWERS[found[0]] if status == 200 else Refusal).model_validate_json(body)
