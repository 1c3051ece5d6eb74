"""What became of an import: counts, each file that is not in, and where else pictures still are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from lighttight.errors import LighttightError
from lighttight.messages import WORDS, harmless
from lighttight.messages import window_words as error_words
from lighttight.ui import words
from lighttight.ui.widgets.notes import NoteBox
from lighttight.ui.widgets.text import Text

if TYPE_CHECKING:
    from lighttight.session import ImportResult, ImportSummary

MOST_LISTED = 200


def _tr(text: str) -> str:
    return QCoreApplication.translate("Imported", text)


@dataclass(frozen=True, slots=True)
class Line:
    """A file that is not in the library, or not as one would expect, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Told:
    """`removable` files outside have a sealed copy now."""

    imported: int
    duplicates: int
    skipped: int
    failed: int
    remaining: int
    removed: int
    kept: int
    removable: int
    stopped: str
    cancelled: bool
    lines: tuple[Line, ...]

    def title(self) -> str:
        if self.removed or self.kept:
            return _tr("{items} removed outside").format(items=words.items(self.removed))
        if self.imported or not self.duplicates:
            return _tr("{items} imported").format(items=words.items(self.imported))
        return _tr("All of it was here already")

    def sentence(self) -> str:
        parts: list[str] = []
        say = words.counts()
        for count, said in (
            (self.duplicates, say.known),
            (self.skipped, say.not_media),
            (self.failed, say.failed),
            (self.remaining, say.not_begun),
            (self.kept, say.kept),
        ):
            if count:
                parts.append(said(count))
        if self.stopped:
            parts.append(self.stopped)
        if self.cancelled:
            parts.append(_tr("You stopped it; what was saved is kept."))
        return " ".join(parts) or _tr("Each was sealed, then read back.")


def told(results: Sequence[ImportResult], summary: ImportSummary | None) -> Told:
    """`summary` is None where the person cancelled: the results say what was saved until then."""
    count = {"imported": 0, "duplicate": 0, "skipped": 0, "failed": 0}
    removed = kept = removable = 0
    lines: list[Line] = []
    for result in results:
        count[result.status.value] += 1
        removed += result.original.value == "removed"
        kept += result.original.value == "kept"
        removable += result.id is not None and result.original.value == "not-asked"
        why = _why(result)
        if why:
            lines.append(Line(harmless(result.path.name), why))
    stopped = summary.stopped if summary is not None else None
    return Told(
        count["imported"],
        count["duplicate"],
        count["skipped"],
        count["failed"],
        summary.remaining if summary is not None and stopped is None else 0,
        removed,
        kept,
        removable,
        error_words(stopped).sentence if stopped is not None else "",
        summary is None,
        tuple(lines),
    )


def _why(result: ImportResult) -> str:
    error: LighttightError | None = result.kept_because or result.error
    if error is not None:
        return error_words(error).title
    if result.reason is not None and result.reason in WORDS:
        return WORDS[result.reason].title
    return ""


class ImportedBody(QWidget):
    """Stands in the sheet below its sentence."""

    def __init__(self, results: Told, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        if results.lines:
            layout.addWidget(self._list(results.lines))
        if results.imported or results.duplicates:
            also = WORDS["also-still-on"]
            layout.addWidget(NoteBox(f"{also.title} {also.action}"))

    def _list(self, lines: Sequence[Line]) -> QScrollArea:
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        scroll.setAccessibleName(_tr("Files, one by one"))
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 8, 0)
        rows.setSpacing(0)
        for line in lines[:MOST_LISTED]:
            rows.addWidget(Text(line.name, "body"))
            rows.addWidget(Text(line.why, "small", "text2"))
            rows.addSpacing(6)
        if len(lines) > MOST_LISTED:
            more = _tr("and {count} more").format(count=words.number(len(lines) - MOST_LISTED))
            rows.addWidget(Text(more, "small", "text3"))
        rows.addStretch(1)
        inside.setAutoFillBackground(False)
        scroll.setWidget(inside)
        inside.setAutoFillBackground(False)
        scroll.viewport().setAutoFillBackground(False)
        scroll.setFixedHeight(min(220, 44 * min(len(lines), MOST_LISTED) + 8))
        return scroll
