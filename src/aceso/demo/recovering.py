"""The lost seed: two of three guardians bring it back, after a delay in which the person could say
no."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eth_account import Account

from aceso.chain import Receipt
from aceso.chain.failures import error_code
from aceso.devnet import Devnet
from aceso.flows import (
    Guarded,
    Guardian,
    GuardianShare,
    Network,
    Person,
    Profile,
    recover_seed,
    start_recovery,
)
from aceso.vault import Seed

from .stage import Stage

__all__ = ["show_lost_seed"]

_DAY = 24 * 60 * 60


def show_lost_seed(
    stage: Stage, devnet: Devnet, network: Network, person: Person, folder: Path
) -> None:
    """`folder` is that of the new device."""
    guarded = Guarded(person)
    persona = guarded.persona.address
    guardians = [Guardian(network, Account.create()) for _ in range(3)]
    with stage.step(
        "Two of three guardians can bring a lost seed back, after a delay",
        "시드를 잃으면 후견인 셋 중 둘이 대기 기간 뒤에 되찾을 수 있습니다",
    ):
        shares = guarded.prepare([one.account.address for one in guardians], threshold=2)
        stage.on_chain(*(one.accept(persona) for one in guardians))
        stage.expect("each guardian has words of their own", len({*_words(shares)}), 3)
    if stage.steps[-1].missed:
        return
    with stage.step(
        "The seed is lost: guardians ask, the person could say no, the vault comes back",
        "시드를 잃었습니다. 후견인이 요청하고, 본인은 거부할 수 있으며, 보관함이 돌아옵니다",
    ):
        # What was written down on paper before, and how many records the custodians list.
        written = person.profile.seed.mnemonic.split()
        kept = {record_id for record_id, _ in person.records()}
        helper = Account.create()
        day = network.suite.now() + _DAY

        def start(*some: Guardian) -> Receipt:
            supports = [one.support(persona, helper.address, deadline=day) for one in some]
            return start_recovery(network, supports)

        def recover(words: list[str]) -> Seed:
            return recover_seed(network, helper, persona, words)

        stage.refused(
            "one guardian alone starts nothing",
            lambda: start(guardians[0]),
            error_code("RecoveryInvalidCount"),
        )
        stage.on_chain(start(guardians[0], guardians[1]), guarded.veto())
        # The veto voided what they signed; the person then asks them to.
        stage.on_chain(start(guardians[0], guardians[2]))
        words = _words(shares)
        stage.refused(
            "not before the delay is over",
            lambda: recover([words[0], words[2]]),
            "E_RECOVERY_NOT_READY",
        )
        devnet.chain.advance_time(network.suite.guardianship.recovery_delay())
        devnet.chain.mine(network.confirmations + 1)
        stage.refused("nor with the words of one", lambda: recover(words[:1]), "E_RECOVERY_WORDS")
        seed = recover([words[0], words[2]])
        stage.expect("the seed is that on the paper", seed.mnemonic.split(), written)
        _restore(stage, network, folder, seed, kept)


def _restore(stage: Stage, network: Network, folder: Path, seed: Seed, kept: set[bytes]) -> None:
    device = Profile.create(
        folder,
        seed,
        passphrase="a new device",  # noqa: S106 - of a folder that is removed at the end
        kind="person",
        network="",
    )
    try:
        again = Person(network, device)
        again.restore()
        found = {record_id for record_id, _ in again.records()}
        stage.expect(f"all {len(kept)} records are back on a new device", found, kept)
    finally:
        device.close()


def _words(shares: Iterable[GuardianShare]) -> list[str]:
    return [one.words for one in shares]
