"""check_setup: fine here, and each thing that can be wrong is named with its mend."""

import os
import shutil
from html.parser import HTMLParser
from importlib import metadata
from types import SimpleNamespace

import pytest

import spikeatconv.data
from spikeviz import setup_check
from spikeviz.setup_check import AGAIN, Check, Report, check_setup

NAMES = ["Python", "Packages", "Widgets", "A spiking neuron", "Data"]


real = setup_check._neuron


@pytest.fixture(autouse=True)
def neuron(monkeypatch):
    """Looked at by the tests that ask for `real_neuron` alone: each look loads torch."""
    monkeypatch.setattr(setup_check, "_neuron", lambda: (True, "not looked at"))


@pytest.fixture
def real_neuron(monkeypatch, neuron):
    monkeypatch.setattr(setup_check, "_neuron", real)


class Rows(HTMLParser):
    """The cells of a table as the reader sees them, row by row."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.tags, self.text = [], set(), ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        self.text += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def assert_wrong(name, *parts):
    """One line of the report is wrong, and holds these parts, printed and in a notebook."""
    report = check_setup()
    assert [check.name for check in report.checks] == NAMES
    assert [check.name for check in report.checks if not check.fine] == [name]
    assert not report.fine
    first, *lines = repr(report).splitlines()
    assert first == "1 to mend, see below."
    (line,) = [line for line in lines if line.startswith("✗")]
    assert line.startswith(f"✗ {name}: ")
    shown = Rows(report._repr_html_())
    assert "1 to mend" in shown.text
    (row,) = [row for row in shown.rows if "mend" in row[0]]
    assert row[:2] == ["✗ mend", name]
    for part in (*parts, "To mend it: "):
        assert part in line
        assert part in row[2]
    return line


# ---------------------------------------------------------------- fine


def test_all_is_fine_here(real_neuron):
    report = check_setup()
    assert report.fine, report
    first, *lines = repr(report).splitlines()
    assert first == "All set."
    assert [line[: line.index(":")] for line in lines] == [f"✓ {name}" for name in NAMES]
    assert "To mend" not in repr(report)
    shown = Rows(report._repr_html_())
    assert "All set." in shown.text
    assert [row[:2] for row in shown.rows[1:]] == [["✓ fine", name] for name in NAMES]
    assert "mend" not in shown.text


def test_only_what_the_course_needs_is_asked_for(monkeypatch):
    wanted = ["torch>=2", "gone>=1; extra == 'test'", "gone; python_version < '3' or extra == 'a'"]
    monkeypatch.setattr(metadata, "requires", lambda name: wanted)
    assert setup_check._packages() == (True, "1 packages, all in their range")


def test_a_release_candidate_counts_as_in_range(monkeypatch):
    others = metadata.version
    monkeypatch.setattr(
        metadata, "version", lambda name: "2.12.0rc1" if name == "torch" else others(name)
    )
    assert setup_check._packages()[0]


# ---------------------------------------------------------------- wrong


def test_an_old_python(monkeypatch):
    old = SimpleNamespace(version_info=(3, 10, 9), prefix=setup_check.sys.prefix)
    monkeypatch.setattr(setup_check, "sys", old)
    monkeypatch.setattr(setup_check, "platform", SimpleNamespace(python_version=lambda: "3.10.9"))
    assert_wrong("Python", "3.10.9 in ", "Python 3.11 or newer from python.org", AGAIN)


def pretend(monkeypatch, versions):
    """Other versions of some packages than those installed; None for a package that is missing."""
    others = metadata.version

    def version(name):
        if name not in versions:
            return others(name)
        if versions[name] is None:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "version", version)


def test_a_missing_package(monkeypatch):
    pretend(monkeypatch, {"norse": None})
    assert_wrong("Packages", "norse is missing", AGAIN)


def test_versions_out_of_range_and_all_of_them_named(monkeypatch):
    pretend(monkeypatch, {"jupyterlab": "3.6.0", "anywidget": "0.12.0", "tqdm": None})
    line = assert_wrong("Packages", "jupyterlab is 3.6.0, wanted ", "tqdm is missing", AGAIN)
    assert "anywidget is 0.12.0, wanted " in line
    assert "torch" not in line


def test_a_course_that_is_not_installed(monkeypatch):
    def requires(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    assert_wrong("Packages", "PackageNotFoundError", "spikeatconv", AGAIN)


@pytest.mark.parametrize("missing", setup_check.LAB_EXTENSIONS)
def test_a_missing_part_of_jupyterlab(monkeypatch, tmp_path, missing):
    extensions = tmp_path / "share" / "jupyter" / "labextensions"
    for name in set(setup_check.LAB_EXTENSIONS) - {missing}:
        (extensions / name).mkdir(parents=True)
    here = SimpleNamespace(version_info=setup_check.sys.version_info, prefix=str(tmp_path))
    monkeypatch.setattr(setup_check, "sys", here)
    package = setup_check.LAB_EXTENSIONS[missing]
    assert_wrong("Widgets", f"JupyterLab lacks its part of {package}. ", AGAIN)


def test_both_parts_of_jupyterlab_missing(monkeypatch, tmp_path):
    here = SimpleNamespace(version_info=setup_check.sys.version_info, prefix=str(tmp_path))
    monkeypatch.setattr(setup_check, "sys", here)
    assert_wrong("Widgets", "lacks its part of anywidget and jupyterlab_widgets", AGAIN)


@pytest.mark.parametrize(
    ("torch", "said"),
    [
        ("raise OSError('libtorch_cpu.so: file too short')", "OSError: libtorch_cpu.so: file too"),
        ("raise AttributeError('no attribute compile')", "AttributeError: no attribute compile"),
        ("import os; os.abort()", "it said nothing"),  # made for another processor
    ],
)
def test_a_torch_that_cannot_be_imported(monkeypatch, tmp_path, real_neuron, torch, said):
    (tmp_path / "torch.py").write_text(torch)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    assert_wrong("A spiking neuron", "Python ended with ", said, AGAIN)


def test_a_neuron_that_computes_something_else(monkeypatch, real_neuron):
    monkeypatch.setattr(setup_check, "NEURON", "print('[[0.0, 0.0], \"torch\"]')")
    assert_wrong("A spiking neuron", "spikes [0.0, 0.0], expected [0.0, 1.0, 0.0, 1.0]", AGAIN)


@pytest.fixture
def data(monkeypatch, tmp_path):
    """A copy of the data that ships, to do damage to."""
    folder = next(folder for folder in spikeatconv.data.FOLDERS if folder.is_dir())
    for name in ("mnist5k.npz", "SHA256SUMS"):
        shutil.copy(folder / name, tmp_path)
    monkeypatch.setattr(spikeatconv.data, "FOLDERS", (tmp_path,))
    return tmp_path


def test_a_damaged_data_file(data):
    content = bytearray((data / "mnist5k.npz").read_bytes())
    content[1000] ^= 1
    (data / "mnist5k.npz").write_bytes(content)
    assert_wrong("Data", "mnist5k.npz is damaged", "git checkout -- data")


@pytest.mark.parametrize("name", ["mnist5k.npz", "SHA256SUMS"])
def test_a_missing_data_file(data, name):
    (data / name).unlink()
    assert_wrong("Data", f"{name} is missing", "git checkout -- data")


def test_a_missing_data_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(spikeatconv.data, "FOLDERS", (tmp_path / "gone",))
    assert_wrong("Data", "mnist5k.npz is missing", "git checkout -- data")


# ---------------------------------------------------------------- it goes on, and hides nothing


def test_it_never_raises_and_tells_each_thing_that_is_wrong(monkeypatch):
    def broken(*arguments):
        raise AssertionError("boom")

    for name in ("_python", "_packages", "_widgets", "_neuron", "_data"):
        monkeypatch.setattr(setup_check, name, broken)
    report = check_setup()
    first, *lines = repr(report).splitlines()
    assert first == report.verdict == "5 to mend, see below."
    assert [line[: line.index(". ")] for line in lines] == [
        f"✗ {name}: AssertionError: boom" for name in NAMES
    ]
    assert len({check.mend for check in report.checks}) == 3
    assert report._repr_html_().count("✗ mend") == 5


def test_html_is_escaped():
    found = '<script>alert(1)</script> & <b>"bold"</b> it\'s'
    report = Report((Check("<i>Name</i>", False, found, "do <this>"),))
    shown = Rows(report._repr_html_())
    assert not shown.tags & {"script", "i", "this"}
    assert shown.rows[1] == ["✗ mend", "<i>Name</i>", f"{found}. To mend it: do <this>"]
