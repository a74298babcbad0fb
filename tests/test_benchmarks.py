"""The benchmarks' results files, tables and the command that runs them: their logic, not times."""

import importlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
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
    return report


@pytest.fixture
def benchmark(report):
    """Imports a file of benchmarks/ by its name."""
    return importlib.import_module


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
    monkeypatch.setattr(report, "cpu_name", lambda: CPU)
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


# --- pages and tables


@pytest.mark.parametrize("name", ["README.md", "docs/training.md", "docs/own_images.md"])
def test_a_page_says_what_the_results_files_say(benchmark, name):
    pages = benchmark("pages")
    parts = pages.PART.findall((ROOT / name).read_text(encoding="utf-8"))
    assert parts == [f"{made()}\n" for made in pages.PAGES[name]], (
        "run `python benchmarks/pages.py`"
    )


def entry(**times):
    """Results of one LIF layer of one shape: milliseconds by method."""
    return {"shapes": {"1x2": {name: {"both_ms": ms} for name, ms in times.items()}}}


def test_the_readme_speaks_of_the_range_over_all_kinds(benchmark, monkeypatch):
    pages = benchmark("pages")
    ways = ("floor: copy and add", "ours, eager", "ours, compiled", "SpikingJelly, eager")
    kinds = {
        "AVX2": entry(**dict(zip(ways, (2, 9, 4, 12), strict=True))),
        "Arm": entry(**dict(zip(ways, (2, 9, 2, 20), strict=True))),
    }
    about = {"machine": {"cpu": CPU, "cores": 2}, "date": "2026-11-29"}
    lif = {kind: {"results": results, **about} for kind, results in kinds.items()}
    monkeypatch.setattr(pages, "read", lambda name: lif if name == "lif" else {})
    assert pages.speed().splitlines() == [
        "| time, forward and backward | all | AVX2 | Arm |",
        "|---|---|---|---|",
        "| one LIF layer: SpikingJelly ÷ ours | 3.00 to 10.0 | 3.00 | 10.0 |",
        "| one LIF layer: ours ÷ copying and adding | 1.00 to 2.00 | 2.00 | 1.00 |",
        "",
        "Measured on AVX2: A CPU, 2 cores, 2026-11-29; Arm: A CPU, 2 cores, 2026-11-29.",
    ]


def test_without_a_compiler_the_eager_way_stands_for_us(benchmark):
    results = entry(**{"floor: copy and add": 2, "ours, eager": 9, "ours, plain loop": 12})
    found = benchmark("figures").figures("lif", results)
    assert found["ours, ms"] == {"1 × 2": 9}


# --- the command that runs them


@pytest.fixture
def run_all(benchmark, monkeypatch):
    """run_all.py with one tiny case a part, and no torch.compile, which takes a minute."""
    lif, mbpl, ratios, steps, training = map(
        benchmark, ("lif", "mbpl", "ratios", "steps", "training")
    )
    tiny = steps.Case("micro", 32, 1, 1)
    for module, shapes in ((lif, "SHAPES"), (mbpl, "SOME")):
        monkeypatch.setattr(module, shapes, ((2, 1, 2, 4, 4),))
        methods = {name: make for name, make in module.METHODS.items() if "torch.c" not in name}
        monkeypatch.setattr(module, "METHODS", methods)
    monkeypatch.setattr(lif, "QUICK", 1)
    monkeypatch.setattr(ratios, "FEW", (tiny,))
    monkeypatch.setattr(ratios, "ENOUGH", 0.0)
    monkeypatch.setattr(training, "FEW", [tiny])
    monkeypatch.setattr(training, "in_its_own_process", lambda case, _: training.measure(case))
    run_all = benchmark("run_all")
    monkeypatch.setattr(run_all, "cpu_name", lambda: CPU)
    return run_all


def test_every_figure_of_this_machine_stands_beside_ours(run_all, capsys):
    heading, *rows = run_all.compare(["lif", "mbpl", "ratios", "training"], write=False)
    assert heading[1].endswith(f", {CPU}")
    assert "AVX-512" in heading
    assert {len(row) for row in rows} == {len(heading)}
    assert {row[0].split(":")[0] for row in rows} == {"lif", "mbpl", "ratios", "training"}
    (row,) = [row for row in rows if row[0].startswith("ratios: MBPL ÷ twin, micro, T = 1, 1 ×")]
    assert float(row[1]) > 0
    assert "SpikingJelly, eager" in capsys.readouterr().out


def test_mine_is_given_in_times_of_each_kind(run_all):
    mine = {"ours, ms": {"1x2": 3.0}}
    ours = {"AVX2": {"ours, ms": {"1x2": 2.0}}, "Arm": {}}
    assert run_all.side_by_side("lif", mine, ours) == [
        ["lif: ours, ms, 1x2", "3.00", "2.00 (1.50 ×)", "–"]
    ]


def test_what_is_missing_is_said_in_a_line_and_left_out(run_all, benchmark, monkeypatch, capsys):
    def missing(*_):
        raise ModuleNotFoundError("No module named 'snntorch'")

    lif = benchmark("lif")
    monkeypatch.setitem(lif.METHODS, "snnTorch Leaky", missing)
    monkeypatch.setitem(run_all.PARTS, "widgets", missing)
    rows = run_all.compare(["lif", "widgets"], write=False)
    assert {row[0].split(":")[0] for row in rows[1:]} == {"lif"}
    said = capsys.readouterr().out
    assert "left out: snnTorch Leaky (No module named 'snntorch')\n" in said
    assert "left out: widgets (No module named 'snntorch')\n" in said


def test_windows_is_spared_what_it_cannot_measure(run_all, monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "training")
    monkeypatch.setitem(sys.modules, "resource", None)
    assert len(run_all.compare(["training"], write=False)) == 1
    assert "left out: training (Windows cannot" in capsys.readouterr().out


def test_a_part_that_is_none_is_told(run_all, capsys):
    with pytest.raises(SystemExit):
        run_all.main(["life"])
    assert "there is no part 'life'; choose of lif, mbpl, ratios" in capsys.readouterr().err


def test_write_keeps_what_was_measured(run_all, benchmark, monkeypatch):
    lif, kept, drawn = benchmark("lif"), {}, []
    monkeypatch.setattr(lif, "ROUNDS", 1)
    monkeypatch.setattr(lif, "save", lambda name, results, kind: kept.update({name: kind}))
    monkeypatch.setattr(run_all.pages, "write", lambda: drawn.append(True))
    monkeypatch.setattr(run_all, "cpu_kind", lambda: "AVX2")
    run_all.main(["lif", "--write"])
    assert (kept, drawn) == ({"lif": "AVX2"}, [True])


def test_training_goes_on_where_it_was_stopped_unless_told_again(benchmark, monkeypatch):
    training = benchmark("training")
    first, second = training.cases()[:2]
    monkeypatch.setattr(training, "known", lambda name, kind: {"cases": {first.key: "before"}})
    monkeypatch.setattr(training, "measured", lambda case, limit: "now")
    files = []
    monkeypatch.setattr(training, "save", lambda found, kind: files.append((dict(found), kind)))
    training.run_all([first, second], 1, "AVX2", again=False)
    training.run_all([first, second], 1, "AVX2", again=True)
    assert files == [
        ({first.key: "before", second.key: "now"}, "AVX2"),
        ({first.key: "now"}, "AVX2"),
        ({first.key: "now", second.key: "now"}, "AVX2"),
    ]


# --- what a GPU has to show


def test_the_gpus_program_on_a_cpu(report, tmp_path):
    """All its parts, small, as a reader starts it; the spikes and the training are right."""
    command = [sys.executable, "benchmarks/gpu.py", "--cpu", "--results", str(tmp_path)]
    answer = subprocess.run(
        command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=500, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8",
             "OMP_NUM_THREADS": "1"},  # threads on a busy machine wait for each other
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr
    (found,) = report.read("gpu", tmp_path).values()
    rows = {name: found["results"][name] for name in
            ("spikes", "neuron", "networks", "memory", "training")}  # fmt: skip
    verdicts = {name: {row[3] for row in part} for name, part in rows.items()}
    assert "failed" not in verdicts["spikes"] | verdicts["neuron"]
    assert verdicts["training"] == {"agree"}
    assert verdicts["neuron"] == verdicts["networks"] == verdicts["memory"] == {"–"}  # no claims
    for part in rows.values():
        for row in part:
            assert row[0] in answer.stdout


@pytest.fixture
def gpu(benchmark):
    return benchmark("gpu")


def test_without_a_gpu_it_says_so(gpu, monkeypatch, capsys):
    monkeypatch.setattr(gpu, "best_device", lambda: "cpu")
    monkeypatch.setattr(sys, "argv", ["gpu.py"])
    assert gpu.main() == 2
    (line,) = capsys.readouterr().out.splitlines()
    assert "no GPU" in line


@pytest.mark.parametrize(("broken", "status"), [("spikes", 1), ("neuron", 0), ("training", 1)])
def test_a_part_that_fails_leaves_the_others(broken, status, gpu, monkeypatch, capsys):
    def fails(bench):
        yield gpu.Row("first", "1", "1", gpu.AGREE)
        raise RuntimeError("no kernel image\nis available")

    def works(bench):
        yield gpu.Row("works", "2", "2", gpu.AGREE)

    monkeypatch.setattr(gpu, "PARTS", dict.fromkeys(gpu.PARTS, works) | {broken: fails})
    monkeypatch.setattr(sys, "argv", ["gpu.py", "--cpu"])
    assert gpu.main() == status
    out = capsys.readouterr().out
    assert out.count("works") == 4
    assert "RuntimeError: no kernel image is available" in out


SLOW = """
import time, gpu

def slow(bench):
    yield gpu.Row("first", "1", "1", gpu.AGREE)
    try:
        time.sleep(60)
    except Exception:  # as where the eager way takes over from a compiler
        yield gpu.Row("never", "", "", gpu.FAILED)

gpu.PARTS["neuron"] = slow
first, cut = gpu.run_part("neuron", gpu.Bench("cpu", True), 1)
assert (first.what, cut.what, cut.value) == ("first", "neuron", "cut after 1 s")
assert cut.verdict == gpu.SHORT
"""


@pytest.mark.skipif("not hasattr(__import__('signal'), 'SIGALRM')")
def test_a_slow_part_is_cut_and_said():
    """In a process of its own: an alarm rings in the main thread alone."""
    where = {**os.environ, "PYTHONPATH": f"{ROOT / 'benchmarks'}{os.pathsep}{ROOT}"}
    answer = subprocess.run(
        [sys.executable, "-c", SLOW], env=where, capture_output=True, encoding="utf-8", check=False
    )
    assert answer.returncode == 0, answer.stderr


def test_in_another_thread_no_alarm_rings(gpu, monkeypatch):
    monkeypatch.setitem(gpu.PARTS, "neuron", lambda bench: [gpu.Row("a", "1", "", gpu.NONE)])
    with ThreadPoolExecutor() as pool:
        (row,) = pool.submit(gpu.run_part, "neuron", gpu.Bench("cpu", True), 1).result()
    assert row.what == "a"


def test_the_budgets_leave_time_to_start(gpu):
    assert sum(gpu.BUDGETS.values()) <= 7.5 * 60
    assert set(gpu.BUDGETS) == set(gpu.PARTS) > set(gpu.MUST)


@pytest.mark.parametrize("wrong", [0, 1], ids=["spikes", "gradients"])
def test_a_wrong_neuron_is_found(wrong, gpu, monkeypatch):
    right = gpu.forward_backward

    def off(module, x, grad, way):
        found = right(module, x, grad, way)
        found[wrong].view(-1)[0] += way == "eager"
        return found

    monkeypatch.setattr(gpu, "forward_backward", off)
    assert not gpu.same(gpu.LIF(), gpu.torch.float32, "cpu", "eager")
    assert gpu.same(gpu.LIF(), gpu.torch.float32, "cpu", "plain")


def test_a_batch_that_does_not_fit_makes_way_for_half(gpu, monkeypatch):
    def step(bench, name, batch, time_steps):
        if batch > 8:
            raise gpu.torch.OutOfMemoryError("CUDA out of memory")
        return lambda: None

    monkeypatch.setattr(gpu, "training_step", step)
    rows = list(gpu.networks(gpu.Bench("cpu", False)))
    assert [row.what for row in rows[::2]] == ["tiny, T = 4, B = 2", "base, T = 4, B = 2"]
