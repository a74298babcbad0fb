"""What a page says of itself: title and description, for a browser, a search, a link's preview."""

import html
import re

import pytest

from spikeviz.base.page import head
from spikeviz.course_map import about, course
from spikeviz.gallery import explorers
from spikeviz.publish.markdown import first_words


def told(page):
    """(title, description) of a page; what a link's preview shows is the same."""
    (title,) = re.findall(r"<title>(.*?)</title>", page, re.DOTALL)
    metas = dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', page))
    assert metas["og:title"] == title
    assert metas["og:description"] == metas["description"]
    return html.unescape(title), html.unescape(metas["description"])


@pytest.mark.parametrize("cls", explorers(), ids=lambda cls: cls.__name__)
def test_a_saved_page_says_what_its_widget_is_for(cls, tmp_path):
    widget = cls()
    page = widget.save_html(tmp_path / "a.html").read_text(encoding="utf-8")
    widget.close()
    assert told(page) == (f"{cls.__name__} · spikeviz", cls.__doc__.splitlines()[0])


def test_what_is_told_cannot_end_its_attribute():
    page = head('a "b" <i>', "x > y\n & 'z'")
    assert told(page) == ('a "b" <i>', "x > y & 'z'")
    assert page.count("<") == 5 + 1  # the title's end


def test_a_page_of_the_course_says_what_one_can_do_afterwards():
    for notebook in course()["notebooks"]:
        assert notebook["afterwards"] in about(notebook["file"])
        assert f"{notebook['minutes']} minutes" in about(notebook["file"])
        assert len(about(notebook["file"])) < 200
    assert about("mine") == ""


def test_a_text_is_told_by_its_first_sentences():
    long = "One. " * 45 + "Two."
    page = "<h1>T</h1><p>(<b>no</b> beginning)</p><p>A <code>b</code>\n&amp; c.</p><p>D.</p>"
    assert first_words(page) == "A b & c."
    assert first_words(f"<p>{long}</p>") == ("One. " * 40).strip()
    assert first_words("<p>lower</p>") == ""
