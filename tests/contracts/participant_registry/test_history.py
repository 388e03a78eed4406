"""
A random history of proposals, accreditations and their ends
└── the events, in order, give every role and condition that is held (G4)
The authority
└── is fixed: no function names another, and none of its acts moves it (G4)
"""

import random
from collections import defaultdict

import brownie
from brownie import web3

STEPS = 60


def test_who_is_accredited_is_what_the_events_say(participants, authority, stranger):
    pick = random.Random(4)
    people = [web3.to_checksum_address("0x" + f"{0xE0 + place:02x}" * 20) for place in range(4)]
    told, proposed, refused = defaultdict(int), {}, 0
    for _ in range(STEPS):
        who, bits = pick.choice(people), pick.getrandbits(5)
        match pick.choice(("propose", "accredit", "accredit", "unaccredit", "time")):
            case "propose":
                participants.proposeAccreditation(who, bits, bits, {"from": authority})
                proposed[who] = brownie.chain[-1].timestamp + participants.accreditationDelay()
            case "unaccredit":
                tx = participants.unaccredit(who, bits, bits, {"from": authority})
                proposed.pop(who, None)
                event = tx.events["AccreditationChanged"]
                told[event["account"]] = (event["roles"], event["conditions"])
            case "time":
                now = brownie.chain[-1].timestamp
                web3.provider.make_request("evm_mine", [now + pick.choice((3600, 3 * 86_400))])
            case "accredit":
                ready = proposed.get(who)
                if ready is None or brownie.chain[-1].timestamp + 600 < ready:
                    with brownie.reverts():
                        participants.accredit(who, {"from": stranger})
                    refused += 1
                    continue
                web3.provider.make_request(
                    "evm_setNextBlockTimestamp", [max(ready, brownie.chain[-1].timestamp + 1)]
                )
                tx = participants.accredit(who, {"from": stranger})
                del proposed[who]
                event = tx.events["AccreditationChanged"]
                told[event["account"]] = (event["roles"], event["conditions"])
        for one in people:
            roles, conditions = told.get(one, (0, 0))
            held = sum(1 << bit for bit in range(5) if participants.hasRoles(one, 1 << bit))
            assert (held, participants.conditionsOf(one)) == (roles, conditions)

    assert refused >= 3
    assert len(told) == len(people)
    assert participants.authority() == authority


def test_no_function_names_another_authority(participants):
    named = {
        item["name"]: {given["name"].lower() for given in item["inputs"]}
        for item in participants.abi
        if item["type"] == "function"
    }

    assert all("authority" not in given and "owner" not in given for given in named.values())
    assert not {name for name in named if "uthority" in name or "wner" in name} - {"authority"}
