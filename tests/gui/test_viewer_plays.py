"""The viewer on a real engine: pictures, videos from the sealed file, and what cannot be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from lighttight.model import ItemId, Kind
from tests.gui.desks import RealDesk
from tests.gui.fakes import small_video
from tests.support import media_files


@pytest.fixture
def full(desk: RealDesk, tmp_path: Path) -> RealDesk:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "clip.mp4").write_bytes(small_video(3))
    (folder / "photo.jpg").write_bytes(media_files.jpeg(size=(1600, 1200)))
    (folder / "turned.jpg").write_bytes(media_files.jpeg(6, size=(900, 600)))
    (folder / "broken.jpg").write_bytes(media_files.jpeg()[:300])
    desk.create()
    desk.bring_in(folder)
    return desk


def open_(desk: RealDesk, name: str) -> ItemId:
    session = desk.program.session
    assert session is not None
    item = next(one for one in session.library.items() if one.name == name)
    desk.window.opened.emit(item.id)
    desk.until(lambda: desk.window.viewer._facts is not None)
    return item.id


def test_a_picture_is_shown_whole(full: RealDesk) -> None:
    open_(full, "photo.jpg")
    full.until(full.window.viewer.canvas.sharp)
    picture = full.window.viewer.canvas._picture
    assert picture is not None
    assert (picture.levels[0].width(), picture.levels[0].height()) == (1600, 1200)


def test_a_turned_picture_stands_upright(full: RealDesk) -> None:
    open_(full, "turned.jpg")
    full.until(full.window.viewer.canvas.sharp)
    picture = full.window.viewer.canvas._picture
    assert picture is not None
    image = picture.levels[0]
    left = image.pixelColor(image.width() // 4, image.height() // 4)
    right = image.pixelColor(image.width() * 3 // 4, image.height() // 4)
    assert left.red() > 180 > 60 > left.green()
    assert right.green() > 140 > 60 > right.red()


def test_what_cannot_be_decoded_says_so_without_a_dialog(full: RealDesk) -> None:
    open_(full, "broken.jpg")
    full.until(lambda: full.window.viewer.canvas._message)
    full.settle()
    assert "kept safe" in full.window.viewer.canvas._message
    assert full.sheet() is None


def test_a_video_plays_from_the_sealed_file_and_seeks(full: RealDesk) -> None:
    open_(full, "clip.mp4")
    viewer = full.window.viewer
    full.until(viewer.is_playing)
    player = viewer._player
    assert player is not None
    full.until(lambda: player.position > 0.2)
    player.pause()
    viewer._seek(2.5)
    full.until(lambda: abs(player._start_ms / 1000 - 2.5) < 0.05)
    viewer._seek(0.5)
    full.until(lambda: abs(player._start_ms / 1000 - 0.5) < 0.05)


def test_a_video_that_one_only_comes_by_stands_still_until_it_is_asked_for(
    full: RealDesk,
) -> None:
    viewer = full.window.viewer
    viewer.show_items([open_(full, "photo.jpg"), open_(full, "clip.mp4")], 0)
    viewer.go(1)
    full.until(lambda: viewer.canvas.has_picture() and viewer.transport.isEnabled())
    full.settle()
    assert not viewer.is_playing()
    viewer.transport.play_pressed.emit()
    full.until(viewer.is_playing)


def test_the_moment_below_the_pointer_is_a_picture(full: RealDesk) -> None:
    item = open_(full, "clip.mp4")
    early, late = (full.sources.frame(item, seconds) for seconds in (0.1, 2.5))
    assert early is not None
    assert late is not None
    assert late.pixelColor(10, 10).lightness() > early.pixelColor(10, 10).lightness() + 80


def test_going_on_stops_the_video_and_closes_its_file(full: RealDesk) -> None:
    open_(full, "clip.mp4")
    viewer = full.window.viewer
    full.until(viewer.is_playing)
    reader = full.sources._video
    assert reader is not None
    viewer.leave()
    full.until(lambda: not viewer.is_playing())
    full.sources.use(full.program.session)
    assert reader._closed


def test_a_video_that_nobody_probed_is_not_played(
    full: RealDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    facts = full.sources.facts
    monkeypatch.setattr(full.sources, "facts", lambda item: replace(facts(item), playable=False))
    open_(full, "clip.mp4")
    viewer = full.window.viewer
    full.settle()
    assert viewer._facts is not None
    assert viewer._facts.kind is Kind.VIDEO
    assert not viewer.is_playing()
    assert not viewer.transport.isEnabled()
    assert "can't be played" in viewer.canvas._message or viewer.canvas.has_picture()


def test_details_beside_the_viewer(full: RealDesk) -> None:
    open_(full, "photo.jpg")
    full.window.viewer.info.setChecked(True)
    full.settle()
    assert full.window.viewer_details.title.text() == "photo.jpg"


def test_a_heart_in_the_viewer(full: RealDesk) -> None:
    item = open_(full, "photo.jpg")
    full.window.viewer.heart.click()
    full.settle()
    session = full.program.session
    assert session is not None
    assert session.library.item(item).favourite
    assert full.window.viewer._facts is not None
    assert full.window.viewer._facts.favourite
