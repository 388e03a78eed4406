"""Every sentence that the command says, in English and Korean, from messages.toml.

    use("ko_KR.UTF-8")
    say("import.nothing_new")
    sentence(error)                 # what went wrong, in that language

English sentences of errors come with the errors themselves; messages.toml has the Korean beside the
code. A Korean sentence whose values are not there falls back to the English one, never to nothing.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from aceso.errors import AcesoError

__all__ = [
    "LANGUAGES",
    "from_environment",
    "in_language",
    "language",
    "outcome",
    "say",
    "sentence",
    "use",
]

LANGUAGES = ("en", "ko")

_language = "en"


def use(locale: str) -> None:
    """Speak Korean for a locale that begins with "ko", else English."""
    global _language
    _language = "ko" if locale.lower().startswith("ko") else "en"


def language() -> str:
    return _language


def from_environment(environment: Mapping[str, str] | None = None) -> str:
    """The locale of messages, as POSIX finds it."""
    found = os.environ if environment is None else environment
    return found.get("LC_ALL") or found.get("LC_MESSAGES") or found.get("LANG") or "en"


@cache
def _catalogue() -> dict[str, dict[str, Any]]:
    text = Path(__file__).with_name("messages.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def say(key: str, /, **values: object) -> str:
    """The sentence `key`, with `values` in its braces."""
    return in_language(_language, key, **values)


def in_language(lang: str, key: str, /, **values: object) -> str:
    """The sentence `key` in a language of `LANGUAGES`."""
    section, _, name = key.partition(".")
    text: str = _catalogue()[section][name][lang]
    return text.format(**values) if values else text


def help_of(*keys: str) -> str:
    """The help text of the first of `keys` that there is."""
    texts = _catalogue()
    for key in keys:
        section, _, name = key.partition(".")
        if name in texts[section]:
            return str(texts[section][name][_language])
    return ""


def sentence(error: AcesoError) -> str:
    """What went wrong and what to do, in the language of the reader."""
    return "\n".join(_sentences(error))


def _sentences(error: AcesoError) -> Iterator[str]:
    if _language == "en":
        yield error.message
        return
    from aceso.codes import Reason, label

    if error.code.startswith("E_REFUSED_") and "error" in error.details:
        from aceso.chain.failures import sentence as refusal

        yield refusal(str(error.details["error"]), dict(error.details), _language)
        return
    template = _catalogue()["error"].get(error.code, {}).get(_language)
    values = {name: _shown(value) for name, value in error.details.items()}
    if error.code == "E_DENIED":
        reason = error.details.get("reason")
        values["why"] = label(Reason(reason), _language) if isinstance(reason, int) else ""
        if error.details.get("pending"):
            template = _catalogue()["error"]["E_DENIED_PENDING"][_language]
    try:
        yield template.format(**values) if template else error.message
    except (KeyError, IndexError, ValueError):
        yield error.message


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(one) for one in value)
    return str(value)


def outcome(code: str, reason: str) -> str:
    """Why a part of a file was not taken; `reason` is the English of the reader that read it."""
    if _language == "en" or not code:
        return reason
    found = _catalogue()["outcome"].get(code)
    return str(found[_language]) if found else reason
