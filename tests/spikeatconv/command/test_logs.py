"""The log of a training: read back, gone on with, cut off; and TensorBoard's."""

import sys
import time

import pytest
from accelerate import tracking

from spikeatconv.command import follow, logs
from spikeatconv.command.logs import CsvLog, TensorBoard, tracker_class, whole_rows
from spikeviz.training_log import Log


def row(step, **more):
    return {
        "step": step, "steps": 9, "epoch": step / 3, "loss": 1 / step, "learning_rate": 0.1,
        "gradient_norm": 2.0, "images": 8 * step, **more,
    }  # fmt: skip


def write(path, *rows):
    log = CsvLog(path)
    for metrics in rows:
        log.write(metrics)
    log.close()


def test_a_log_is_read_by_the_monitor(tmp_path):
    path = tmp_path / "log.csv"
    write(path, row(1), row(2), row(3, test_accuracy=0.5, test_loss=1.25))
    log = Log.read(path)
    assert log["step"].tolist() == [1, 2, 3]
    assert log["loss"].tolist() == [1, 1 / 2, 1 / 3]  # every digit
    assert log["test_accuracy"].tolist()[2] == 0.5
    assert str(log["test_loss"].tolist()[:2]) == "[nan, nan]"
    assert (log["images"] == [8, 16, 24]).all()


def test_each_row_is_in_the_file_before_the_next_comes(tmp_path):
    path = tmp_path / "log.csv"
    log = CsvLog(path)
    for step in (1, 2, 3):
        log.write(row(step))
        assert Log.read(path)["step"].tolist()[-1] == step
    log.close()


def test_a_resumed_run_goes_on_without_doubled_rows(tmp_path):
    path = tmp_path / "log.csv"
    write(path, row(1), row(2), row(3), row(4))
    write(path, row(3, test_loss=7.0), row(4), row(5))  # the checkpoint was of step 2
    log = Log.read(path)
    assert log["step"].tolist() == [1, 2, 3, 4, 5]
    assert log["test_loss"].tolist()[2] == 7.0
    assert (log["seconds"][1:] >= log["seconds"][:-1]).all()


def test_the_clock_goes_on_where_it_stood(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    path = tmp_path / "log.csv"
    first = CsvLog(path)
    now[0] += 50
    first.write(row(1))
    first.close()
    now[0] += 1e6  # nobody trains
    second = CsvLog(path)
    now[0] += 2
    second.write(row(2))
    second.close()
    assert Log.read(path)["seconds"].tolist() == [50, 52]


@pytest.mark.parametrize("cut", ["3,1.0,1", "3,1.0,1\n", "3,0.5,1.0,0.3,0.1,2.0,24,,,"])
def test_a_row_that_was_cut_off_is_dropped(tmp_path, cut):
    path = tmp_path / "log.csv"
    write(path, row(1), row(2))
    with path.open("a") as file:
        file.write(cut)
    assert [found["step"] for found in whole_rows(path)] == ["1", "2"]
    write(path, row(3))
    assert Log.read(path)["step"].tolist() == [1, 2, 3]


def test_a_foreign_file_is_left_alone(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("loss,mood\n1,good\n")
    with pytest.raises(ValueError, match=r"has the columns \['loss', 'mood'\].* it is no log"):
        write(path, row(1))
    assert path.read_text() == "loss,mood\n1,good\n"


@pytest.mark.parametrize("field", ["x" * 200_000, "good", "\xff"])
def test_a_log_with_something_else_in_it_is_left_alone(tmp_path, field):
    """A field of 200,000 letters is more than Python's csv takes."""
    path = tmp_path / "log.csv"
    write(path, row(1))
    with path.open("a", encoding="latin-1") as file:
        file.write(f"2,{field},1,0.5,0.1,2.0,24,,,\n")
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"log\.csv: .*it is no log of a training; move it away"):
        write(path, row(3))
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match=r"log\.csv.*(cannot be read|expected a number)"):
        Log.read(path)


def test_tensorboard_shows_each_step_once(tmp_path):
    event_accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    )
    for rows in ((row(1), row(2), row(3)), (row(2, test_accuracy=0.5), row(3))):
        log = TensorBoard(tmp_path)
        for metrics in rows:
            log.write(metrics)
        log.close()
        time.sleep(1.1)  # the files' names hold seconds, and their order is that of the names
    found = event_accumulator.EventAccumulator(str(tmp_path)).Reload()
    losses = found.Scalars("loss")
    assert [event.step for event in losses] == [1, 2, 3]
    assert [event.value for event in losses] == pytest.approx([1, 1 / 2, 1 / 3])
    assert [event.step for event in found.Scalars("test_accuracy")] == [2]


def test_without_tensorboard_the_training_goes_on_and_says_so(tmp_path, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(logs, "extra", missing)
    said = []
    last = follow.follow(iter_of([row(1), row(2)]), tmp_path, said.append)
    assert last["step"] == 2
    assert len(said) == 1
    assert "No TensorBoard log" in said[0]
    assert Log.read(tmp_path / "log.csv")["step"].tolist() == [1, 2]


def iter_of(rows):
    yield from rows


@pytest.mark.parametrize("name", ["log.csv", "tensorboard"])
def test_a_log_on_a_full_disk_ends_the_training_with_a_checkpoint_and_its_name(
    tmp_path, monkeypatch, name
):
    class Full(CsvLog if name == "log.csv" else TensorBoard):
        def write(self, metrics):
            if metrics["step"] == 3:
                raise OSError(28, "No space left on device")
            super().write(metrics)

    closed = []

    def metrics():
        try:
            yield from map(row, range(1, 9))
        finally:
            closed.append(True)  # as `train` saves

    monkeypatch.setattr(follow, Full.__base__.__name__, Full)
    with pytest.raises(OSError, match=rf"{name} cannot be written: .*No space left.*--resume"):
        follow.follow(metrics(), tmp_path, print)
    assert closed
    assert [r["step"] for r in whole_rows(tmp_path / "log.csv")] in (["1", "2"], ["1", "2", "3"])


# ---------------------------------------------------------------- trackers


@pytest.fixture
def noted(monkeypatch):
    """(what a tracker was told, {the name of what fails: an error}); accelerate knows it as
    "notes"."""
    told, failing = [], {}

    def note(name, *given, **words):
        if name in failing:
            raise failing[name]
        told.append((name, *given, *words.values()))

    class Notes(tracking.GeneralTracker):
        name, requires_logging_directory, tracker = "notes", True, None

        def __init__(self, project, folder):
            super().__init__()
            note("make", project, folder)

        def start(self):
            note("start")

        def store_init_configuration(self, values):
            note("settings", values)

        def log(self, values, step):
            note("log", step, values)

        def finish(self):
            note("finish")

    monkeypatch.setitem(tracking.LOGGER_TYPE_TO_CLASS, "notes", Notes)
    return told, failing


def followed(folder, tracker="notes", said=print):
    about = {"recipe": {"epochs": 2, "clip": None}, "folder": folder, "widths": (4, 8)}
    rows = iter_of([row(1), row(2, test_accuracy=0.5, test_loss=3.0)])
    return follow.follow(rows, folder, said, about, tracker=tracker)


def test_a_tracker_gets_the_settings_and_the_numbers_of_each_step(tmp_path, noted):
    followed(tmp_path)
    begun, start, settings, *logged, end = noted[0]
    assert begun == ("make", "spikeatconv", str(tmp_path))
    assert (start, end) == (("start",), ("finish",))
    assert settings[1] == {
        "recipe.epochs": 2, "recipe.clip": None, "folder": str(tmp_path), "widths": "[4, 8]",
    }  # fmt: skip
    assert [step for _, step, _ in logged] == [1, 2]
    assert logged[1][2] == {
        "epoch": 2 / 3, "loss": 1 / 2, "learning_rate": 0.1, "gradient_norm": 2.0, "images": 16,
        "test_accuracy": 0.5, "test_loss": 3.0,
    }  # fmt: skip


@pytest.mark.parametrize("where", ["log", "finish"])
def test_a_tracker_that_fails_on_its_way_costs_nothing_else(tmp_path, noted, where):
    noted[1][where] = ConnectionError("no network")
    with pytest.warns(UserWarning, match=r"notes takes no more numbers \(no network\); log.csv"):
        assert followed(tmp_path)["step"] == 2
    assert len(whole_rows(tmp_path / "log.csv")) == 2


@pytest.mark.parametrize("where", ["make", "start", "settings"])
def test_a_tracker_that_does_not_begin_is_told_at_once(tmp_path, noted, where):
    noted[1][where] = ConnectionError("no key")
    with pytest.raises(RuntimeError, match=r"notes does not begin \(no key\); set .* or leave out"):
        followed(tmp_path)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("wnadb", r"tracker is 'wnadb'; choose one of .*'wandb'\]. Did you mean 'wandb'"),
        ("tensorboard", r"tracker is 'tensorboard'; choose one of"),
        ("wandb", r"needs the package wandb, which is not installed; .*pip install wandb$"),
    ],
)
def test_what_is_no_tracker_here(monkeypatch, name, told):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises((ModuleNotFoundError, ValueError), match=told):
        tracker_class(name)
