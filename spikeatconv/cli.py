"""The door to the command line, by the name under which programs and launchers know it."""

import sys

from spikeatconv.command.cli import cli, main, train_command

__all__ = ["cli", "main", "train_command"]

if __name__ == "__main__":
    sys.exit(main())
