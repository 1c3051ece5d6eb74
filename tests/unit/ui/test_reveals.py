"""What originals say, in words: nothing is called absent too early, nothing is left unnamed."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest
from PySide6.QtCore import QLocale

from lighttight.cli.moving import SORTS
from lighttight.errors import Environment, Unsupported
from lighttight.media.cleaning.base import Found
from lighttight.media.client import Finding
from lighttight.model import Item, ItemId, Kind, Place, PreviewState
from lighttight.session import Told
from lighttight.ui.reveals import Line, Reveals, _sorts, what

_numbers = count(1)
HARBOUR, LAKE = Place(48.8566, 2.3522), Place(-33.8688, 151.2093)


@pytest.fixture(autouse=True)
def english() -> None:
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))


def item(
    *,
    name: str = "IMG_1.jpg",
    mime: str = "image/jpeg",
    kind: Kind = Kind.PHOTO,
    place: Place | None = None,
    taken: datetime | None = None,
    device: str | None = None,
) -> Item:
    now = datetime(2026, 10, 5, tzinfo=UTC)
    return Item(
        id=ItemId(f"{next(_numbers):032x}"),
        name=name,
        kind=kind,
        mime=mime,
        size=1000,
        width=4,
        height=3,
        duration=None,
        taken=taken,
        sort=taken or datetime(2026, 10, 5),
        imported=now,
        favourite=False,
        caption="",
        place=place,
        device=device,
        playable=False,
        preview=PreviewState.NONE,
        trashed=None,
    )


def line(reveals: Reveals, key: str, *, clean: bool = True, keep_names: bool = False) -> Line:
    lines = reveals.lines(clean=clean, keep_names=keep_names)
    return next(one for one in lines if one.key == key)


def keys(reveals: Reveals) -> list[str]:
    return [one.key for one in reveals.lines(clean=True, keep_names=False)]


def test_every_kind_of_finding_has_a_row_and_a_word() -> None:
    kinds = {kind.value for kind in Found}
    assert set().union(*(found for _, _, _, found in _sorts())) == kinds
    assert set(SORTS) == kinds


def test_absent_only_when_all_was_looked_into() -> None:
    one, two = item(), item()
    reveals = Reveals([one, two])
    assert line(reveals, "place").here == "Looking…"
    reveals.add(Told(one.id))
    assert line(reveals, "place").here == "Looking…"
    reveals.add(Told(two.id))
    assert line(reveals, "place").here == "None found"
    assert line(reveals, "place").there == ""
    assert keys(reveals) == ["place", "date", "device", "files", "else"]


def test_what_the_catalog_knows_stands_there_at_once() -> None:
    reveals = Reveals([item(place=HARBOUR, taken=datetime(2026, 10, 4, 21, 10), device="Camera 7")])
    assert line(reveals, "place").here == "48.86 N, 2.35 E"
    assert line(reveals, "date").here == "4 Oct 2026, 21:10"
    assert line(reveals, "device").here == "Camera 7"
    assert line(reveals, "place").there == "Removed"
    assert line(reveals, "place", clean=False).fate == "stays"


def test_one_fact_stands_there_once() -> None:
    one = item(place=HARBOUR, device="Maker Camera 7")
    reveals = Reveals([one])
    told = [("place", "48.86 N, 2.35 E"), ("device", "Camera 7"), ("device", "serial 4711")]
    reveals.add(Told(one.id, tuple(Finding(kind, detail) for kind, detail in told)))
    assert line(reveals, "place").here == "48.86 N, 2.35 E"
    assert line(reveals, "device").here == "Maker Camera 7 and 1 more"
    assert line(reveals, "device").whole == "Maker Camera 7\nserial 4711"


def test_of_several_it_is_counted() -> None:
    chosen = [item(place=HARBOUR), item(place=LAKE), item(name="b.png", mime="image/png")]
    reveals = Reveals(chosen)
    reveals.add(Told(chosen[2].id, (Finding("preview", ""), Finding("words", "By the lake"))))
    assert line(reveals, "preview").here == "In 1 of 3"
    assert line(reveals, "words").here == "In 1 of 3"
    assert line(reveals, "place").here.startswith("2 place")
    assert line(reveals, "files").there == "1 to 3"


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ((2026, 10, 4), (2026, 10, 4), "4 Oct 2026"),
        ((2026, 10, 4), (2026, 10, 11), "4 to 11 Oct 2026"),
        ((2026, 9, 28), (2026, 10, 3), "28 Sep to 3 Oct 2026"),
        ((2025, 12, 30), (2026, 1, 2), "30 Dec 2025 to 2 Jan 2026"),
    ],
)
def test_days_from_the_first_to_the_last(
    first: tuple[int, int, int], last: tuple[int, int, int], said: str
) -> None:
    reveals = Reveals([item(taken=datetime(*last)), item(taken=datetime(*first))])
    assert line(reveals, "date").here.replace("Sept", "Sep") == said


def test_names_of_files() -> None:
    assert line(Reveals([item()]), "files").there == "1.jpg"
    two = Reveals([item(mime="image/heic"), item()])
    assert line(two, "files").there == "1.jpg to 2.jpg"
    assert line(two, "files", keep_names=True).fate == "kept"
    assert line(two, "files", clean=False).fate == "stays"


def test_what_cannot_be_looked_into() -> None:
    damaged, slow = item(), item()
    reveals = Reveals([damaged, slow])
    reveals.add(Told(damaged.id, trouble=Unsupported("media-undecodable", reason="damaged")))
    reveals.add(Told(slow.id, trouble=Environment("decoder-timeout")))
    assert reveals.impossible == {damaged.id}
    assert reveals.unread == 1


def test_what_an_original_reveals() -> None:
    assert "Whatever is written inside" in Reveals([item()]).sentences()[0]
    [said] = Reveals([item(place=HARBOUR, device="iPhone 13")]).sentences()
    assert "“Taken at 48.86\u00a0N,\u00a02.35\u00a0E with iPhone 13.”" in said
    worst = Reveals([item(taken=datetime(2026, 10, 4)), item(place=LAKE)]).sentences()
    assert "33.87\u00a0S" in worst[0]


def test_what_they_are_called_together() -> None:
    assert what([item(), item()]) == "photo"
    assert what([item(kind=Kind.VIDEO)]) == "video"
    assert what([item(), item(kind=Kind.VIDEO)]) == ""
