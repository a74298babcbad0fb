"""The course in one command: sets up its own Python environment, then starts what you ask for.

    python3 course.py lab      open the course in JupyterLab
    python3 course.py test     run the tests
    python3 course.py site     write the course as a static site
    python3 course.py --help   everything else

Only Python itself is needed (3.11 or newer): no make, no shell. Everything is installed into
the folder .venv beside this file; delete that folder to be rid of it.
"""

# Any Python can read this file, 2.7 too, so that it can say that it is too old. What it starts,
# spikeviz/course.py, is read by new ones only.
import os
import runpy
import sys

if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036
        this = ".".join(str(number) for number in sys.version_info[:3])
        sys.exit("Python 3.11 or newer is needed, this is " + this + "; get it from python.org")
    here = os.path.dirname(os.path.abspath(__file__))
    runpy.run_path(os.path.join(here, "spikeviz", "course.py"), run_name="__main__")
