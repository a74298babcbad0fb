"""Sets up the course from this folder, without a network, and opens it.

    python3 start.py [FOLDER]    FOLDER: where the course goes, else spikeatconv-course at home

Only Python's own library is needed. Started again, it goes on with the copy that is there.
"""

import json
import os
import platform
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def check():
    """Exits unless the packages here fit this system and this Python."""
    with open(os.path.join(HERE, "fits.json"), encoding="utf-8") as file:
        fits = json.load(file)
    python = ".".join(map(str, sys.version_info[:2]))
    here = {"system": sys.platform, "machine": platform.machine(), "python": python}
    if here != fits:
        wanted, found = ("{system}, {machine}, Python {python}".format(**of) for of in (fits, here))
        sys.exit(f"This folder is for {wanted}; this is {found}.")


def main():
    check()
    home = os.path.join(os.path.expanduser("~"), "spikeatconv-course")
    folder = os.path.abspath(sys.argv[1] if sys.argv[1:] else home)
    if not os.path.isfile(os.path.join(folder, "course.py")):
        print("Copying the course to", folder, flush=True)
        try:
            shutil.copytree(os.path.join(HERE, "course"), folder, dirs_exist_ok=True)
        except OSError as error:
            sys.exit(f"It cannot be copied there ({error}). Name another folder: start.py FOLDER")
    # course.py gives it to pip, which then asks nowhere else.
    variables = dict(os.environ, SPIKEATCONV_WHEELS=os.path.join(HERE, "wheels"))
    command = [sys.executable, os.path.join(folder, "course.py"), "lab", *sys.argv[2:]]
    try:
        return subprocess.call(command, env=variables)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
