"""What holds for every widget, without a browser: its line, its ranges, its file, its end."""

import gc
import json
import math
import os
import re
import stat
import weakref

import ipywidgets
import numpy as np
import pytest
import traitlets
from matplotlib.figure import Figure

import spikeviz
from spikeviz.__main__ import main
from spikeviz.base.front_end import PACKAGE, front_end, read_module, unpack
from spikeviz.base.model_explorer import ModelExplorer
from spikeviz.base.widget import Explorer
from spikeviz.gallery import ORDER, explorers, gallery, line
from spikeviz.training_log import Log

each = pytest.mark.parametrize("cls", explorers(), ids=lambda cls: cls.__name__)


def test_the_gallery_shows_every_widget_there_is():
    exported = {name for name in spikeviz.__all__ if isinstance(getattr(spikeviz, name), type)}
    assert exported == set(ORDER) == {cls.__name__ for cls in explorers()}


@each
def test_a_widget_says_in_one_line_what_it_is_for(cls):
    assert 20 < len(line(cls)) < 110
    assert line(cls).endswith(".")


@each
def test_a_value_out_of_its_range_is_refused_with_the_range(cls):
    widget = cls()
    for name, (low, high, step) in cls.ranges().items():
        before = getattr(widget, name)
        assert low < high, name
        assert 0 < step <= high - low, name
        for value in (low - 1, high + 1):
            with pytest.raises(traitlets.TraitError, match=rf"{name} .*from {low} to {high}"):
                setattr(widget, name, value)
            assert getattr(widget, name) == before
    widget.close()


ODD = {  # values that some traits take and most refuse
    "None": None, "a text": "x", "a word": "no", "bytes": b"\x89PNGabc", "NaN": math.nan,
    "infinity": math.inf, "too large a number": 10**400, "a large number": -1e300, "True": True,
    "1": 1, "an empty list": [], "a list": [1.0], "a list of texts": ["x"], "a dict": {"a": 1},
    "a list of bools": [True], "a list of NaN": [math.nan], "an object": object(),
    "a NumPy whole number": np.int64(3), "a NumPy number": np.float32(0.5),
    "a NumPy bool": np.bool_(True), "an array": np.zeros((2, 3)), "much": np.arange(9_000),
}  # fmt: skip


def settable(cls):
    return [name for name, trait in cls._own_traits().items() if not trait.read_only]


@each
def test_every_odd_value_is_right_or_refused_in_words(cls):
    """The trait's name, what was given, what would do; else the value is there and can be saved."""
    widget = cls()
    for name in settable(cls):
        before, trait = getattr(widget, name), cls.class_traits()[name]
        for odd in ODD.values():
            try:
                setattr(widget, name, odd)
            except (traitlets.TraitError, FileNotFoundError) as error:
                words = str(error)
                assert name in words, words
                assert re.search("; (give|choose|row and|a |did|the|keep|check)", words), words
                assert len(words) < 500
                assert repr(getattr(widget, name)) == repr(before)
                continue
            got = getattr(widget, name)
            if isinstance(trait, traitlets.Int | traitlets.Float | traitlets.Bool):
                python = odd.item() if isinstance(odd, np.generic) else odd
                assert got == python
                assert isinstance(got, bool) == isinstance(python, bool)
            json.dumps(widget.get_state([name]), allow_nan=False, default=lambda _: "bytes")
            setattr(widget, name, before)
    widget.close()


ARGUMENTS = {  # that are no traits, and what they do not take
    "SurrogateExplorer": ("u",), "SpikeRaster": ("recording",),
    "DigitReader": ("net",), "NetworkWalk": ("checkpoint",),
    "AttentionExplorer": ("model", "other", "images"), "TrainingMonitor": ("logs",),
    "AblationExplorer": ("",), "EnergyExplorer": ("report",), "SeedMachine": ("file",),
}  # fmt: skip

MODULES = sorted(PACKAGE.glob("*/*.js"))


@pytest.mark.parametrize(
    "odd", ["x", 5, ["x"], {"a": 1}, object(), b"PNG"], ids=lambda odd: type(odd).__name__
)
@pytest.mark.parametrize("name", ARGUMENTS)
def test_what_an_argument_does_not_take_is_refused_in_words(name, odd):
    cls = getattr(spikeviz, name)
    for argument in ARGUMENTS[name]:
        if (argument, odd) == ("u", 5):
            continue  # one value
        with pytest.raises((TypeError, ValueError, OSError, traitlets.TraitError)) as error:
            cls(**{argument: odd}) if argument else cls(odd)
        assert re.search("; (give|choose|pass|check)", str(error.value)), str(error.value)
        assert len(str(error.value)) < 300


@each
def test_a_misspelt_name_is_told_the_nearest(cls):
    from ipywidgets.widgets import widget as ipywidget

    widget = cls()
    gc.collect()
    alive = len(ipywidget._instances)
    for name in settable(cls):
        wrong = name[:-1] + name[-1] * 2 + "_"
        message = rf"{cls.__name__} has no '{wrong}'; did you mean '{name}'\?"
        with pytest.raises(traitlets.TraitError, match=message):
            setattr(widget, wrong, getattr(widget, name))
        if cls is not spikeviz.NetworkWalk or name == "tour":  # it loads its models first
            with pytest.raises(traitlets.TraitError, match=message):
                cls(**{wrong: getattr(widget, name)})
    gc.collect()
    assert len(ipywidget._instances) == alive
    widget.close()


def test_a_layer_that_is_not_there_is_told_the_nearest():
    explorer = spikeviz.EnergyExplorer(rates={"stem.0": 0.5})
    known = explorer.trace().layer[3]
    with pytest.raises(traitlets.TraitError, match=rf"rates names .* mean '{known}'"):
        explorer.rates = {known + "_": 0.5}
    with pytest.raises(traitlets.TraitError, match=r"layer is 'nolayer', which is no layer; give"):
        spikeviz.EnergyExplorer(layer="nolayer")
    explorer.rates = {known: np.float32(0.5)}
    assert explorer.rates == {known: 0.5}
    explorer.close()


@each
def test_a_figure_for_a_paper_is_not_drawn_twice(cls):
    from matplotlib import pyplot as plt

    widget = cls()
    figure = widget.to_matplotlib()
    assert isinstance(figure, Figure)
    assert figure.axes
    assert plt.get_fignums() == []
    widget.close()


@each
def test_a_closed_widget_is_freed(cls):
    def used_and_closed():
        widget = cls()
        widget.close()
        return weakref.ref(widget)

    references = [used_and_closed() for _ in range(3)]
    gc.collect()
    assert [reference() for reference in references] == [None] * 3


# ---------------------------------------------------------------- the front end


@each
def test_modules_come_after_those_they_import_and_are_small(cls):
    code = front_end(cls._folder)[0]
    assert len(cls._esm + code) < 60_000, "each saved notebook holds it once a widget"
    before = []
    for file, text in json.loads(unpack(code)).items():
        for path in re.findall(r'\bimport\b[^;]*from "([^"]*)";', text):
            assert os.path.normpath(f"{file}/../{path}") in before
        assert re.search(r"\bexport (const|(async )?function|default)\b", text)
        before.append(file)
    assert before[-1] == f"{cls._folder}/explorer.js"


@each
def test_no_module_lies_unused(cls):
    used = json.loads(unpack(front_end(cls._folder)[0]))
    there = {f"{cls._folder}/{file.name}" for file in (PACKAGE / cls._folder).glob("*.js")}
    assert there <= used.keys()


def test_a_module_loses_only_comments_and_what_blanks_it_can_spare(tmp_path):
    template = "`x // no comment\n    /* neither */ ${c ? `// in ${c}   y` : 'http://e'}`"
    lines = [
        "// what it is", "", "/** says", " *  more */", 'import { a } from "./a.js";', "",
        "export const b = (c) => {", f"  const d = {template};", "  // and then",
        r"  return /\/\/\"/.test(d) ? '/* f */' : a - -c + ++c / 2;", "};", "",
    ]  # fmt: skip
    (tmp_path / "b.js").write_text("\n".join(lines), encoding="utf-8")
    template = template.replace(" ? `", "?`").replace("` : '", "`:'")
    kept = ['import{a}from "./a.js";', "export const b=(c)=>{", f"const d={template};",
            r"return /\/\/\"/.test(d)?'/* f */':a - -c + ++c / 2;", "};", ""]  # fmt: skip
    assert read_module(tmp_path / "b.js") == "".join(kept)


def test_a_template_that_the_lexer_would_misread_is_refused(tmp_path):
    (tmp_path / "c.js").write_text("const d = `${f({ a }, `${b} ${c}`)}`;", encoding="utf-8")
    with pytest.raises(ValueError, match=r"c.js: a template has braces within \$\{…\}; name them"):
        read_module(tmp_path / "c.js")


def texts_of(code):
    """The texts of a module's strings and templates, in order: read by hand, brace by brace."""
    found, braces, at = [], [], 0  # braces: how many are open, in each ${ of a template
    literal = re.compile(r"""//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""", re.DOTALL)
    pattern = re.compile(r"(?<=[=(,:!&|?])\s*/(?![/*])(?:\\.|\[(?:\\.|[^\]])*\]|[^/\\\n])+/")
    template = re.compile(r"(?:\\.|\$(?!\{)|[^`\\$])*(`|\$\{)", re.DOTALL)
    while at < len(code):
        whole = literal.match(code, at) or pattern.match(code, at)
        inside = code[at] == "`" or (code[at] == "}" and braces and braces[-1] == 0)
        if whole:
            found += filter(None, whole.groups())
            at = whole.end()
        elif inside:
            if code[at] == "}":
                braces.pop()
            text = template.match(code, at + 1)
            found.append(text[0])
            braces += [0] if text[1] == "${" else []
            at = text.end()
        else:
            if braces:
                braces[-1] += {"{": 1, "}": -1}.get(code[at], 0)
            at += 1
    assert not braces
    return found


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_a_packed_module_says_the_same(file):
    """Its strings, its templates and all else but blanks and comments are as written."""
    written, packed = file.read_text(encoding="utf-8"), read_module(file)
    assert texts_of(packed) == texts_of(written)
    assert len(packed) < len(written)


def test_the_style_of_a_widget_touches_no_other():
    """Every selector of a widget's own sheet names the class of its root, which no other has."""
    roots = []
    for cls in explorers():
        own = (PACKAGE / cls._folder / "style.css").read_text(encoding="utf-8")
        sheet = re.sub(r"/\*.*?\*/", "", own, flags=re.DOTALL)
        # the stops of an animation are no selectors
        sheet = re.sub(r"@keyframes sv-[\w-]+ \{([^{}]*\{[^{}]*\})*\s*\}", "", sheet)
        selectors = [
            selector
            for rule in re.findall(r"([^{}]+)\{", sheet)
            if not rule.strip().startswith("@")
            for selector in re.split(r",(?![^(]*\))", rule)
        ]
        named = [set(re.findall(r"\.(sv-[\w-]+)", selector)) for selector in selectors]
        common = set.intersection(*named)
        assert common, [s for s, names in zip(selectors, named, strict=True) if not names]
        roots.append(common)
    assert sum(map(len, roots)) == len(set.union(*roots))


# ---------------------------------------------------------------- the gallery


def test_the_gallery_makes_a_widget_when_its_line_is_opened():
    shelf = gallery()
    assert [title.split(":")[0] for title in shelf.titles] == list(ORDER)
    assert not any(box.children for box in shelf.children)
    shelf.selected_index = 0
    (widget,) = shelf.children[0].children
    shelf.selected_index = None
    shelf.selected_index = 0
    assert shelf.children[0].children == (widget,)
    assert type(widget).__name__ == ORDER[0]
    ipywidgets.Widget.close_all()


def test_the_command_writes_a_page_for_each_widget_and_an_index(tmp_path, capsys):
    assert main(["gallery", str(tmp_path / "new" / "out")]) == 0
    folder = tmp_path / "new" / "out"
    assert str(folder / "index.html") in capsys.readouterr().out
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert {path.name for path in folder.iterdir()} == {
        "index.html", "assets", *(f"{name}.html" for name in ORDER),
    }  # fmt: skip
    for name in ORDER:
        assert f'href="{name}.html"' in index
        assert (folder / f"{name}.html").stat().st_size < 1_500_000


def test_a_file_in_the_gallerys_place_is_an_error_and_stays(tmp_path, capsys):
    (tmp_path / "out").write_text("mine")
    assert main(["gallery", str(tmp_path / "out")]) == 1
    assert "is a file; name a folder" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "mine"


# ---------------------------------------------------------------- models that run in Python


class Doubler(ModelExplorer):
    """Stands for a widget with a model: doubles a number, refuses 13."""

    _folder = "lif"
    asks = ("number",)
    number = traitlets.Int(1).tag(sync=True)
    runs = 0

    def _compute(self, number):
        self.runs += 1
        if number == 13:
            raise ValueError("13 is unlucky; take another number")
        return {"double": 2 * number}


def test_without_a_loop_the_answer_is_there_at_once():
    doubler = Doubler()
    assert doubler.answer == {"double": 2}
    doubler.number = 4
    assert doubler.answer == {"double": 8}
    assert not doubler.busy
    doubler.close()


def test_what_the_model_raises_is_shown_and_the_last_answer_stays():
    doubler = Doubler(number=4)
    doubler.number = 13
    assert doubler.problem == "ValueError: 13 is unlucky; take another number"
    assert doubler.answer == {"double": 8}
    doubler.number = 5
    assert (doubler.problem, doubler.answer) == ("", {"double": 10})
    doubler.close()


def test_in_a_kernel_only_the_newest_of_many_moves_is_answered():
    import asyncio

    async def moves():
        doubler = Doubler()
        for number in range(2, 100):
            doubler.number = number
            if number == 50:
                await asyncio.sleep(0)  # the first answer is under way
                assert doubler.busy
        while doubler.busy:
            await asyncio.sleep(0.001)
        return doubler

    doubler = asyncio.run(moves())
    assert doubler.answer == {"double": 198}
    assert doubler.runs <= 4  # at the start, for what was there when it began, for the last
    doubler.close()


def test_closing_while_the_model_runs_is_quiet():
    import asyncio

    async def close_at_once():
        doubler = Doubler()
        doubler.number = 7
        await asyncio.sleep(0)
        doubler.close()
        while doubler._work is not None:
            await asyncio.sleep(0.001)
        return doubler

    assert asyncio.run(close_at_once()).answer == {}


def test_a_closed_widget_that_is_kept_holds_no_model_and_no_answer():
    """A notebook keeps what its cells showed, in `Out`; 200 runs of a cell must not fill memory."""
    walk = spikeviz.NetworkWalk()
    assert walk.answer
    walk.close()
    assert walk.answer == {}
    attention = spikeviz.AttentionExplorer()
    attention.close()
    for widget in (walk, attention):
        assert len(widget.large) > 1
        assert not set(widget.large) & vars(widget).keys()


@each
def test_a_saved_page_holds_every_trait_that_a_widget_declares(cls):
    declared = {name for base in cls.__mro__ if base.__module__.startswith("spikeviz")
                for name, trait in vars(base).items() if isinstance(trait, traitlets.TraitType)
                and trait.metadata.get("sync") and not name.startswith("_")}  # fmt: skip
    widget = cls()
    assert widget._public_state().keys() == declared
    widget.close()


def test_bytes_travel_in_a_saved_page(tmp_path):
    class Holder(Explorer):
        """Holds bytes."""

        _folder = "course_map"
        data = traitlets.Dict({"bits": b"\x00\xff"}).tag(sync=True)

    text = Holder().save_html(tmp_path / "a.html").read_text(encoding="utf-8")
    assert '"bits": {"$bytes": "AP8="}' in text
    ipywidgets.Widget.close_all()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes as in POSIX")
@pytest.mark.parametrize(
    "write", [lambda path: spikeviz.SurrogateExplorer().save_html(path), Log().write]
)
def test_a_pipe_or_a_device_is_not_replaced(write, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ValueError, match=r"pipe is a .*pipe or a device; give the name"):
        write(pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]
