"""`python -m spikeviz.publish`: the course as a site or for nbgrader, a notebook as slides or as a
voila page."""

import argparse
import sys
from pathlib import Path

from spikeviz.browser import CHECKOUT
from spikeviz.publish.app import serve_notebook
from spikeviz.publish.predictions import write_predictions
from spikeviz.publish.running import NOTEBOOKS, NotebookFailedError
from spikeviz.publish.site import save_site
from spikeviz.publish.slides import save_slides
from spikeviz.publish.teacher import write_course


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m spikeviz.publish", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    site = commands.add_parser("site", help="write every notebook as a page of a static site")
    site.add_argument("out", nargs="?", type=Path, default=CHECKOUT / "site", help="a folder")
    slides = commands.add_parser("slides", help="write a notebook as slides, in one file")
    slides.add_argument("notebook", type=find_notebook, help="such as 01, or a path")
    slides.add_argument("out", nargs="?", type=Path, help="a file; else slides/NAME.html")
    edition = commands.add_parser("teacher", help="write the instructor's edition, for nbgrader")
    edition.add_argument("out", nargs="?", type=Path, help="a folder (else teacher)")
    edition.add_argument("--seed", help="any words; else as before")
    edition.add_argument("--predictions", type=Path, help="write a class's, from this folder")
    page = commands.add_parser("voila", help="serve a notebook as a page, without its code")
    page.add_argument("notebook", type=find_notebook, help="such as 01, or a path")
    options, more = parser.parse_known_args(arguments)
    if options.command == "voila":
        serve_notebook(options.notebook, more)
        return 0
    if more:
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    try:
        if options.command == "site":
            written = save_site(options.out)
        elif options.command == "teacher":
            print(f"Written: {write_for_teacher(options)}. docs/teaching.md says how to go on.")
            return 0
        else:
            out = options.out or CHECKOUT / "slides" / f"{options.notebook.stem}.html"
            written = save_slides(options.notebook, out)
    except (OSError, ValueError, NotebookFailedError) as error:
        print(f"course: {error}", file=sys.stderr)
        return 1
    print(f"Written: open {written} in a browser.")
    return 0


def write_for_teacher(options: argparse.Namespace) -> Path:
    """The instructor's edition, or the predictions of a class."""
    if options.predictions is None:
        return write_course(options.out or CHECKOUT / "teacher", options.seed)
    return write_predictions(options.predictions, options.out or CHECKOUT / "predictions.csv")


def find_notebook(text: str) -> Path:
    """A path, or the beginning of the name of one of the course's notebooks."""
    path = Path(text)
    if path.is_file():
        return path
    found = sorted(NOTEBOOKS.glob(f"{path.name.removesuffix('.ipynb')}*.ipynb"))
    if len(found) != 1:
        names = ", ".join(p.stem for p in found or sorted(NOTEBOOKS.glob("*.ipynb")))
        raise argparse.ArgumentTypeError(f"found {text!r}, expected one of {names}, or a path")
    return found[0]


if __name__ == "__main__":
    sys.exit(main())
