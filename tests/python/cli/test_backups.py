"""
aceso backup and restore
├── a vault is backed up, its device lost, and brought back from words and file
├── read offline: no network is named, and every record is written out
├── in Korean and English, for a person to read
└── what is left out, or is no backup: one sentence, exit code 2, 3 or 6
"""

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
