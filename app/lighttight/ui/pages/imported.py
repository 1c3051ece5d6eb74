"""What became of an import: counts, the files that are not in, and where else pictures still are.

Files that have the same reason are one line with their number; their names open on demand. Sixty
times "The disk is full" would hide the one file that is damaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from lighttight.errors import LighttightError
from lighttight.messages import WORDS, harmless
from lighttight.messages import window_words as error_words
from lighttight.ui import words
from lighttight.ui.widgets.buttons import Button, Look, Size
from lighttight.ui.widgets.notes import NoteBox
from lighttight.ui.widgets.text import Text

if TYPE_CHECKING:
    from lighttight.session import ImportResult, ImportSummary

MOST_LISTED = 200
_HIGHEST = 220
_NOT_BEGUN = "import-stopped"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Imported", text)


@dataclass(frozen=True, slots=True)
class Group:
    """Files that are not in the library, or not as one would expect, for one reason."""

    why: str
    names: tuple[str, ...]


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
    groups: tuple[Group, ...]

    def title(self) -> str:
        if self.removed or self.kept:
            return _tr("{items} removed outside").format(items=words.items(self.removed))
        if not self.imported and not self.duplicates:
            return _tr("Nothing was imported")
        if self.imported:
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
    removed = kept = removable = not_begun = 0
    groups: dict[str, list[str]] = {}
    for result in results:
        if result.reason == _NOT_BEGUN:
            not_begun += 1
        else:
            count[result.status.value] += 1
        removed += result.original.value == "removed"
        kept += result.original.value == "kept"
        removable += result.id is not None and result.original.value == "not-asked"
        why = _why(result)
        if why:
            groups.setdefault(why, []).append(harmless(result.path.name))
    stopped = summary.stopped if summary is not None else None
    return Told(
        count["imported"],
        count["duplicate"],
        count["skipped"],
        count["failed"],
        summary.remaining if summary is not None and stopped is None else not_begun,
        removed,
        kept,
        removable,
        _in_full(stopped) if stopped is not None else "",
        summary is None,
        tuple(Group(why, tuple(names)) for why, names in groups.items()),
    )


def _in_full(error: LighttightError) -> str:
    said = error_words(error)
    return f"{said.sentence} {said.action}".strip()


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
        if results.groups:
            layout.addWidget(_Reasons(results.groups))
        if results.imported or results.duplicates:
            also = WORDS["also-still-on"]
            layout.addWidget(NoteBox(f"{also.title} {also.action}"))


class _Names(QWidget):
    """Names behind a line that can be opened."""

    toggled = Signal()

    def __init__(self, group: Group) -> None:
        super().__init__()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        said = _tr("{why} · {files}").format(
            why=group.why, files=words.counts().files(len(group.names))
        )
        self.head = Button(said, Look.PLAIN, Size.SMALL, icon="chevron-right")
        self.head.clicked.connect(self._toggle)
        rows.addWidget(self.head, 0, Qt.AlignmentFlag.AlignLeft)
        self.names = QWidget()
        inside = QVBoxLayout(self.names)
        inside.setContentsMargins(32, 0, 0, 0)
        inside.setSpacing(0)
        for name in group.names[:MOST_LISTED]:
            inside.addWidget(Text(name, "small", "text2"))
        if len(group.names) > MOST_LISTED:
            more = words.number(len(group.names) - MOST_LISTED)
            inside.addWidget(Text(_tr("and {count} more").format(count=more), "small", "text3"))
        self.names.hide()
        rows.addWidget(self.names)

    def _toggle(self) -> None:
        shown = self.names.isHidden()
        self.names.setVisible(shown)
        self.head.set_icon("chevron-down" if shown else "chevron-right")
        self.toggled.emit()


class _Reasons(QScrollArea):
    """One line for a file by itself, one for all that have the same reason; scrolled if high."""

    def __init__(self, groups: Sequence[Group]) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(_tr("Files that are not in, by reason"))
        self._inside = QWidget()
        rows = QVBoxLayout(self._inside)
        rows.setContentsMargins(0, 0, 8, 0)
        rows.setSpacing(6)
        for group in groups:
            if len(group.names) == 1:
                alone = QVBoxLayout()
                alone.setSpacing(0)
                alone.addWidget(Text(group.names[0], "body"))
                alone.addWidget(Text(group.why, "small", "text2"))
                rows.addLayout(alone)
            else:
                names = _Names(group)
                names.toggled.connect(self._fit)
                rows.addWidget(names)
        rows.addStretch(1)
        self.setWidget(self._inside)
        self._inside.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        self._fit()

    def _fit(self) -> None:
        layout = self._inside.layout()
        if layout is not None:
            layout.activate()
        needed = self._inside.sizeHint().height()
        self.setFixedHeight(min(_HIGHEST, needed))
        # What can be scrolled by key has the focus for it.
        scrolls = needed > _HIGHEST
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if scrolls else Qt.FocusPolicy.NoFocus)
