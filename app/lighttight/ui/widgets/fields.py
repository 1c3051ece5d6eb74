"""Where words are typed: a field with its edge, a secret with an eye, and the search field.

A field shows focus by its own edge, 2 px wide and amber, and a refusal by a red one, which is as
wide only where the focus is.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from lighttight.ui import paint
from lighttight.ui.features import Feature, built
from lighttight.ui.icons import paint_icon
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import IconButton


class Field(QWidget):
    """One line of text in a painted frame. `secret` hides what is typed behind an eye toggle."""

    submitted = Signal()
    edited = Signal(str)

    def __init__(
        self,
        name: str,
        *,
        placeholder: str = "",
        secret: bool = False,
        height: int | None = None,
        icon: str | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._refused = False
        self._icon = icon
        self._eye: IconButton | None = None
        self.setFixedHeight(height or theme().metrics.field)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.edit = QLineEdit(self)
        self.edit.setFrame(False)
        self.edit.setAccessibleName(name)
        self.edit.setPlaceholderText(placeholder)
        self.edit.setProperty("ownFocus", True)
        # A file dropped here is meant for the library; its path is no word to search for.
        self.edit.setAcceptDrops(False)
        self.edit.installEventFilter(self)
        self.edit.returnPressed.connect(self.submitted)
        self.edit.textEdited.connect(self._changed)
        palette = self.edit.palette()
        palette.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.transparent)
        self.edit.setPalette(palette)
        self.edit.setAttribute(Qt.WidgetAttribute.WA_MacShowFocusRect, False)
        self.setFocusProxy(self.edit)
        layout = QHBoxLayout(self)
        left = 34 if icon else 10
        layout.setContentsMargins(left, 2, 6 if secret else 10, 2)
        layout.setSpacing(4)
        layout.addWidget(self.edit)
        if secret:
            self.edit.setEchoMode(QLineEdit.EchoMode.Password)
            self.edit.setInputMethodHints(
                Qt.InputMethodHint.ImhSensitiveData
                | Qt.InputMethodHint.ImhNoPredictiveText
                | Qt.InputMethodHint.ImhNoAutoUppercase
            )
            self._eye = IconButton("eye", self.tr("Show what is typed"), checkable=True, size=28)
            self._eye.toggled.connect(self._reveal)
            layout.addWidget(self._eye)

    @property
    def eye(self) -> QWidget:
        """The last stop of Tab in this field."""
        return self._eye or self.edit

    def text(self) -> str:
        return self.edit.text()

    def set_text(self, words: str) -> None:
        self.edit.setText(words)

    def clear(self) -> None:
        """Empty, and hidden again if it had been shown."""
        self.edit.clear()
        if self._eye is not None:
            self._eye.setChecked(False)

    def set_refused(self, refused: bool) -> None:
        self._refused = refused
        self.update()

    def _reveal(self, on: bool) -> None:
        if self._eye is None:
            return
        mode = QLineEdit.EchoMode.Normal if on else QLineEdit.EchoMode.Password
        self.edit.setEchoMode(mode)
        self._eye.set_icon("eye-off" if on else "eye")
        self._eye.set_name(self.tr("Hide what is typed") if on else self.tr("Show what is typed"))
        self.edit.setFocus()

    def _changed(self, words: str) -> None:
        if self._refused:
            self.set_refused(False)
        self.edited.emit(words)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().eventFilter(watched, event)

    def sizeHint(self) -> QSize:
        return QSize(260, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        focused = self.edit.hasFocus()
        edge = "danger" if self._refused else "accent" if focused else "control_line"
        if not self.isEnabled():
            painter.setOpacity(0.45)
        paint.rounded(
            painter,
            self.rect(),
            theme().metrics.radius_control,
            fill=colour("field"),
            edge=colour(edge),
            width=2 if focused else 1,
        )
        if self._icon:
            size = theme().metrics.icon_small
            top = (self.height() - size) / 2
            paint_icon(painter, self._icon, 11, round(top), colour("text2"), size)


class PassingField(Field):
    """One that stands beside the pictures. Esc puts back what stood in it, and says that the person
    is done here: whoever placed it gives the focus back."""

    left = Signal()

    def __init__(
        self,
        name: str,
        *,
        placeholder: str = "",
        icon: str | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, placeholder=placeholder, icon=icon, parent=parent)
        self._stood = ""

    def set_text(self, words: str) -> None:
        super().set_text(words)
        self.keep()

    def keep(self) -> None:
        """What was typed counts from now on."""
        self._stood = self.text()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
        ):
            self.edit.setText(self._stood)
            self.left.emit()
            return True
        return super().eventFilter(watched, event)


class SearchField(PassingField):
    """Search as you type: `searched` with each change; Esc empties it."""

    searched = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        asked = self.tr("Search pictures, albums, tags")
        if built(Feature.PEOPLE):
            asked = self.tr("Search pictures, albums, people")
        self._asked = asked
        super().__init__(asked, placeholder=asked, icon="search", parent=parent)
        self.setMinimumWidth(160)
        self.setMaximumWidth(260)
        self.edit.textChanged.connect(self.searched)
        self._clear = IconButton("close", self.tr("Empty the search"), size=24, icon_size=16)
        self._clear.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._clear.clicked.connect(self.clear)
        self._clear.hide()
        layout = self.layout()
        if layout is not None:
            layout.addWidget(self._clear)
        self.edit.textChanged.connect(self._offer_clear)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """All of what can be searched for, or one word: never a part of a sentence."""
        fits = self.edit.fontMetrics().horizontalAdvance(self._asked) + 8 < self.edit.width()
        self.edit.setPlaceholderText(self._asked if fits else self.tr("Search"))
        super().resizeEvent(event)

    def _offer_clear(self, words: str) -> None:
        self._clear.setVisible(bool(words))

    def keep(self) -> None:
        """Nothing: Esc empties it, whatever stood in it."""
