"""The benchmarks' results files, tables and the command that runs them: their logic, not times."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CPU = "A CPU"


@pytest.fixture
def report(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import report

    for name in report.SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(report, "cpu_name", lambda: CPU)
    return report


# --- results files


def test_a_run_replaces_the_entry_of_its_kind_alone(report, tmp_path):
    report.write("speed", {"ms": 1}, ("torch",), tmp_path, kind="AVX2")
    report.write("speed", {"ms": 2}, ("torch",), tmp_path, kind="Arm")
    before = report.read("speed", tmp_path)
    report.write("speed", {"ms": 3}, ("torch",), tmp_path, kind="AVX2")
    after = report.read("speed", tmp_path)
    assert {kind: entry["results"]["ms"] for kind, entry in after.items()} == {"AVX2": 3, "Arm": 2}
    assert after["Arm"] == before["Arm"]
    assert set(after["AVX2"]) == {"command", "date", "commit", "machine", "versions", "results"}


def test_a_study_has_one_entry(report, tmp_path):
    path = report.write("study", {"accuracy": 1}, ("torch",), tmp_path)
    assert json.loads(path.read_text(encoding="utf-8"))["results"] == {"accuracy": 1}


def test_what_cannot_be_written_leaves_the_file_as_it_was(report, tmp_path):
    path = report.write("speed", {"ms": 1}, ("torch",), tmp_path, kind="AVX2")
    before = path.read_bytes()
    with pytest.raises(TypeError, match="not JSON serializable"):
        report.write("speed", {"ms": object()}, ("torch",), tmp_path, kind="Arm")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_goes_on_with_what_the_same_cpu_found(report, tmp_path, monkeypatch):
    assert report.known("speed", "AVX2", tmp_path) == {}
    report.write("speed", {"ms": 1}, ("torch",), tmp_path, kind="AVX2")
    assert report.known("speed", "AVX2", tmp_path) == {"ms": 1}
    assert report.known("speed", "Arm", tmp_path) == {}
    monkeypatch.setattr(report, "cpu_name", lambda: "another")
    assert report.known("speed", "AVX2", tmp_path) == {}


HELD = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "CC": "gcc -mno-avx512f"}


@pytest.mark.parametrize(
    ("machine", "avx512", "capability", "settings", "kind"),
    [
        ("x86_64", True, "AVX512", {}, "AVX-512"),
        ("x86_64", True, "AVX512", {"CC": "clang"}, "AVX-512"),
        ("x86_64", True, "AVX2", HELD, "AVX2, imitated"),
        ("x86_64", True, "AVX2", {"ATEN_CPU_CAPABILITY": "avx2"}, "AVX-512, held back"),
        ("AMD64", False, "AVX2", {}, "AVX2"),
        ("AMD64", False, "AVX2", HELD, "AVX2"),
        ("x86_64", False, "DEFAULT", {}, "without AVX2"),
        ("arm64", False, "DEFAULT", {}, "Arm"),
        ("aarch64", False, "SVE256", {}, "Arm"),
    ],
)
def test_the_kind_is_what_cpu_and_settings_allow(
    report, monkeypatch, machine, avx512, capability, settings, kind
):
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr("torch.cpu._is_avx512_supported", lambda: avx512)
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: capability)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert report.cpu_kind() == kind
