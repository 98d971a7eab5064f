"""What a small page stands in: one HTML file that loads nothing, runs no script, and has the style of the report."""

from html import escape
from importlib.resources import files


def sheet(title: str, body: str) -> str:
    """Return a whole page.

    Parameters
    ----------
    title : str
        What the tab of a browser shows.
    body : str
        HTML of the page; what comes from data must be escaped already.

    Examples
    --------
    >>> page = sheet("A & B", "<h1>A</h1>")
    >>> page.count("<main><h1>A</h1></main>"), "A &amp; B · seqcast" in page, "://" in page
    (1, True, False)
    """
    style = files("seqcast.report").joinpath("page.css").read_text("utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · seqcast</title><style>{style}</style></head>\n"
        f"<body><main>{body}</main></body></html>\n"
    )
