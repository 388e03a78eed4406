"""What happens to a ward, in the words of the tests about guardians and wills."""

from __future__ import annotations

from aceso.chain import Claim
from aceso.flows import Attesting

from .conftest import World


def attest(physicians: list[tuple[Attesting, int]], ward: str, claim: Claim) -> None:
    for one, number in physicians:
        one.attest(ward, claim, institution=number)


def wait(world: World, seconds: int) -> None:
    world.devnet.chain.advance_time(seconds)
    world.confirm()


def after_delay(world: World) -> None:
    # A node estimates by its own clock, which may lag a little behind the block's time.
    wait(world, world.network.suite.guardianship.attestation_delay() + 60)
