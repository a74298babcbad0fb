"""What the tests of a widget share: the widget of their folder, and its saved page."""

import pytest

from spikeviz.gallery import explorers


@pytest.fixture
def made(request):
    """made(*arguments, **traits): a widget of the test's folder, closed at the end."""
    (cls,) = [cls for cls in explorers() if cls._folder == request.path.parent.name]
    widgets = []

    def make(*arguments, **traits):
        widgets.append(cls(*arguments, **traits))
        return widgets[-1]

    yield make
    for widget in widgets:
        widget.close()


@pytest.fixture
def explorer(made):
    """The widget as it comes."""
    return made()


@pytest.fixture
def opened(new_page, tmp_path):
    """opened(widget, **options of the page): its saved page, drawn; the widget is closed."""

    def open_saved(widget, **options):
        page = new_page(offline=True, **options)
        page.goto(widget.save_html(tmp_path / "widget.html").as_uri())
        page.locator(".sv-summary").filter(has_text=" ").wait_for()
        widget.close()
        return page

    return open_saved
