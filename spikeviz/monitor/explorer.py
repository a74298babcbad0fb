"""TrainingMonitor: a training loop under the reader's eyes, with a button that ends it cleanly."""

import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t

from spikeviz.base.front_end import read_data
from spikeviz.base.widget import Explorer, Number, path_of, short
from spikeviz.figure import COLOURS, new_figure, new_plotly
from spikeviz.training_log import Log

if TYPE_CHECKING:  # importing spikeviz stays fast: matplotlib loads when it is needed
    import plotly.graph_objects as go
    from matplotlib.figure import Figure

AXES = ("step", "epoch", "seconds")
MOST_POINTS = 1000  # of a run on show; a longer one is shown as means of neighbours
PLACES = 41  # of a guess, from a run's beginning to its end
PERIOD = 0.25  # seconds between two messages to the page, at least
BUSY = ("running", "stopping")


class TrainingMonitor(Explorer):
    """Watches a training loop live, or reads finished logs: loss, accuracy, rates, time left.

    The loop is any iterable of metrics, one mapping a step, and is passed on:

        for metrics in monitor.watch(loop, "spiking", steps=480): ...

    Metrics, all optional: "loss", "test_loss"; "accuracy", "test_accuracy" (shares, 0 to 1);
    "learning_rate"; "images_per_second", or "images", how many were seen so far; "step" (else
    counted), "epoch", "seconds" (else measured); "steps", how many there will be; "rates", {layer:
    share of ones, 0 to 1}. Other numbers go into the log only; what is no number is left out.

    Runs are overlaid, as in the paper's Figure 4, and play as a film: a playhead goes over them,
    and chapters stand where a log shows that something changes. Until the first one begins or a
    log is read, two show that come with the widget, made by studies/recorded/monitor.py.

    state: "empty", "running", "stopping", "stopped", "finished" or "failed" (then `problem`).
    axis: "step", "epoch" or "seconds".  smoothing: of the loss, time constant in steps.
    log_loss: a logarithmic axis.  hidden: names of runs not drawn.
    ask: whether the accuracy stays hidden until a guess of it is drawn or skipped, True for the
    runs that come with the widget.  guess: the reader's, 41 shares along the run, None where
    nothing is drawn; [] for none.
    done, present: what the page draws, {run: {"columns", "values"}}, at most 1,000 points a run.
    progress: {"run", "step", "steps", "epoch", "images_per_second", "seconds", "seconds_left",
    "bad"}.
    logs: {run: path of a CSV file}, read at once.
    """

    _folder = "monitor"

    state = t.Enum(("empty", "stopped", "finished", "failed", *BUSY), "empty")
    state.tag(sync=True, passing=True)
    problem = t.Unicode().tag(sync=True, passing=True)
    stop_asked = t.Bool(False).tag(sync=True, passing=True)
    axis = t.Enum(AXES, "step").tag(sync=True)
    smoothing = Number(20.0, 1.0, 200.0, 1.0)
    log_loss = t.Bool(False).tag(sync=True)
    hidden = t.List(t.Unicode()).tag(sync=True)
    ask = t.Bool(True).tag(sync=True)
    guess = t.List(t.Float(allow_none=True)).tag(sync=True)
    done = t.Dict(read_only=True).tag(sync=True, large=True)
    present = t.Dict(read_only=True).tag(sync=True)
    progress = t.Dict(read_only=True).tag(sync=True)
    about = t.Unicode(read_only=True).tag(sync=True)

    def __init__(
        self, logs: Mapping[str, str | os.PathLike[str]] | None = None, **traits: Any
    ) -> None:
        if not isinstance(logs, Mapping | None):
            found = f"logs is {short(logs)}, a {type(logs).__name__}"
            raise TypeError(f"{found}; give a dict, {{name of a run: path of its CSV file}}")
        self._logs: dict[str, Log] = {}
        self._next_message = 0.0
        super().__init__(**traits)
        self._show_shipped()
        for name, path in (logs or {}).items():
            self.read(path_of(path, f"logs[{name!r}]"), name)
        self.ask = traits.get("ask", self.ask)  # the logs' own are shown at once

    @t.validate("guess")
    def _a_guess(self, proposal: dict[str, Any]) -> list[float | None]:
        guess = list(proposal["value"])
        shares = [share for share in guess if share is not None]
        if len(guess) not in (0, PLACES) or not all(0 <= share <= 1 for share in shares):
            raise t.TraitError(
                f"guess is {short(guess)}; give {PLACES} shares from 0 to 1 along the run, None "
                "where there is none, or []"
            )
        return guess

    @property
    def logs(self) -> dict[str, Log]:
        """The log of each run on show."""
        return self._logs

    def watch(
        self, loop: Iterable[Mapping[str, Any]], name: str = "run", steps: int | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Give the metrics of `loop` on, one by one, and show them.

        Ends after the present step once Stop is pressed or `stop()` called. However it ends, a
        generator is closed, so that its `finally` runs. A run of that name begins anew.
        steps: how many there will be, for the time left; or let the metrics say "steps".
        Raises RuntimeError if a run is under way already, ValueError for steps below 1, and
        whatever the loop raises.
        """
        log = self._begin(name, steps)
        state, problem = "stopped", ""  # also when whoever asks for metrics asks no more
        try:
            for metrics in loop:
                self._note(log, name, metrics)
                yield metrics
                if self.stop_asked:
                    return
            state = "finished"
        except Exception as error:
            state, problem = "failed", f"{type(error).__name__}: {error}"
            raise
        finally:
            try:
                getattr(loop, "close", lambda: None)()
            finally:
                self._end(name, state, problem)

    def start(
        self, loop: Iterable[Mapping[str, Any]], name: str = "run", steps: int | None = None
    ) -> threading.Thread:
        """`watch` in a thread: returns at once, so that the notebook stays free. What the loop
        raises is shown in `problem`. Returns the thread; `join()` waits for the end."""

        def run() -> None:
            try:
                for _ in metrics:
                    pass
            except Exception as error:
                self.problem = self.problem or f"{type(error).__name__}: {error}"

        self._refuse_second(steps)
        metrics = self.watch(loop, name, steps)
        thread = threading.Thread(target=run, name=f"training {name}", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Ask the run under way to end after its present step; what the Stop button does."""
        if self.state == "running":
            self.stop_asked, self.state = True, "stopping"

    def read(self, path: str | os.PathLike[str], name: str | None = None) -> Log:
        """Show the log of a finished run, a CSV file with a column a metric (see `Log`), under
        `name`, or the file's. Returns it. Errors as `Log.read`."""
        log = Log.read(path)
        self._forget_shipped()
        self._keep(name or Path(path).stem, log)
        if self.state not in BUSY:
            self.state = "finished"
        return log

    def to_matplotlib(self) -> "Figure":
        """A figure for a paper: loss and accuracy of the runs on show, over `axis`."""
        figure, (left, right) = new_figure(1, 2, figsize=(7.5, 3))
        colours = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
        for i, (name, log) in enumerate(self.logs.items()):
            if name in self.hidden:
                continue
            colour, x = colours[i % len(colours)], log[self.axis]
            for axes, train in ((left, "loss"), (right, "accuracy")):
                test = f"test_{train}"
                if train in log:
                    axes.plot(x, log[train], color=colour, alpha=0.25, linewidth=0.8)
                    axes.plot(x, log.smoothed(train, self.smoothing), color=colour, label=name)
                if test in log:
                    there, look = np.isfinite(log[test]), {"color": colour, "markersize": 4}
                    axes.plot(x[there], log[test][there], "o--", label=f"{name}, test", **look)
        left.set(xlabel=self.axis, ylabel="loss", yscale="log" if self.log_loss else "linear")
        right.set(xlabel=self.axis, ylabel="accuracy", ylim=(0, 1))
        for axes in (left, right):
            if axes.lines:
                axes.legend(fontsize="x-small")
        return figure

    def to_plotly(self) -> "go.Figure":
        """Loss and accuracy of the runs on show over `axis`, all runs' values under the hand."""
        figure = new_plotly("loss", "accuracy, dashed: test", height=420, horizontal_spacing=0.1)
        for i, (name, log) in enumerate(self.logs.items()):
            if name in self.hidden:
                continue
            colour, x = COLOURS[i % len(COLOURS)], log[self.axis]
            for column, train in enumerate(("loss", "accuracy"), 1):
                look = {"row": 1, "col": column, "legendgroup": name, "showlegend": column == 1}
                if train in log:
                    figure.add_scatter(x=x, y=log.smoothed(train, self.smoothing), name=name,
                                       mode="lines", line_color=colour, **look)  # fmt: skip
                test = f"test_{train}"
                if test in log:
                    there = np.isfinite(log[test])
                    figure.add_scatter(x=x[there], y=log[test][there], name=f"{name}, test",
                                       mode="lines+markers", line={"color": colour, "dash": "dash"},
                                       **look)  # fmt: skip
        figure.update_layout(hovermode="x unified")
        figure.update_yaxes(type="log" if self.log_loss else "linear", col=1)
        figure.update_yaxes(range=[0, 1], col=2)
        return figure.update_xaxes(title=self.axis)

    # ---------------------------------------------------------------- a run under way

    def _refuse_second(self, steps: int | None) -> None:
        if self.state in BUSY:
            raise RuntimeError(
                f"the run {self.progress['run']!r} is under way; press Stop or call stop(), wait "
                "until it has ended, or watch this one with a TrainingMonitor of its own"
            )
        if steps is not None and (isinstance(steps, bool) or steps < 1):
            raise ValueError(f"steps is {steps!r}; give how many there will be, 1 or more, or None")

    def _begin(self, name: str, steps: int | None) -> Log:
        self._refuse_second(steps)
        self._forget_shipped()
        log = self.logs[name] = Log()
        self._started, self._next_message = time.perf_counter(), 0.0
        with self.hold_sync():
            self.set_trait("done", {k: v for k, v in self.done.items() if k != name})
            self.set_trait("progress", {"run": name, "steps": steps, "bad": ""})
            self.stop_asked, self.problem, self.state = False, "", "running"
        return log

    def _note(self, log: Log, name: str, metrics: Mapping[str, Any]) -> None:
        now = time.perf_counter() - self._started
        log.append(metrics, now)
        if self.stop_asked and self.state == "running":
            self.state = "stopping"
        if now >= self._next_message:
            self._say(log, name, metrics.get("steps", self.progress["steps"]))
            took = time.perf_counter() - self._started - now
            self._next_message = now + max(PERIOD, 20 * took)  # at most 5 % of the loop's time

    def _say(self, log: Log, name: str, steps: int | None) -> None:
        """Tell the page how far the run is, and what it gave so far."""
        with self.hold_sync():
            self.set_trait("progress", {"run": name, "steps": steps, **log.progress(steps)})
            self.set_trait("present", {name: log.pack(MOST_POINTS)})
        # ipykernel 7.4 sends what the page says to the shell that spoke last, and that one is busy
        # with the loop. With this forgotten, Stop comes in beside it, on the page's own subshell.
        getattr(self.comm, "__dict__", {}).pop("_reply_subshell_id", None)

    def _end(self, name: str, state: str, problem: str) -> None:
        log = self.logs[name]
        with self.hold_sync():
            self._say(log, name, self.progress["steps"])
            self._keep(name, log)
            self.set_trait("present", {})
            self.stop_asked, self.problem, self.state = False, problem, state

    # ---------------------------------------------------------------- runs that are over

    def _keep(self, name: str, log: Log) -> None:
        self.logs[name] = log
        self.set_trait("done", {**self.done, name: log.pack(MOST_POINTS)})

    def _show_shipped(self) -> None:
        file = read_data("monitor")
        for name, columns in file["results"]["runs"].items():
            self._keep(name, Log.of(columns))
        self.set_trait("about", file["results"]["about"])

    def _forget_shipped(self) -> None:
        if self.about:
            self.logs.clear()
            with self.hold_sync():
                self.set_trait("done", {})
                self.set_trait("about", "")
                self.ask, self.guess = False, []
