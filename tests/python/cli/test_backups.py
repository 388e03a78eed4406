"""
aceso backup and restore
├── a vault is backed up, its device lost, and brought back from words and file
├── read offline: no network is named, and every record is written out
├── in Korean and English, for a person to read
└── what is left out, or is no backup: one sentence, exit code 2, 3 or 6
aceso pin
├── a node that the network's file names since is given all that was published before
└── one that is down is named, and the others are served: exit code 5
"""

import json

from aceso.devnet import free_port
from aceso.storage import ReplicatedIpfs

from .conftest import PASSPHRASE


def run(aceso, *arguments, code=0):
    done = aceso(*arguments, "--json")
    assert done.code == code, (done.out, done.err)
    return done.document


def test_a_vault_is_backed_up_lost_and_brought_back(aceso, network, tmp_path, monkeypatch):
    home, words, file = tmp_path / "home", tmp_path / "words", tmp_path / "vault.aceso"
    monkeypatch.setenv("ACESO_NETWORK", str(network.folder))
    done = aceso("init", "--yes", "--home", home)
    numbered = [line.split() for line in done.err.split("\n") if line.strip()[:1].isdigit()]
    words.write_text(" ".join(word for line in numbered for word in line[1::2]))
    history = tmp_path / "weights.csv"
    history.write_text("date,weight (kg)\n2024-03-01,70.5\n2024-03-02,70.4\n")
    run(aceso, "import", history, "--home", home)
    kept = {one["id"] for one in run(aceso, "records", "--home", home)["records"]}

    made = run(aceso, "backup", file, "--home", home)

    assert made["records"] == made["bodies"] == len(kept) > 0
    assert file.stat().st_mode & 0o777 == 0o600
    new = ("--home", tmp_path / "new")
    back = run(aceso, "restore", "--backup", file, "--words", words, *new)
    assert (back["records"], back["new"], back["problems"]) == (len(kept), len(kept), [])
    assert {one["id"] for one in run(aceso, "records", *new)["records"]} == kept

    # No network, and no profile.
    monkeypatch.delenv("ACESO_NETWORK")
    nowhere = ("--home", tmp_path / "nowhere")
    read = run(
        aceso, "restore", "--backup", file, "--words", words, "--to", tmp_path / "read", *nowhere
    )
    assert len(read["files"]) == len(kept)
    assert history.read_bytes() in {one.read_bytes() for one in (tmp_path / "read").iterdir()}
    assert not (tmp_path / "nowhere").exists()

    for lang, said in (("ko", "다시 읽어 모두 열어"), ("en", "It was read back")):
        told = aceso(
            *("backup", tmp_path / "again.aceso", "--no-bodies", "--lang", lang),
            *("--home", home, "--network", network.folder),
        )
        assert said in told.out
    assert aceso("forget", sorted(kept)[0], "--yes", "--home", home).out.count("aceso backup") == 1

    (tmp_path / "none").write_text("no backup")
    assert PASSPHRASE not in str(read)
    refused = run(aceso, "restore", "--backup", tmp_path / "none", *new, code=6)
    assert refused["error"]["code"] == "E_VAULT_FORMAT"
    refused = run(aceso, "restore", "--backup", tmp_path / "missing", *new, code=3)
    assert refused["error"]["code"] == "E_BACKUP_FILE"
    refused = run(aceso, "restore", *new, code=2)
    assert refused["error"]["code"] == "E_USAGE_MISSING"


def test_a_node_that_is_named_later_is_given_what_was_published_before(aceso, network, tmp_path):
    facts = json.loads((network.folder / "devnet.json").read_text())
    first, second = facts["ipfs"]["url"], facts["ipfs"]["also"][0]
    down = f"http://127.0.0.1:{free_port()}"

    def naming(*urls):
        path = tmp_path / "network.json"
        path.write_text(json.dumps(facts | {"ipfs": {"url": urls[0], "also": urls[1:]}}))
        return "--network", path, "--home", tmp_path / "home"

    weights = tmp_path / "weights.csv"
    weights.write_text("date,weight (kg)\n2024-03-01,71.5\n")
    run(aceso, "init", "--yes", *naming(first))
    run(aceso, "import", weights, *naming(first))
    kept = {one["cid"] for one in run(aceso, "records", *naming(first))["records"]}

    pinned = run(aceso, "pin", *naming(first, second, down), code=5)["nodes"]

    total = len(kept) + 1  # and the index
    assert [(one["url"], one["kept"], one["given"]) for one in pinned] == [
        (first, total, 0),
        (second, 0, total),
        (down, 0, 0),
    ]
    assert {one["error"] for one in pinned[2]["lacking"]} == {"E_IPFS_DOWN"}
    with ReplicatedIpfs([second]) as ipfs:
        assert kept < ipfs.pins()
    assert run(aceso, "pin", *naming(first, second))["nodes"][1]["kept"] == total
    told = aceso("pin", *naming(first, second, down), "--lang", "ko")
    assert (told.code, "이미 보관" in told.out, down in told.out) == (5, True, True)
