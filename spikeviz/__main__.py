"""`python -m spikeviz gallery out/`: all widgets as a folder of pages that work offline."""

import argparse
import sys

from spikeviz.gallery import save_gallery


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m spikeviz", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("gallery", help="write every widget as an offline page")
    command.add_argument("folder", help="where the pages go; made if missing")
    folder = parser.parse_args(arguments).folder
    try:
        written = save_gallery(folder)
    except OSError as error:
        print(f"spikeviz: {error}", file=sys.stderr)
        return 1
    print(f"Written: open {written / 'index.html'} in a browser.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
