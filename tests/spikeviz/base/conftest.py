"""What the tests over all widgets share."""

import pytest


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """pages(cls): the saved page of each widget as it comes, written once."""
    folder, written = tmp_path_factory.mktemp("pages"), {}

    def save(cls):
        if cls not in written:
            widget = cls()
            written[cls] = widget.save_html(folder / f"{cls.__name__}.html")
            widget.close()
        return written[cls]

    return save
