"""`results`: the files of numbers that the notebooks show."""

import json

import pytest

from spikeviz import results
from spikeviz.results import FOLDERS

NAMES = sorted({file.stem for folder in FOLDERS for file in folder.glob("*.json")})


@pytest.mark.parametrize("name", NAMES)
def test_a_results_file_says_how_it_came_about(name):
    """A study's holds one entry, a benchmark's one for each kind of machine."""
    content = json.loads(results(name).read_text(encoding="utf-8"))
    entries = list(content.get("kinds", {name: content}).values())
    assert entries
    for entry in entries:
        assert {"command", "date", "commit", "machine", "versions", "results"} <= set(entry)
        assert entry["command"].startswith("python ")


def test_a_name_without_results_names_those_there_are():
    with pytest.raises(FileNotFoundError, match=r"no results 'abblation'; .*ablation"):
        results("abblation")
