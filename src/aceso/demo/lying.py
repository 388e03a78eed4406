"""A custodian lies: it is named, and the record opens without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aceso.codes import DataClass
from aceso.devnet import Devnet, Process
from aceso.flows import Network

from .cast import Cast
from .stage import Stage

__all__ = ["show_lying"]

_START_SECONDS = 30.0
_LATE_SECONDS = 5.0


def show_lying(stage: Stage, devnet: Devnet, network: Network, cast: Cast, folder: Path) -> None:
    """The first custodian gives false shares for a while."""
    with (
        stage.step(
            "A custodian answers with false shares; it is named, and the others are enough",
            "수탁자 한 곳이 거짓 조각을 내놓습니다. 그 이름이 드러나고, 나머지로 기록이 열립니다",
        ),
        _lying(devnet) as liar,
    ):
        persona = cast.person.persona_for(cast.physician.grantee).address
        before = len(network.complaints)
        opened = cast.physician.open_all(persona, classes=DataClass.LABS, folder=folder)
        network.committee.wait_for_late(_LATE_SECONDS)
        named = {one.custodian for one in network.complaints[before:]}
        stage.expect("the one that lied is named, and nobody else", named, {liar})
        stage.expect(
            "every laboratory result opens all the same",
            {one.entry.record_id for one in opened},
            {
                record_id
                for record_id, note in cast.person.records(superseded=True)
                if note.data_class == DataClass.LABS
            },
        )
        stage.say(f"[dim]{network.complaints[-1].message}[/]")


@contextmanager
def _lying(devnet: Devnet) -> Iterator[str]:
    """The first custodian's place taken by a liar with its keys; its address."""
    custodian = devnet.custodians[0]
    devnet.process("custodian-1").stop()
    liar = _serve(devnet, "aceso.demo.liar", custodian["url"])
    try:
        yield custodian["address"]
    finally:
        liar.stop()
        _serve(devnet, "aceso.custody", custodian["url"])


def _serve(devnet: Devnet, module: str, url: str) -> Process:
    folder = str(devnet.folder / "custodian-1")
    process = devnet.run_custodian(
        f"custodian-1-{module}",
        [
            *("serve", "--folder", folder),
            *("--rpc", devnet.chain_url, "--confirmations", "1"),
            *("--deployment", str(devnet.folder / "deployment.json")),
            *("--port", url.rsplit(":", 1)[1]),
        ],
        program=("-m", module),
    )
    process.wait_for_line(seconds=_START_SECONDS)
    return process
