"""
AcesoError
├── says its sentence, and keeps its code and details
├── of one sentence has it in its class, with its code
├── each branch has its exit code
├── survives the way to another process
├── of a node shows where it is, and neither its password nor its key
└── a code that does not look like one is refused
"""

import pickle

import pytest

from aceso import errors
from aceso.chain import ChainDownError, WrongChainError
from aceso.errors import AcesoError, StorageError, place_of
from aceso.storage import IpfsDownError


def test_says_its_sentence_and_keeps_its_code():
    error = StorageError("IPFS does not answer.", code="E_IPFS_DOWN", details={"port": 5001})

    assert str(error) == "IPFS does not answer."
    assert error.code == "E_IPFS_DOWN"
    assert error.details == {"port": 5001}


class SpilledError(StorageError):
    code = "E_SPILLED"
    sentence = "{cups} cups are spilt on {where!r}: wipe it."

    def __init__(self, cups: int, where: str):
        self.say(cups=cups, where=where)


def test_of_one_sentence_has_it_in_its_class():
    for error in (
        SpilledError(2, "{a} rug"),
        pickle.loads(pickle.dumps(SpilledError(2, "{a} rug"))),
    ):
        assert str(error) == error.message == "2 cups are spilt on '{a} rug': wipe it."
        assert (error.code, error.exit_code) == ("E_SPILLED", 5)
        assert error.details == {"cups": 2, "where": "{a} rug"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("UsageError", 2),
        ("InputError", 3),
        ("NotPermittedError", 4),
        ("ServiceError", 5),
        ("StorageError", 5),
        ("ChainError", 5),
        ("CustodyError", 5),
        ("IntegrityError", 6),
        ("VaultError", 6),
    ],
)
def test_each_branch_has_its_exit_code(name, code):
    error = getattr(errors, name)("It is so.", code="E_TEST")

    assert error.exit_code == code
    assert isinstance(error, AcesoError)


def test_survives_the_way_to_another_process():
    error = pickle.loads(pickle.dumps(StorageError("Gone.", code="E_GONE", details={"cid": "b"})))

    assert (type(error), str(error), error.code) == (StorageError, "Gone.", "E_GONE")
    assert error.details == {"cid": "b"}


@pytest.mark.parametrize("code", ["", "IPFS_DOWN", "E_", "E_lower", "E_A__B", "E_A "])
def test_refuses_what_is_no_code(code):
    with pytest.raises(ValueError, match="looks like"):
        AcesoError("It is so.", code=code)


@pytest.mark.parametrize(
    "url, shown",
    [
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("http://127.0.0.1:8545/", "http://127.0.0.1:8545"),
        ("https://me:secret@node.example:8545", "https://node.example:8545"),
        ("https://node.example/v3/secret", "https://node.example/…"),
        ("https://node.example?key=secret", "https://node.example/…"),
        ("wss://node.example/#secret", "wss://node.example/…"),
        ("/ip4/127.0.0.1/tcp/5001/http", "/ip4/127.0.0.1/tcp/5001/http"),
        ("me:secret@node.example", "node.example"),
        ("https://me:secret@[node", "[node"),
    ],
)
def test_of_a_node_shows_where_it_is_alone(url: str, shown: str) -> None:
    assert place_of(url) == shown
    for error in (ChainDownError(url), WrongChainError(url, found=1, wanted=2), IpfsDownError(url)):
        assert shown in str(error)
        assert error.details["url"] == shown
        assert "secret" not in f"{error} {error.details}"
