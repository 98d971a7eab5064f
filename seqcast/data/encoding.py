"""From bytes to UTF-8 text without guessing: a mark or valid UTF-8 decides, else just one other encoding must fit."""

import codecs
import io
import re

from seqcast.errors import ConfigError, FileError

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# The syllables that make up most of any Korean text. Bytes of another encoding that happen to decode as Hangul give
# syllables spread over all 11,172, few of them among these.
_COMMON_HANGUL = frozenset(
    "가각간감강개거건격결경계고공과관교구국권그금급기나내년농누는능니다단달당대도동되된드든들등라래량러력로료류르른를름리"
    "마만매면명모목무문물미민및바반발방배번법변별보부북분비사산상생서석선설성세소속송수순스습시식신실심아안알압액약양어업에"
    "여역연열영예온와외요용우운원월위유육율으은을음의이익인일임입자작장재저적전점정제조종주준중증지직진질차착참창채천철체"
    "초총최추축출충취치코크타탄터토통투트특파판평포표품풍프필하학한할함합항해행향험현형호혼화확환활황회횟효후휴원습률날짜값광근객냉병울폐"
)


def decode(data: bytes, encoding: str | None, place: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the text as UTF-8 with LF line ends, and what was said about it.

    Raises
    ------
    FileError
        When the encoding cannot be told, the bytes do not fit it, or the text holds a NUL byte.
    ConfigError
        When the encoding named is unknown.

    Examples
    --------
    >>> decode("날짜,값".encode("cp949"), None, "steel.csv")[1]
    ('steel.csv was read as cp949.',)
    """
    text, notes = _to_utf8(data, encoding, place)
    nul = text.find(b"\0")
    if nul >= 0:
        line = text.count(b"\n", 0, nul) + 1
        raise FileError(
            f"Text holds no NUL bytes; line {line} of {place} has one. The file is damaged or binary: "
            "export the table again."
        )
    return _one_line_end(text, place, notes)


def _to_utf8(data: bytes, encoding: str | None, place: str) -> tuple[bytes, tuple[str, ...]]:
    mark = next(((sign, name) for sign, name in _MARKS if data.startswith(sign)), None)
    if encoding is not None:
        named = _known(encoding)
        if mark and not _same_family(named, mark[1]):
            raise FileError(
                f"The encoding must fit the file; {place} begins with the mark of {mark[1]}, not of {encoding}. "
                "Leave --encoding out."
            )
        body, fit = (data[len(mark[0]) :], mark[1]) if mark else (data, named)
        return _strictly(body, fit, place), ()
    if mark:
        said = f"{place} begins with a byte-order mark and was read as {mark[1].upper()}."
        return _strictly(data[len(mark[0]) :], mark[1], place), (said,)
    wide = _unmarked_utf16(data)
    if wide:
        return _strictly(data, wide, place), (f"{place} was read as {wide.upper()}.",)
    if _fits(data, "utf-8"):
        return data, ()
    legacy = _legacy(data, place)
    return _strictly(data, legacy, place), (f"{place} was read as {_spoken(legacy)}.",)


def _known(encoding: str) -> str:
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=encoding)  # refuses codecs that are not for text, such as base64
        return codecs.lookup(encoding).name
    except LookupError:
        raise ConfigError(
            f"Unknown text encoding {encoding!r}. For example: utf-8, utf-16, cp949, latin-1, shift_jis, gb18030."
        ) from None


def _same_family(named: str, mark: str) -> bool:
    return mark.startswith(named.removesuffix("-sig")) or named.startswith(mark)


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _strictly(data: bytes, encoding: str, place: str) -> bytes:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"Text must fit its encoding; byte 0x{data[error.start]:02x} on line {line} of {place} is no {encoding}. "
            "Name the right one with --encoding."
        ) from None
    return text.encode("utf-8")


def _unmarked_utf16(data: bytes) -> str | None:
    head = data[:400]
    odd, even = head[1::2].count(0), head[::2].count(0)
    if len(head) >= 4 and len(data) % 2 == 0 and max(odd, even) > len(head) * 0.4 and min(odd, even) == 0:
        return "utf-16-le" if odd else "utf-16-be"
    return None


def _legacy(data: bytes, place: str) -> str:
    fits = [name for name, plausible in (("cp949", _korean(data)), ("cp1252", _western(data))) if plausible]
    if len(fits) == 1:
        return fits[0]
    lines = enumerate(data.splitlines(), start=1)
    line, cells = next((number, text) for number, text in lines if not _fits(text, "utf-8"))
    readings = " or ".join(f"{cells[:60].decode(name)!r} ({_spoken(name)})" for name in fits)
    doubt = f"may be {readings}" if fits else "fits neither UTF-8, cp949 nor latin-1"
    raise FileError(
        f"The encoding of a text must be certain; line {line} of {place} {doubt}. "
        "Name it with --encoding, such as --encoding cp949."
    )


def _korean(data: bytes) -> bool:
    if not _fits(data, "cp949"):
        return False
    foreign = [letter for letter in data.decode("cp949") if letter.isalpha() and ord(letter) > 127]
    common = sum(letter in _COMMON_HANGUL for letter in foreign)
    return len(foreign) > 0 and common >= 0.6 * len(foreign)


def _western(data: bytes) -> bool:
    if not _fits(data, "cp1252"):
        return False
    runs = re.findall(rb"[\x80-\xff]+", data)
    letters = set(b"".join(runs).decode("cp1252"))
    # Western text has accents one or two at a time; a longer run is a word of an alphabet that this is not.
    return max(map(len, runs)) <= 2 and all(sign.isalpha() or sign in "€£¥°±²³µ·º–—‘’“”…½¼§ß" for sign in letters)


def _spoken(encoding: str) -> str:
    return "latin-1" if encoding == "cp1252" else encoding


def _one_line_end(text: bytes, place: str, notes: tuple[str, ...]) -> tuple[bytes, tuple[str, ...]]:
    both = text.count(b"\r\n")
    ends = {"CR LF": both, "LF": text.count(b"\n") - both, "CR": text.count(b"\r") - both}
    used = [name for name, number in ends.items() if number]
    if len(used) > 1:
        counted = ", ".join(f"{ends[name]:,} {name}" for name in used)
        notes = (*notes, f"{place} mixes line ends ({counted}); each was taken as the end of a line.")
    if ends["CR"] or both:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text, notes
