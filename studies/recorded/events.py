"""Record the digits that EventExplorer moves: the first test digit of each class.

python studies/recorded/events.py            writes spikeviz/events/data.json
"""

import data_file

from spikeatconv import mnist5k


def digits() -> list[str]:
    """The grey levels 0 to 255 of 28 × 28 pixels, row by row, two hexadecimal digits a pixel."""
    images, labels = mnist5k("test")
    firsts = [int((labels == label).nonzero()[0]) for label in range(10)]
    levels = (images[firsts, 0] * 255).round().byte()
    return [bytes(digit.flatten().tolist()).hex() for digit in levels]


if __name__ == "__main__":
    data_file.write("events", {"digits": digits()})
