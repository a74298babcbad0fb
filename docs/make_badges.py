"""Writes where a copy of this course opens in Binder and Colab: into README.md and each notebook.

    python docs/make_badges.py OWNER/REPOSITORY    # of GitHub; without one, takes the links away

On GitHub .github/workflows/badges.yml runs it, so each copy opens itself. In the notebooks these
are links without pictures, and a cell that does nothing outside of Colab: offline nothing is amiss.
"""

import json
import re
import sys
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
BINDER = "https://mybinder.org/v2/gh/{repository}/HEAD?urlpath={path}"
COLAB = "https://colab.research.google.com/github/{repository}/blob/HEAD/{notebook}"
BINDER_LOGO = "https://mybinder.org/badge_logo.svg"
COLAB_LOGO = "https://colab.research.google.com/assets/colab-badge.svg"
LINKS = re.compile(r"\n\[Open in Binder\]\(.*\)\n")
PART = re.compile(r"(?s)(<!-- badges -->\n).*?(<!-- end badges -->)")
SET_UP = """\
if "google.colab" in str(get_ipython()):  # elsewhere the course is set up already
    import google.colab.output

    in_colab = "spikeatconv[course] @ git+https://github.com/{repository}"
    get_ipython().run_line_magic("pip", f"install --quiet '{{in_colab}}'")
    google.colab.output.enable_custom_widget_manager()"""


def links(repository: str, notebook: str) -> tuple[str, str]:
    """Where a notebook opens in Binder and in Colab."""
    path = quote(f"lab/tree/{notebook}", safe="")
    return (
        BINDER.format(repository=repository, path=path),
        COLAB.format(repository=repository, notebook=notebook),
    )


def write_notebook(path: Path, repository: str) -> None:
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    cells = [cell for cell in notebook["cells"] if cell["id"] != "colab"]
    title = cells[0]
    heading, rest = LINKS.sub("", "".join(title["source"])).split("\n", 1)
    if repository:
        binder, colab = links(repository, f"notebooks/{path.name}")
        heading += f"\n\n[Open in Binder]({binder}) · [in Colab]({colab})"
        metadata = {"jupyter": {"source_hidden": True}, "tags": ["colab"]}
        source = SET_UP.format(repository=repository).splitlines(True)
        cell = {"cell_type": "code", "execution_count": None, "id": "colab",
                "metadata": metadata, "outputs": [], "source": source}  # fmt: skip
        cells.insert(1, cell)
    title["source"] = f"{heading}\n{rest}".splitlines(True)
    notebook["cells"] = cells
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_readme(path: Path, repository: str) -> None:
    found = ""
    if repository:
        binder, colab = links(repository, "notebooks/00_start_here.ipynb")
        for name, picture, link in (("Binder", BINDER_LOGO, binder), ("Colab", COLAB_LOGO, colab)):
            found += f"[![Open in {name}]({picture})]({link})\n"
    text = path.read_text(encoding="utf-8")
    path.write_text(PART.sub(rf"\g<1>{found}\g<2>", text), encoding="utf-8")


def main(arguments: list[str]) -> None:
    repository = arguments[0] if arguments else ""
    if repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        sys.exit(f"found {repository!r}; give OWNER/REPOSITORY as GitHub has it")
    write_readme(ROOT / "README.md", repository)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        write_notebook(path, repository)


if __name__ == "__main__":
    main(sys.argv[1:])
