"""TrainingMonitor and its log: what is kept, how a run ends, what a file may hold."""

import math
import time

import numpy as np
import pytest
import traitlets
from hypothesis import given
from hypothesis import strategies as st

from spikeviz import TrainingMonitor
from spikeviz.monitor.explorer import MOST_POINTS
from spikeviz.training_log import Log

STEPS = [{"step": i, "loss": 2.0 / i, "learning_rate": 0.1 * i} for i in range(1, 6)]


@pytest.fixture
def monitor(made):
    return made()


def unpack(packed):
    values = np.frombuffer(packed["values"], "<f4").reshape(-1, packed["points"])
    return dict(zip(packed["columns"], values, strict=True))


# ---------------------------------------------------------------- watching a loop


def test_the_metrics_are_passed_on_and_kept(monitor):
    assert list(monitor.watch(iter(STEPS), "mine", steps=5)) == STEPS
    assert monitor.state == "finished"
    assert list(monitor.logs) == ["mine"]  # the runs that came with the widget have gone
    assert monitor.logs["mine"]["loss"].tolist() == [2.0, 1.0, 2 / 3, 0.5, 0.4]
    shown = unpack(monitor.done["mine"])
    np.testing.assert_allclose(shown["learning_rate"], [0.1, 0.2, 0.3, 0.4, 0.5], rtol=1e-6)
    assert monitor.progress["step"] == 5
    assert monitor.present == {}


def test_the_time_left_follows_from_the_time_a_step_took():
    log = Log()
    for step in range(1, 11):
        log.append({"step": step, "images": 50 * step}, seconds=0.5 * step)
    found = log.progress(steps=40)
    assert found["seconds_left"] == pytest.approx(30 * 0.5)
    assert found["images_per_second"] == pytest.approx(100)
    assert log.progress(steps=None)["seconds_left"] is None


def test_stop_ends_after_the_present_step_and_closes_the_loop(monitor):
    closed = []

    def loop():
        try:
            yield from STEPS
        finally:
            closed.append(True)

    seen = []
    for metrics in monitor.watch(loop(), "mine"):
        seen.append(metrics["step"])
        if len(seen) == 2:
            monitor.stop()
            assert (monitor.state, monitor.stop_asked) == ("stopping", True)
    assert (seen, closed) == ([1, 2], [True])
    assert (monitor.state, monitor.stop_asked) == ("stopped", False)
    list(monitor.watch(iter(STEPS), "mine"))  # a second run is not stopped by the first's button
    assert monitor.state == "finished"
    assert len(monitor.logs["mine"]) == 5


def test_what_the_loop_raises_is_raised_and_shown(monitor):
    def loop():
        yield {"loss": 1.0}
        raise FloatingPointError("the loss is not finite")

    with pytest.raises(FloatingPointError):
        list(monitor.watch(loop(), "mine"))
    assert monitor.state == "failed"
    assert monitor.problem == "FloatingPointError: the loss is not finite"
    assert len(monitor.logs["mine"]) == 1


def test_a_loop_nobody_asks_on_is_stopped(monitor):
    metrics = monitor.watch(iter(STEPS), "mine")
    next(metrics)
    metrics.close()  # what `break` does in the end
    assert monitor.state == "stopped"


def test_a_run_in_a_thread_leaves_the_notebook_free(monitor):
    def endless():
        while True:
            time.sleep(0.001)
            yield {"loss": 1.0}

    thread = monitor.start(endless(), "thread")
    while not monitor.progress.get("step"):
        time.sleep(0.001)
    with pytest.raises(RuntimeError, match=r"'thread' is under way; press Stop"):
        monitor.start(endless(), "second")
    with pytest.raises(RuntimeError, match="under way"):
        next(monitor.watch(endless(), "second"))
    assert monitor.state == "running"
    monitor.stop()
    thread.join(timeout=10)
    assert monitor.state == "stopped"


def test_a_failure_in_a_thread_is_shown(monitor):
    def broken():
        raise ValueError("no images; name a folder with some")
        yield

    monitor.start(broken(), "thread").join(timeout=10)
    assert monitor.state == "failed"
    assert monitor.problem == "ValueError: no images; name a folder with some"


@pytest.mark.parametrize("steps", [0, -3, True])
def test_a_number_of_steps_that_cannot_be_is_refused(monitor, steps):
    with pytest.raises(ValueError, match=rf"steps is {steps}; give how many"):
        monitor.start(iter(STEPS), steps=steps)
    assert monitor.about  # nothing was forgotten


def test_a_loss_that_is_no_number_is_said_with_its_step(monitor):
    list(monitor.watch(iter([{"loss": 1.0}, {"loss": math.nan}, {"loss": math.inf}]), "mine"))
    assert monitor.progress["bad"] == "the loss is nan at step 2"


def test_what_is_no_number_is_left_out_and_gaps_stay_gaps():
    log = Log()
    log.append({"loss": 1.0, "note": "first", "ok": True, "rates": {"stem": 0.25}}, seconds=1.0)
    log.append({"test_accuracy": 0.5}, seconds=2.0)
    assert log.names == ["step", "seconds", "loss", "rate:stem", "test_accuracy"]
    assert log["loss"][0] == 1.0
    assert math.isnan(log["loss"][1])
    assert math.isnan(log["test_accuracy"][0])
    with pytest.raises(KeyError, match="no column 'lost'; it has"):
        log["lost"]


def test_a_long_run_is_shown_as_means_of_neighbours():
    log = Log()
    for step in range(1, 2501):  # three go together
        log.append(
            {"step": step, "loss": float(step), "test_loss": 7.0 if step == 5 else math.nan}, 0
        )
    shown = unpack(log.pack(MOST_POINTS))
    assert len(shown["loss"]) == 834
    assert shown["loss"][:2].tolist() == [2.0, 5.0]
    assert shown["loss"][-1] == 2500.0  # alone in the last place
    assert np.flatnonzero(np.isfinite(shown["test_loss"])).tolist() == [1]


def test_smoothing_is_an_exponential_mean_in_steps():
    log = Log()
    for step, loss in ((10, 4.0), (20, math.nan), (30, 2.0)):
        log.append({"step": step, "loss": loss}, 0)
    kept = math.exp(-2)  # 20 steps apart, time constant 10
    np.testing.assert_allclose(log.smoothed("loss", 10), [4, 4, 4 * kept + 2 * (1 - kept)])


def test_traits_refuse_what_is_out_of_range(monitor):
    with pytest.raises(traitlets.TraitError, match=r"smoothing is 0.* from 1.0 to 200.0"):
        monitor.smoothing = 0
    with pytest.raises(traitlets.TraitError, match="axis"):
        monitor.axis = "hours"


# ---------------------------------------------------------------- logs in files

numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(numbers, st.none() | numbers), min_size=1, max_size=8))
def test_a_log_comes_back_from_its_file_to_the_bit(tmp_path_factory, rows):
    log = Log()
    for i, (loss, accuracy) in enumerate(rows):
        extra = {} if accuracy is None else {"test_accuracy": accuracy}
        log.append({"loss": loss, **extra}, seconds=float(i))
    path = log.write(tmp_path_factory.mktemp("log") / "run.csv")
    back = Log.read(path)
    assert back.names == log.names
    for name in log.names:
        np.testing.assert_array_equal(back[name], log[name])
    assert [file.name for file in path.parent.iterdir()] == ["run.csv"]


def test_two_logs_are_overlaid_under_their_names(tmp_path):
    for name, loss in (("spiking", 1.0), ("twin", 0.5)):
        log = Log()
        log.append({"loss": loss}, 0.0)
        log.write(tmp_path / f"{name}.csv")
    files = {"a": tmp_path / "spiking.csv", "b": tmp_path / "twin.csv"}
    monitor = TrainingMonitor(logs=files)
    assert list(monitor.done) == ["a", "b"]
    assert monitor.about == ""
    monitor.read(tmp_path / "twin.csv")
    assert list(monitor.done) == ["a", "b", "twin"]
    assert monitor.state == "finished"
    assert len(monitor.to_matplotlib().axes[0].lines) == 6  # as it came and smoothed, three runs
    monitor.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("step,loss\n1,much\n", r"line 2: loss is 'much'; expected a number or nothing"),
        ("step,loss\n1,0.5\n2\n", r"line 3: 2 values expected; the file may be cut off"),
        ("step,loss\n1,0.5,9\n", r"line 2: 2 values expected"),
        ("time,place\n1,2\n", r"columns \['time', 'place'\]; a log's first line names at least"),
        ("step,loss\n", "holds no rows"),
        ("", "columns None"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_log_is_refused_with_the_line(tmp_path, monitor, text, message):
    (tmp_path / "run.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        monitor.read(tmp_path / "run.csv")
    assert monitor.about  # what was on show stays
    with pytest.raises(FileNotFoundError):
        monitor.read(tmp_path / "none.csv")


def test_the_runs_that_come_with_it_are_those_of_their_command(monitor):
    spiking, twin = monitor.logs.values()
    assert "6 epochs, seed 0" in monitor.about
    for log in (spiking, twin):
        assert log["step"][-1] == 480
        assert np.isfinite(log["test_accuracy"]).sum() == 6
        assert log["test_accuracy"][-1] > 0.95
    rates = [name for name in spiking.names if name.startswith("rate:")]
    assert len(rates) > 20
    assert not any(name.startswith("rate:") for name in twin.names)
    assert all(0 <= np.nanmin(spiking[name]) <= np.nanmax(spiking[name]) <= 1 for name in rates)


def test_the_accuracy_is_guessed_first_only_in_the_runs_that_come_with_it(tmp_path, monitor):
    assert monitor.ask
    log = Log()
    log.append({"test_accuracy": 0.5}, 0.0)
    file = log.write(tmp_path / "run.csv")
    for asked in ({}, {"ask": True}):
        mine = TrainingMonitor(logs={"a": file}, **asked)
        assert mine.ask == bool(asked)
        mine.close()
    monitor.guess = [0.5] * 41
    list(monitor.watch(iter(STEPS), "mine"))
    assert (monitor.ask, monitor.guess) == (False, [])


@pytest.mark.parametrize("guess", [[0.5], [1.5] * 41, [-0.1] * 41, [None] * 40])
def test_a_guess_that_fits_no_run_is_refused(monitor, guess):
    with pytest.raises(traitlets.TraitError, match=r"guess is .*; give 41 shares from 0 to 1"):
        monitor.guess = guess
    assert monitor.guess == []
