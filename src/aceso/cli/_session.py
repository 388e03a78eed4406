"""What a command runs with: where the profile is, which network, and how to ask for the passphrase.

Nothing is opened before it is asked for, and all of it is closed at the end.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aceso.errors import UsageError

from ._words import say

if TYPE_CHECKING:
    from aceso.flows import Kind, Network, Person, Profile

__all__ = ["Session", "home_folder", "is_terminal"]

_DEVNET = Path(".devnet")
# In the profile's folder: what custodians signed, and should not have.
_PROOFS = "false-shares"


def home_folder(named: str | None) -> Path:
    """--home, ACESO_HOME or ~/.aceso."""
    return Path(named or os.environ.get("ACESO_HOME") or Path.home() / ".aceso").expanduser()


def is_terminal() -> bool:
    """Whether a person can answer."""
    return sys.stdin.isatty()


class Session:
    """The options that every command has, and what they lead to."""

    def __init__(self) -> None:
        self.as_json = False
        self.lang = ""
        self._home: str | None = None
        self._network: str | None = None
        self._passphrase_file: str | None = None
        self._opened_network: Network | None = None
        self._opened_profile: Profile | None = None

    def take(self, options: Mapping[str, Any]) -> None:
        """What was given after the command's name counts more than what was given before it."""
        self.as_json = bool(options.get("as_json")) or self.as_json
        self.lang = options.get("lang") or self.lang
        self._home = options.get("home") or self._home
        self._network = options.get("network") or self._network
        self._passphrase_file = options.get("passphrase_file") or self._passphrase_file

    def close(self) -> None:
        if self._opened_profile is not None:
            self._opened_profile.close()
            self._opened_profile = None
        if self._opened_network is not None:
            complaints = self._opened_network.complaints
            if complaints and self.has_profile:
                from ._proofs import keep_proofs

                keep_proofs(self.home / _PROOFS, complaints)
            self._opened_network.close()
            self._opened_network = None

    @property
    def home(self) -> Path:
        return home_folder(self._home)

    # The network

    def network_path(self) -> Path | None:
        """--network, ACESO_NETWORK, what the profile says, or a devnet's folder that is here."""
        named = self._network or os.environ.get("ACESO_NETWORK") or self._profile_says("network")
        if named:
            return Path(named).expanduser()
        return _DEVNET if (_DEVNET / "devnet.json").exists() else None

    def network(self) -> Network:
        """The network, opened."""
        if self._opened_network is None:
            from aceso.flows import Network

            path = self.network_path()
            if path is None:
                raise UsageError(
                    "No network is named. Start one with `aceso devnet`, or name one with "
                    "--network or ACESO_NETWORK.",
                    code="E_NO_NETWORK",
                )
            self._opened_network = Network.read(path)
        return self._opened_network

    # The profile

    def _profile_says(self, name: str) -> str:
        """What stands in the profile in the clear."""
        try:
            return str(json.loads((self.home / "profile.json").read_text("utf-8")).get(name, ""))
        except (OSError, ValueError, AttributeError):
            return ""

    @property
    def has_profile(self) -> bool:
        return (self.home / "profile.json").exists()

    def profile(self, *kinds: Kind) -> Profile:
        """The profile, unlocked. One of another kind than `kinds` is refused first."""
        if self._opened_profile is None:
            from aceso.flows import Profile, ProfileError

            said = self._profile_says("kind")
            if kinds and said and said not in kinds:
                raise ProfileError(
                    f"This profile is of the kind {said}, and the command is for "
                    f"{', '.join(kinds)}. Name another profile with --home.",
                    code="E_PROFILE_KIND",
                    details={"kind": said, "wanted": list(kinds)},
                )
            if not self.has_profile:
                # Before a passphrase is asked for that would open nothing.
                raise ProfileError(
                    f"There is no profile in {self.home}. Make one with `aceso init`.",
                    code="E_PROFILE_MISSING",
                    details={"folder": str(self.home)},
                )
            passphrase = self.passphrase(say("ask.passphrase"))
            self._opened_profile = Profile.open(self.home, passphrase=passphrase)
        return self._opened_profile

    def person(self) -> Person:
        """The person whose profile this is, at the network."""
        from aceso.flows import Person

        profile = self.profile("person")
        return Person(self.network(), profile)

    def passphrase(
        self, question: str, *, confirm: bool = False, variable: str = "ACESO_PASSPHRASE"
    ) -> str:
        """From --passphrase-file, the environment, or a prompt that shows nothing."""
        if self._passphrase_file and variable == "ACESO_PASSPHRASE":
            return read_passphrase(Path(self._passphrase_file).expanduser())
        found = os.environ.get(variable)
        if found:
            return found
        if not is_terminal():
            raise UsageError(
                f"A passphrase is needed, and there is no terminal to ask for it. Set {variable} "
                "or name a file with --passphrase-file.",
                code="E_PASSPHRASE_NEEDED",
                details={"variable": variable},
            )
        import click

        again = say("ask.passphrase_again") if confirm else False
        answer: str = click.prompt(question, hide_input=True, confirmation_prompt=again, err=True)
        return answer

    # Questions

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask, unless --yes was said; anything but yes ends the command."""
        if yes:
            return
        sys.stderr.write(f"{question} {say('ask.yes_no')} ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
        if not answer:
            sys.stderr.write("\n")
            raise UsageError(
                "Nobody answered whether to go on. Say --yes to do it without being asked.",
                code="E_CONFIRM_NEEDED",
            )
        if answer.strip().lower() not in {"y", "yes", "예", "네", "응", "ㅇ"}:
            raise UsageError("Nothing was done.", code="E_DECLINED")


def read_passphrase(path: Path) -> str:
    """The first line of a file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(
            f"The passphrase can't be read from {path}. Check the path.",
            code="E_PASSPHRASE_FILE",
            details={"path": str(path)},
        ) from exc
    found = text.split("\n", 1)[0].rstrip("\r")
    if not found:
        raise UsageError(
            f"The passphrase file {path} is empty.",
            code="E_PASSPHRASE_FILE",
            details={"path": str(path)},
        )
    return found
