"""Numbers, sizes, dates and lengths of time as people read them, in their language.

Counts go through Qt's plural forms (`%Ln`): English has its own small translation file for
"1 item" and "2 items", so no sentence is ever built by joining words.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, QObject, QTranslator

from lighttight.errors import Environment
from lighttight.messages import harmless
from lighttight.ui.resources import resource_path

_translators: list[QTranslator] = []


def install_language(app: QCoreApplication) -> None:
    """Load the translation of the system's language, and English plurals below it."""
    locale = QLocale.system()
    if locale.language() == QLocale.Language.C:
        locale = QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom)
    QLocale.setDefault(locale)
    folder = str(resource_path("i18n"))
    english = QTranslator(app)
    if english.load("lighttight_en", folder):
        app.installTranslator(english)
        _translators.append(english)
    if locale.language() != QLocale.Language.English:
        own = QTranslator(app)
        if own.load(locale, "lighttight", "_", folder):
            app.installTranslator(own)
            _translators.append(own)


def number(value: int) -> str:
    return QLocale().toString(value)


class Counts(QObject):
    """The plural sentences; a class, because that is where Qt's tools look for `%Ln`."""

    def items(self, count: int) -> str:
        return self.tr("%Ln item(s)", "", count)

    def files(self, count: int) -> str:
        return self.tr("%Ln file(s)", "", count)

    def found(self, count: int) -> str:
        return self.tr("%Ln item(s) found", "", count)

    def in_trash(self, count: int) -> str:
        return self.tr("%Ln item(s) in the trash", "", count)

    def photos(self, count: int) -> str:
        return self.tr("%Ln photo(s)", "", count)

    def videos(self, count: int) -> str:
        return self.tr("%Ln video(s)", "", count)

    def not_media(self, count: int) -> str:
        return self.tr("%Ln file(s) held no photo or video and were left alone.", "", count)

    def known(self, count: int) -> str:
        return self.tr("%Ln was/were in the library already.", "", count)

    def failed(self, count: int) -> str:
        return self.tr("%Ln could not be imported.", "", count)

    def not_begun(self, count: int) -> str:
        return self.tr("%Ln was/were not begun.", "", count)

    def stay(self, count: int) -> str:
        return self.tr("%Ln item(s) of it is/are in the library and stay(s) there.", "", count)

    def unfinished(self, count: int) -> str:
        return self.tr("%Ln item(s) is/are deleted and cannot be shown any more.", "", count)

    def kept(self, count: int) -> str:
        return self.tr("%Ln original(s) kept.", "", count)

    def placed(self, count: int) -> str:
        return self.tr("%Ln of them say(s) where it was taken.", "", count)

    def places(self, count: int) -> str:
        return self.tr("%Ln place(s)", "", count)

    def and_more(self, first: str, count: int) -> str:
        return self.tr("{first} and %Ln more", "", count).format(first=first)

    def save_outside(self, count: int, what: str) -> str:
        said = {
            "photo": self.tr("Save %Ln photo(s) outside the library", "", count),
            "video": self.tr("Save %Ln video(s) outside the library", "", count),
        }
        return said.get(what) or self.tr("Save %Ln item(s) outside the library", "", count)

    def save(self, count: int, what: str) -> str:
        said = {
            "photo": self.tr("Save %Ln photo(s)", "", count),
            "video": self.tr("Save %Ln video(s)", "", count),
        }
        return said.get(what) or self.tr("Save %Ln item(s)", "", count)

    def save_unchanged(self, count: int) -> str:
        return self.tr("Save %Ln unchanged", "", count)

    def clean_to(self, count: int, folder: str) -> str:
        return self.tr("%Ln clean copy(s) go(es) to “{folder}”.", "", count).format(folder=folder)

    def unchanged_to(self, count: int, folder: str) -> str:
        return self.tr("%Ln unchanged file(s) go(es) to “{folder}”.", "", count).format(
            folder=folder
        )

    def uncopyable(self, count: int) -> str:
        return self.tr(
            "Of %Ln of these no clean copy can be made. It/They will be left out.", "", count
        )

    def no_clean_copy(self, count: int) -> str:
        return self.tr("%Ln item(s) could not be copied cleanly", "", count)

    def not_saved(self, count: int) -> str:
        return self.tr("%Ln item(s) could not be saved", "", count)

    def minutes(self, count: int) -> str:
        return self.tr("%Ln minute(s)", "", count)

    def spoken(self, seconds: float) -> str:
        if seconds < 55:
            return self.tr("a few seconds")
        minutes = max(1, round(seconds / 60))
        if minutes < 60:
            return self.minutes(minutes)
        return self.tr("%Ln hour(s)", "", round(minutes / 60))


@cache
def counts() -> Counts:
    return Counts()


def items(count: int) -> str:
    return counts().items(count)


def photos(count: int) -> str:
    return counts().photos(count)


def videos(count: int) -> str:
    return counts().videos(count)


def minutes(count: int) -> str:
    return counts().minutes(count)


def spoken(seconds: float) -> str:
    """How long something takes, rounded as one would say it."""
    return counts().spoken(seconds)


def clock(seconds: float) -> str:
    """`0:42`, `12:05`, `1:02:03`: the length of a video."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    if hours:
        return f"{hours}:{minutes:02}:{secs:02}"
    return f"{minutes}:{secs:02}"


def size(octets: int) -> str:
    return QLocale().formattedDataSize(octets, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def _stamp(moment: datetime) -> QDateTime:
    return QDateTime(
        moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second
    )


def day_and_time(moment: datetime) -> str:
    """`Saturday 19 September 2026, 18:52`."""
    return QLocale().toString(_stamp(moment), "dddd d MMMM yyyy, HH:mm")


def day(moment: datetime) -> str:
    """`19 September 2026`."""
    return QLocale().toString(_stamp(moment), "d MMMM yyyy")


def short_day(moment: datetime) -> str:
    """`19 Sep 2026`."""
    return QLocale().toString(_stamp(moment), "d MMM yyyy")


def span(first: datetime, last: datetime) -> str:
    """`3 to 11 Oct 2026`, `28 Sep to 3 Oct 2026`, `30 Dec 2025 to 2 Jan 2026`."""
    if first.date() == last.date():
        return short_day(first)
    form = "d MMM yyyy"
    if first.year == last.year:
        form = "d" if first.month == last.month else "d MMM"
    return QCoreApplication.translate("Words", "{first} to {last}").format(
        first=QLocale().toString(_stamp(first), form), last=short_day(last)
    )


def time_of_day(moment: datetime) -> str:
    """`09:14`."""
    return f"{moment:%H:%M}"


def month(year: int, number_: int) -> str:
    """`September 2026`."""
    return f"{QLocale().standaloneMonthName(number_)} {year}"


def place_of(path: Path) -> str:
    """`In your home folder: Pictures.lighttight`: where something is, as one would say it."""
    tr = QCoreApplication.translate
    folder, home = path.parent, Path.home()
    if folder == home:
        said = tr("Words", "In your home folder: {name}")
    elif folder.is_relative_to(home):
        folder = folder.relative_to(home)
        said = tr("Words", "In {folder}, in your home folder: {name}")
    else:
        said = tr("Words", "In {folder}: {name}")
    return said.format(folder=harmless(str(folder)), name=harmless(path.name))


def store_trouble(state: str) -> Environment:
    """The error that stands for a state of this computer's password store, for its words."""
    match state:
        case "absent":
            return Environment("keyring-absent")
        case "locked":
            return Environment("keyring-locked")
        case "hanging":
            return Environment("keyring-hanging")
        case "insecure":
            return Environment("keyring-insecure")
        case _:
            return Environment("keyring-broken")
