"""The will that is made as a person names their first guardian."""

from __future__ import annotations

from aceso.errors import AcesoError

from ._session import Session
from ._words import say, sentence

__all__ = ["by_default"]


def by_default(session: Session) -> tuple[str | None, list[str]]:
    """A will that keeps nothing, where none was made or taken back: its digest, and what to say of
    it. That it can't be left keeps no guardian from being named."""
    try:
        made = session.person().begin_will()
    except AcesoError as exc:
        return None, [say("will.not_begun", why=sentence(exc))]
    if made is None:
        return None, []
    return "0x" + made.hex(), [say("will.by_default")]
