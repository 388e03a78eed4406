"""
What a union's acts cost, and a decision about a member, with 1, 100 and 10,000 members
├── none costs 5 % more with 10,000 than with 100, or with 100 than with one (G3)
└── but a claim, by the steps of its proof
"""

import pytest
from brownie import project as projects

from aceso.codes import Role
from aceso.vault import PartList
from tests.contracts.growth.filling import fill, light_node
from tests.contracts.trading import DURATION, HMB, KEY, LABS, NONE, grantee_of
from tests.contracts.uniting import CLAIM_PERIOD, Unity, leaf_of, mark_of, part_of

FEW, MANY = 100, 10_000
# As many as a block takes.
_CHUNK = 2_000


def grow(unity, town, number, count):
    """As many members more, each with a grant, a vouch and a membership of their own."""
    now, before = unity.now, unity.members(number)
    terms = (grantee_of(number, unity.unions), LABS, HMB, 0, 0, now, now + 360 * 86_400, NONE)
    to = (unity.consents.address, unity.unions.address, terms, number)
    for done in range(0, count, _CHUNK):
        data = town.settle.encode_input(*to, min(_CHUNK, count - done))
        fill(str(unity.deployer), town.address, data)
    assert unity.members(number) == count + before


def costs(unity, number, size):
    """The gas of each act in a union of `size`; two of `people` come, and go."""
    first, second = unity.people[:2]
    found = {}
    unity.join(number, first)
    found["join"] = unity.join(number, second).gas_used
    assert unity.members(number) == size + 2
    tx = unity.unions.buy(number, KEY, 1, {"from": unity.buyer})
    found["buy"], order = tx.gas_used, int(tx.events["UnionBought"]["order"])
    # A tree of as many parts as there are members, of whom two claim.
    others = [bytes([1]) + place.to_bytes(31, "big") for place in range(size)]
    unity.tree = PartList.of([*(leaf_of(part_of(person)) for person in (first, second)), *others])
    tx = unity.hand_over(order)
    found["deliver"], start = tx.gas_used, tx.timestamp
    asked = (first, unity.buyer, grantee_of(number, unity.unions), HMB, LABS, 0)
    assert unity.consents.decide(asked)[0]
    found["decide"] = unity.consents.decide.estimate_gas(asked, {"from": unity.stranger})
    unity.claim(order, first, at=start + DURATION)
    found["claim"] = unity.claim(order, second).gas_used
    found["leave"] = unity.unions.leave(number, {"from": first}).gas_used
    unity.revoke(number, second)
    found["strike"] = unity.unions.strike(number, second, {"from": unity.stranger}).gas_used
    found["settle"] = unity.settle(order, at=start + DURATION + CLAIM_PERIOD).gas_used
    return found


@pytest.fixture(scope="module")
def measured(accounts, tmp_path_factory):
    """The costs by number of members."""
    with light_node(tmp_path_factory.mktemp("growth")):
        return _measured(accounts)


def _measured(accounts):
    """Of one union that grows."""
    (loaded,) = projects.get_loaded_projects()
    unity = Unity(loaded, accounts)
    town = loaded.Town.deploy({"from": accounts[0]})
    unity._accredit(town, Role.ISSUER)
    for person in unity.people[:2]:
        unity.unions.vouch(town, person, mark_of(person), b"", {"from": accounts[0]})
    number = unity.open(voucher=str(town))
    found, size = {}, 0
    # The first of all write what all share: the second of one member counts.
    for wanted in (0, 1, 1, FEW, MANY):
        grow(unity, town, number, wanted - size)
        size = wanted
        found[size] = costs(unity, number, size)
    # The table of docs/market.md: `-rA` shows it.
    print(f"| members | {' | '.join(found[1])} |")
    for size in (1, FEW, MANY):
        print(f"| {size:,} | {' | '.join(f'{cost:,}' for cost in found[size].values())} |")
    return found


@pytest.mark.parametrize("act", ["join", "leave", "strike", "buy", "deliver", "settle", "decide"])
def test_costs_the_same_with_many_members(measured, act):
    one, few, many = (measured[size][act] for size in (1, FEW, MANY))

    assert one > 20_000
    assert abs(many - few) < 0.05 * few, (few, many)
    assert abs(few - one) < 0.05 * one, (one, few)


def test_a_claim_costs_the_same_but_for_the_steps_of_its_proof(measured):
    few, many = (measured[size]["claim"] for size in (FEW, MANY))

    # A tree of 102 has seven steps at most, one of 10,002 fourteen: 512 of calldata, and a hash.
    assert 0 < many - few < 8 * 800, (few, many)
