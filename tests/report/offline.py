"""What every page must be: whole, offline, without a script, with pictures inside their frames."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

POINT = re.compile(r"(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)")
VOID = {"meta", "br", "img", "input", "link"}


class Tags(HTMLParser):
    """Every tag is closed by its own end."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def checked(page: str) -> str:
    """Return a page that is whole, offline, without a script and without a number that is none."""
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == [] and not tags.seen & {"script", "link", "img", "iframe"}
    assert "://" not in page and "default-src 'none'" in page
    assert not re.search(r"\b(?:nan|inf)\b", re.sub(r"<style>.*?</style>", "", page, flags=re.S), flags=re.I)
    for drawn in pictures(page):
        assert drawn.find("title").text and drawn.find("desc").text
        for path in drawn.iter("path"):
            assert all(0 <= float(x) <= 2000 and 0 <= float(y) <= 1000 for x, y in POINT.findall(path.get("d")))
    names = re.findall(r' id="([^"]+)"', page)
    assert len(names) == len(set(names))
    return page


def pictures(page: str) -> list[ElementTree.Element]:
    return [
        ElementTree.fromstring(text)
        for text in re.findall(r'<svg class="plot".*?</svg>(?:<text.*?</text>)*</svg>', page, flags=re.S)
    ]
