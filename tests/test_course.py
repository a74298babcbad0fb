"""course.py: what it would run, and when it sets up. No network and no real install here."""

import ast
import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from spikeviz import course

COURSE = Path(__file__).parents[1] / "course.py"


class Finished:
    """A program that has run already."""

    def __init__(self, status=0, output=""):
        self.returncode, self.output = status, output

    def poll(self):
        return self.returncode

    wait = poll

    def communicate(self):
        return self.output, None


class Machine:
    """Stands in for `course.start`: notes what would run and plays the environment's part."""

    def __init__(self, repo):
        self.commands, self.pip_status, self.pip_output = [], 0, "Collecting torch\n"
        self.compiled = 0
        self.package = str(repo / "spikeatconv" / "__init__.py")
        self.inside = {"version": [3, 11], "prefix": str(repo / ".venv"), "pip": True,
                       "package": None, "packages": ["pip"], "broken": []}  # fmt: skip

    def __call__(self, command, variables=None, **options):
        words = [str(word) for word in command]
        self.variables = variables
        if words[1:3] == ["-I", "-c"]:
            if not course.PYTHON.exists():
                raise FileNotFoundError(words[0])
            self.compiled += words[3] == course.COMPILE
            return Finished(output=json.dumps(self.inside))
        self.commands.append(words)
        if words[1:3] == ["-m", "venv"]:
            course.PYTHON.parent.mkdir(parents=True, exist_ok=True)
            course.PYTHON.touch()
        if words[1:4] == ["-I", str(course.CHILD), "pip"]:
            options["stdout"].write(self.pip_output)
            options["stdout"].flush()
            if self.pip_status == 0:
                self.inside["package"] = self.package
                self.inside["packages"] = ["jupyterlab", "pip", "torch"]
            return Finished(self.pip_status)
        return Finished({"jupyterlab": 7, "pytest": 7, str(course.REHEARSAL): 3}.get(words[2], 0))

    def started(self):
        """The modules started since the last call, in order."""
        names, self.commands = [words[2] for words in self.commands], []
        names = ["pip" if name == str(course.CHILD) else name for name in names]
        return ["rehearsal" if name == str(course.REHEARSAL) else name for name in names]


@pytest.fixture
def machine(tmp_path, monkeypatch):
    repo = tmp_path.resolve() / "a checkout"
    repo.mkdir()
    (repo / "pyproject.toml").write_text("[project]\n")
    monkeypatch.setattr(course, "REPO", repo)
    monkeypatch.setattr(course, "VENV", repo / ".venv")
    monkeypatch.setattr(course, "PYTHON", repo / ".venv" / "bin" / "python")
    monkeypatch.setattr(course, "LOG", repo / ".venv" / "setup.log")
    monkeypatch.setattr(course, "STAMP", repo / ".venv" / "setup.json")
    monkeypatch.setattr(course, "OLD", repo / ".venv.old")
    monkeypatch.setattr(course, "LOCK", repo / ".venv.lock")
    monkeypatch.setattr(course.signal, "signal", lambda *_: None)  # pytest's own stays
    monkeypatch.setattr(course, "start", Machine(repo))
    return course.start


# --- the command line


def test_help_from_any_folder(tmp_path):
    for arguments in (["--help"], ["lab", "--help"], ["test", "--help"]):
        done = subprocess.run(
            [sys.executable, COURSE, *arguments], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert "PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["lap"], "invalid choice: 'lap' (choose from"),
        (["lab", "--port", "http"], "found 'http', expected a whole number from 1 to 65535"),
        (["lab", "--port", "65536"], "found '65536', expected a whole number from 1 to 65535"),
        (["slides"], "required: NB"),
        (["site", "a", "b"], "'site' does not know b; course.py site --help"),
        (["lab", "--browser"], "'lab' does not know --browser; course.py lab --help"),
    ],
)
def test_a_wrong_command_line_starts_nothing(machine, capsys, arguments, message):
    with pytest.raises(SystemExit, match="2"):
        course.main(arguments)
    assert message in capsys.readouterr().err.replace("choose from lab", "choose from 'lab'")
    assert machine.started() == []


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 10, 0)])
def test_an_old_python_is_told(version):
    code = f"import runpy, sys; sys.version_info = {version}; sys.argv = ['course.py', 'lab']; "
    code += f"runpy.run_path({str(COURSE)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    this = ".".join(map(str, version))
    expected = f"Python 3.11 or newer is needed, this is {this}; get it from python.org\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", expected)


def test_an_old_python_can_read_the_file():
    """It is written with what Python 2.7 has: no annotation, f-string, keyword-only argument."""
    old = {ast.Module, ast.Expr, ast.Constant, ast.Import, ast.alias, ast.If, ast.Compare, ast.Eq,
           ast.Lt, ast.Tuple, ast.Assign, ast.Name, ast.Load, ast.Store, ast.Call, ast.Attribute,
           ast.GeneratorExp, ast.comprehension, ast.Subscript, ast.Slice, ast.BinOp, ast.Add,
           ast.keyword}  # fmt: skip
    tree = ast.parse(COURSE.read_bytes().decode("ascii"))
    assert {type(node) for node in ast.walk(tree)} <= old


def test_what_runs_first_needs_the_standard_library_only():
    tree = ast.parse(Path(course.__file__).read_text(encoding="utf-8"))
    modules = {name.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import)
               for name in node.names}  # fmt: skip
    modules |= {node.module.split(".")[0] for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom)}  # fmt: skip
    assert modules <= sys.stdlib_module_names


def test_lab_starts_the_environments_jupyterlab(machine):
    assert course.main(["lab"]) == 7  # JupyterLab's own exit status
    assert machine.commands[-1] == [
        str(course.PYTHON), str(course.CHILD), "jupyterlab", f"--ServerApp.root_dir={course.REPO}",
        "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",
        "--ServerApp.contents_manager_class=spikeviz.contents.Contents",
        "--ServerApp.answer_yes=True", "--allow-root",
    ]  # fmt: skip
    overrides = course.VENV / "share/jupyter/lab/settings/overrides.json"
    news = json.loads(overrides.read_text())["@jupyterlab/apputils-extension:notification"]
    assert news == {"fetchNews": "false", "checkForUpdates": False}
    course.main(["lab", "--no-browser", "--port", "8899"])
    assert machine.commands[-1][-2:] == ["--no-browser", "--ServerApp.port=8899"]


def test_test_hands_everything_on_to_pytest(machine):
    assert course.main(["test", "tests/test_a.py", "-k", "b or c", "-x", "-n", "0"]) == 7
    assert machine.commands[-1][1:] == [
        "-m", "pytest", "-n", "2", "--dist", "loadfile",
        "tests/test_a.py", "-k", "b or c", "-x", "-n", "0",
    ]  # fmt: skip


def test_the_first_tests_run_in_what_lab_installs(machine):
    """Then what they left is handed to pytest, and a failure of theirs is one of all."""
    assert course.main(["test"]) == 7
    installed = [words[-1] for words in machine.commands if words[-2] == "-e"]
    assert installed == [".[course]", ".[course,test]"]
    assert machine.started() == ["venv", "pip", "rehearsal", "pip", "pytest"]
    assert machine.variables["SPIKEVIZ_REHEARSAL"] == str(course.REHEARSAL)
    course.main(["test"])
    assert machine.started() == ["pytest"]  # the tools are there: tests limit the kernels instead
    assert "SPIKEVIZ_REHEARSAL" not in machine.variables


def test_a_failed_rehearsal_is_the_exit_status(machine, monkeypatch):
    statuses = iter([3, 0])  # of the rehearsal, of pytest
    monkeypatch.setattr(course, "run", lambda *_: next(statuses))
    assert course.main(["test"]) == 3


def test_pages_are_made_from_where_the_user_stands(machine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.ipynb").touch()
    publish = [str(course.PYTHON), str(course.CHILD), "spikeviz.publish"]
    for arguments, expected in (
        (["site"], ["site"]),
        (["site", "out"], ["site", str(tmp_path / "out")]),
        (["slides", "01"], ["slides", "01"]),
        (["slides", "mine.ipynb", "a.html"],
         ["slides", str(tmp_path / "mine.ipynb"), str(tmp_path / "a.html")]),
        (["voila", "01", "--port=8877"], ["voila", "01", "--port=8877"]),
    ):  # fmt: skip
        assert course.main(arguments) == 0
        assert machine.commands[-1] == [*publish, *expected]
    assert machine.commands[1][-1] == ".[course]"


def test_programs_run_in_the_repository_with_its_own_kernel_first(tmp_path):
    look = "import os; print(os.getcwd(), os.environ['JUPYTER_PREFER_ENV_PATH'])"
    process = course.start([sys.executable, "-c", look], stdout=subprocess.PIPE, text=True)
    assert process.communicate()[0].split() == [str(course.REPO), "1"]


def test_programs_are_not_sent_to_another_place(monkeypatch):
    for name in course.ELSEWHERE:
        monkeypatch.setenv(name, "/elsewhere")
    look = "import os; print(*({'PYTHONHOME', 'PIP_PREFIX', 'PIP_USER'} & {*os.environ}))"
    process = course.start([sys.executable, "-c", look], stdout=subprocess.PIPE, text=True)
    assert process.communicate()[0].strip() == ""


@pytest.mark.skipif(os.name == "nt", reason="a folder there may always be written")
def test_a_home_that_may_not_be_written_is_left_alone(tmp_path, monkeypatch):
    look = [sys.executable, "-c", "import os; print(os.environ['HOME'])"]
    for home, found in ((tmp_path, tmp_path), (tmp_path / "none", course.VENV / "home")):
        monkeypatch.setenv("HOME", str(home))
        assert course.start(look, stdout=-1, text=True).communicate()[0] == f"{found}\n"


@pytest.mark.skipif(os.name == "nt", reason="names of files are always UTF-8 there")
def test_a_locale_without_utf_8_reads_the_names_of_files_as_they_are(tmp_path):
    """Python's own venv cannot write such a path otherwise."""
    folder = tmp_path / "Kurs ü # 1"
    (folder / "spikeviz").mkdir(parents=True)
    shutil.copy(COURSE, folder)
    end = 'if __name__ == "__main__":'
    code = Path(course.__file__).read_text(encoding="utf-8").partition(end)
    says = "print(sys.getfilesystemencoding(), ascii(REPO.name), sys.argv[1:])"
    text = f"{code[0]}def main(arguments):\n    {says}\n\n{end}{code[2]}"
    (folder / "spikeviz" / "course.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "course.py", "lab", "ö"], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert done.stdout == f"utf-8 {folder.name!a} ['lab', 'ö']\n", done.stderr


def test_the_exit_status_is_passed_on(monkeypatch):
    monkeypatch.setattr(course.signal, "signal", lambda *_: None)
    assert course.run([sys.executable, "-c", "raise SystemExit(5)"]) == 5


@pytest.mark.parametrize("how", ["terminate", "kill"])
@pytest.mark.skipif(os.name == "nt", reason="a process is looked for by its number")
def test_what_a_program_starts_ends_with_it(tmp_path, how):
    """A server and what it started, however their parent went."""
    server = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n"
    (tmp_path / "server.py").write_text(server)
    code = f"from spikeviz import course; course.REPO = {str(tmp_path)!r}\n"
    code += "import sys; course.PYTHON = sys.executable; sys.exit(course.run_module('server'))"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert int(parent.stdout.readline()) > 0
        getattr(parent, how)()
        assert parent.stdout.read() == ""  # the server held this pipe too: it is gone
    assert parent.returncode != 0


# --- the set-up


def test_set_up_happens_once(machine):
    course.set_up()
    assert machine.commands[0] == [sys.executable, "-m", "venv", str(course.VENV)]
    assert machine.commands[1][:8] == [
        str(course.PYTHON), "-I", str(course.CHILD), "pip", "--require-virtualenv", "install",
        "--prefix", str(course.VENV),
    ]  # fmt: skip
    assert machine.commands[1][-2:] == ["-e", ".[course]"]
    assert not [word for word in machine.commands[1] if "index" in word]  # pip's settings rule
    assert machine.started() == ["venv", "pip"]
    course.set_up()
    assert machine.started() == []


def test_packages_are_compiled_on_all_cores_once_pip_is_done(machine, tmp_path):
    course.set_up()
    assert "--no-compile" in machine.commands[1]
    assert machine.compiled == 1
    machine.pip_status = 1
    with pytest.raises(SystemExit):
        course.set_up("test")
    assert machine.compiled == 1
    (tmp_path / "right.py").write_text("x = 1\n")
    (tmp_path / "wrong.py").write_text("x = = 1\n")  # some packages ship such files
    where = f"import sysconfig\nsysconfig.get_path = lambda _: {str(tmp_path)!r}\n"
    subprocess.run([sys.executable, "-I", "-c", where + course.COMPILE], check=True)
    assert [file.stem.split(".")[0] for file in tmp_path.rglob("*.pyc")] == ["right"]


def test_a_packed_course_asks_no_index(machine, monkeypatch):
    monkeypatch.setenv("SPIKEATCONV_WHEELS", "/a stick/wheels")
    course.set_up()
    assert machine.commands[1][-5:] == [
        "--no-index", "--find-links", "/a stick/wheels", "-e", ".[course]",
    ]  # fmt: skip


def test_setup_starts_nothing_and_settles_jupyterlab(machine):
    assert course.main(["setup"]) == 0
    assert machine.started() == ["venv", "pip"]
    assert (course.VENV / "share/jupyter/lab/settings/overrides.json").is_file()


def test_pack_writes_where_the_user_stands(machine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert course.main(["pack", "out"]) == 0
    assert machine.commands[-1][1:] == [
        str(course.CHILD), "spikeviz.pack", str(tmp_path / "out"),
    ]  # fmt: skip


def test_an_extra_is_added_once_and_stays(machine):
    course.set_up()
    course.set_up("test")
    assert machine.commands[-1][-1] == ".[course,test]"
    assert machine.started() == ["venv", "pip", "pip"]
    course.set_up("test")
    course.set_up()
    assert machine.started() == []


def test_every_command_of_learners_and_teachers_works_in_one_environment(machine):
    (course.REPO / "teacher").mkdir()
    (course.REPO / "teacher" / "nbgrader_config.py").touch()
    alone = (["lab"], ["site"], ["teacher"], ["grade"])
    for arguments in (*alone, ["slides", "01"], ["voila", "01"]):
        course.main(arguments)
    installed = [words[-1] for words in machine.commands if words[-2] == "-e"]
    assert installed == [".[course]"]  # once for all of them


def test_grade_opens_an_instructors_edition_and_nothing_else(machine, capsys):
    with pytest.raises(SystemExit, match="1"):
        course.main(["grade", str(course.REPO / "teacher")])
    assert "teacher holds no instructor's edition. Write one first" in capsys.readouterr().err
    (course.REPO / "nbgrader_config.py").touch()
    course.main(["grade", str(course.REPO)])
    assert f"--ServerApp.root_dir={course.REPO}" in machine.commands[-1]
    assert any(word.endswith("formgrader=True") for word in machine.commands[-1])


@pytest.mark.parametrize("change", ["pyproject", "python"])
def test_a_change_is_installed(machine, change):
    course.set_up("test")
    machine.started()
    if change == "pyproject":
        (course.REPO / "pyproject.toml").write_text("[project]\nname = 'new'\n")
    else:
        machine.inside["version"] = [3, 12]
    course.set_up()
    assert machine.commands[-1][-1] == ".[course,test]"  # the extra is brought up to date as well
    assert machine.started() == ["pip"]


def test_a_failed_set_up_is_explained_and_does_not_count(machine, capsys):
    machine.pip_status = 1
    machine.pip_output = "".join(f"line {i}\n" for i in range(40)) + "ERROR: no route to host\n"
    with pytest.raises(SystemExit, match="1"):
        course.main(["lab"])
    told = capsys.readouterr().err
    assert "line 16\n" in told  # the last 25 lines of the log and no more
    assert "line 15\n" not in told
    assert "ERROR: no route to host" in told
    assert str(course.LOG) in told
    assert "HTTPS_PROXY" in told
    assert not course.STAMP.exists()
    assert machine.started() == ["venv", "pip"]  # no JupyterLab

    machine.pip_status = 0
    course.set_up()
    assert machine.started() == ["pip"]  # goes on in the same environment
    assert course.STAMP.exists()


def test_a_failed_update_takes_the_stamp_away(machine):
    course.set_up()
    machine.pip_status = 1
    with pytest.raises(SystemExit):
        course.set_up("test")
    assert not course.STAMP.exists()


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        (None, "its Python does not run"),
        ({"pip": False}, "it has no pip"),
        ({"version": [3, 9]}, "its Python is 3.9, 3.11 or newer is needed"),
        ({"prefix": "/usr"}, "its Python belongs to /usr"),
        ({"package": "/elsewhere/spikeatconv/__init__.py"}, "it runs another checkout, "),
        ({"package": None}, "it does not find this project"),
    ],
)
def test_a_broken_environment_is_made_anew(machine, capsys, monkeypatch, inside, reason):
    course.set_up()
    machine.started()
    (course.VENV / "old").touch()
    if inside is None:
        course.PYTHON.unlink()
    else:
        healthy = dict(machine.inside)
        machine.inside.update(inside)
        monkeypatch.setattr(course.shutil, "rmtree", heal(machine, healthy))
    course.set_up()
    assert f"Making .venv anew: {reason}" in capsys.readouterr().out
    assert machine.started() == ["venv", "pip"]
    assert not (course.VENV / "old").exists()


def heal(machine, healthy):
    remove = course.shutil.rmtree

    def removed(path, **options):
        if path.exists():
            machine.inside.update(healthy)
        remove(path, **options)

    return removed


def test_an_environment_in_use_is_not_removed(machine, capsys, monkeypatch):
    course.VENV.mkdir()
    (course.VENV / "old").touch()
    monkeypatch.setattr(sys, "prefix", str(course.VENV))
    with pytest.raises(SystemExit):
        course.set_up()
    assert "deactivate" in capsys.readouterr().err
    assert course.VENV.exists()


def test_debian_without_venv_is_told_what_to_install(machine, capsys, monkeypatch):
    monkeypatch.setattr(course.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        course.set_up()
    assert "\n  sudo apt install python3-venv\n" in capsys.readouterr().err
    assert machine.started() == []


def test_a_full_disk_is_announced(machine, capsys, monkeypatch):
    monkeypatch.setattr(course, "free_space", lambda: 1.25)
    course.set_up()
    assert "Only 1.2 GB are free" in capsys.readouterr().out


def test_no_set_up_where_another_python_would_be_changed(machine, capsys):
    """A new environment whose Python is another one's: nothing is installed."""
    machine.inside["prefix"] = sys.base_prefix
    with pytest.raises(SystemExit, match="1"):
        course.set_up()
    assert machine.started() == ["venv"]
    assert f"its Python belongs to {sys.base_prefix}" in capsys.readouterr().err
    assert not course.STAMP.exists()


@pytest.mark.parametrize("broken", [False, True])
def test_a_package_that_is_gone_comes_back(machine, capsys, tmp_path, broken):
    course.set_up()
    machine.started()
    record = tmp_path / "jupyterlab-4.6.6.dist-info"
    record.mkdir()
    machine.inside["packages"] = ["pip", "torch"]
    machine.inside["broken"] = [str(record)] if broken else []
    course.set_up()
    assert "Mending .venv: jupyterlab is not there, or not whole." in capsys.readouterr().out
    assert machine.started() == ["pip"]
    assert record.exists() == (not broken)  # with its record, pip would believe it whole
    machine.inside["broken"] = []
    course.set_up()
    assert machine.started() == []


def test_the_probe_tells_whole_packages_from_others(tmp_path):
    """In a real environment, small: only pip is in it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "a"], check=True)
    ours = metadata.distribution("pip")
    (packages,) = (tmp_path / "a").rglob("site-packages")  # ensurepip would take seconds
    for name in {file.parts[0] for file in ours.files if not file.parts[0].startswith("..")}:
        shutil.copytree(ours.locate_file(name), packages / name)
    python = tmp_path / "a" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def look():
        done = subprocess.run([python, "-I", "-c", course.PROBE], capture_output=True, text=True)
        return json.loads(done.stdout)

    (pip,) = (tmp_path / "a").rglob("pip-*.dist-info")
    for name in ("whole", "gone", "unfinished"):
        info = pip.parent / f"{name}-1.0.dist-info"
        info.mkdir()
        record = [f"{name}/a.py,,", "__pycache__/b.pyc,,", "../../bin/c,,", f"{info.name}/RECORD,,"]
        (info / "RECORD").write_text("\n".join(record))
        (info / "INSTALLER").write_text("pip\n")
        (pip.parent / name).mkdir()
    (pip.parent / "gone").rmdir()
    (pip.parent / "unfinished-1.0.dist-info" / "INSTALLER").unlink()
    found = look()
    assert Path(found["prefix"]).resolve() == (tmp_path / "a").resolve()
    assert {"pip", "whole"} <= set(found["packages"])
    assert [Path(info).name for info in found["broken"]] == [
        "gone-1.0.dist-info", "unfinished-1.0.dist-info",
    ]  # fmt: skip
    assert found["pip"]
    (pip / "INSTALLER").unlink()  # as when the set-up was stopped while pip came
    assert not look()["pip"]
    (tmp_path / "a" / "pyvenv.cfg").unlink()
    assert Path(look()["prefix"]).resolve() != (tmp_path / "a").resolve()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda venv: venv.symlink_to(venv.parent / "away"), "is a link to"),
        (lambda venv: venv.write_text("mine"), "is a file"),
    ],
)
def test_what_is_no_environment_is_named_and_left_alone(machine, capsys, make, message):
    make(course.VENV)
    with pytest.raises(SystemExit, match="1"):
        course.set_up()
    assert f"{course.VENV} {message}" in capsys.readouterr().err
    assert machine.started() == []
    assert course.VENV.is_symlink() or course.VENV.read_text() == "mine"


def test_a_link_to_an_empty_folder_is_where_the_environment_goes(machine, tmp_path):
    (tmp_path / "disk").mkdir()
    course.VENV.symlink_to(tmp_path / "disk")
    course.set_up()
    assert machine.started() == ["venv", "pip"]
    assert (tmp_path / "disk" / "setup.json").is_file()


def test_a_ready_checkout_that_may_not_be_written_starts(machine, capsys, monkeypatch):
    course.set_up()
    machine.started()

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    read = course.Path.open
    monkeypatch.setattr(course.Path, "mkdir", refuse)
    monkeypatch.setattr(course.Path, "open", lambda path, mode="r", *rest, **options: (
        read if "r" in mode else refuse)(path, mode, *rest, **options))  # fmt: skip
    assert course.main(["lab"]) == 7
    assert machine.started() == ["jupyterlab"]
    with pytest.raises(SystemExit, match="1"):  # there is something to install
        course.set_up("test")
    assert "cannot be written (Permission denied). Copy it to" in capsys.readouterr().err
    assert machine.started() == []


HOLD = """
import subprocess, sys
from importlib import metadata
from pathlib import Path
from spikeviz import course
course.LOCK = Path(sys.argv[1])
with course.hold_lock() as lock:
    code = "import sys, time; sys.stdin.read(); time.sleep(0.5)"
    child = course.start([sys.executable, "-c", code], stdin=subprocess.PIPE, pass_fds=(lock,))
    print(child.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows frees the lock with its holder")
def test_a_second_set_up_waits_for_the_first_and_for_what_that_left(tmp_path, monkeypatch, capsys):
    """The first is killed; its child, as a pip may, still works for a moment."""
    monkeypatch.setattr(course, "LOCK", tmp_path / "lock")
    command = [sys.executable, "-c", HOLD, str(course.LOCK)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    sleep, waited = course.time.sleep, []
    with subprocess.Popen(command, text=True, **pipes) as first:
        left = int(first.stdout.readline())

        def kill(seconds):
            if not waited:
                first.kill()
                first.wait()
                os.kill(left, 0)  # it is there still
            waited.append(seconds)
            sleep(0.05)

        monkeypatch.setattr(course.time, "sleep", kill)
        with course.hold_lock(), course.LOCK.open() as file:
            assert len(waited) > 1  # for the first, and for the child
            assert not course.take_lock(file)
    assert "Another set-up is at work in this folder; waiting for it." in capsys.readouterr().out
    with course.LOCK.open() as file:
        assert course.take_lock(file)


# --- the progress line


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("", "preparing"),
        ("Collecting torch<2.14,>=2.6 (from x)\nWARNING: y\n", "fetching torch"),
        ("  Downloading torch-2.13.0-cp311-manylinux_x86_64.whl (17 MB)", "fetching torch"),
        ("  Using cached async_lru-2.4.0-py3-none-any.whl (10 kB)", "fetching async_lru"),
        ("Processing /some where/tqdm-4.70.whl (from x==1)", "fetching tqdm"),
        (r"Processing c:\wheels\tqdm-4.70.whl", "fetching tqdm"),
        ("Collecting pytest-xdist>=3.6", "fetching pytest-xdist"),
        ("Installing collected packages: a, b, c\n  Attempting uninstall", "installing 3 packages"),
    ],
)
def test_activity_is_read_from_pips_output(output, expected):
    assert course.read_activity(output) == expected


def test_progress_is_one_line_on_a_terminal_and_one_per_phase_elsewhere(capsys, monkeypatch):
    for terminal in (True, False):
        monkeypatch.setattr(sys.stdout, "isatty", lambda terminal=terminal: terminal)
        progress = course.Progress("Setting up")
        for doing in ("fetching torch", "fetching numpy", "installing 2 packages"):
            progress.show(doing)
        progress.end("done")
        lines = capsys.readouterr().out.splitlines(keepends=False)
        if terminal:  # splitlines also splits at the carriage returns
            shown = [line.strip() for line in lines if line]
            assert shown[1] == "Setting up: 0 s, fetching numpy"
        else:
            assert [line.split(", ")[1] for line in lines] == [
                "fetching torch", "installing 2 packages", "done",
            ]  # fmt: skip
