"""Debian's SoftHSM: PKCS#11 tokens in a folder of a test's own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pkcs11

from aceso.custody import Token
from tools.install import softhsm_module

LABEL = "hospital"
PIN = "4711-0815"


@dataclass(frozen=True)
class SoftHsm:
    """A machine with a token in it, or without one."""

    settings: dict[str, str]
    token: Token

    @classmethod
    def make(cls, folder: Path, *, label: str | None = LABEL) -> SoftHsm:
        tokens, configuration = folder / "tokens", folder / "softhsm2.conf"
        tokens.mkdir(parents=True)
        configuration.write_text(f"directories.tokendir = {tokens}\nlog.level = ERROR\n")
        made = cls(
            {"SOFTHSM2_CONF": str(configuration), "ACESO_CUSTODIAN_PIN": PIN},
            Token(str(softhsm_module()), LABEL),
        )
        if label is not None:
            made.add(label)
        return made

    def add(self, label: str) -> None:
        """Another token."""
        command = ["softhsm2-util", "--init-token", "--free", "--label", label]
        command += ["--pin", PIN, "--so-pin", "00000000"]
        subprocess.run(command, env=self.settings, check=True, capture_output=True)

    @contextmanager
    def session(self) -> Iterator[pkcs11.Session]:
        """As whoever has the token and its PIN, on the machine that it is attached to."""
        library = pkcs11.lib(self.token.module)
        try:
            with library.get_token(token_label=LABEL).open(rw=True, user_pin=PIN) as session:
                yield session
        finally:
            library.finalize()
