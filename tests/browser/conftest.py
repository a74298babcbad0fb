"""Chromium for the tests in this folder. In CI it must be there; elsewhere its lack is a skip."""

import os

import pytest

from spikeviz.browser import NoBrowserError, chromium, course


@pytest.fixture(scope="session")
def browser():
    session = chromium()
    try:
        browser = session.__enter__()
    except NoBrowserError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    yield browser
    session.__exit__(None, None, None)


@pytest.fixture(scope="session")
def lab(browser, tmp_path_factory):
    """A running JupyterLab on a copy of the course."""
    with course(tmp_path_factory.mktemp("course")) as running:
        yield running


@pytest.fixture
def new_page(browser):
    """Open pages that must not raise errors: new_page(width=..., color_scheme=..., ...)."""
    contexts, errors = [], []

    def open_page(width=1400, height=1000, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors
