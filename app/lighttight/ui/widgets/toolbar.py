"""The bar above the pictures: search, zoom, import, share, details, lock."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from lighttight.ui.features import Feature, built
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, IconButton, Look
from lighttight.ui.widgets.fields import SearchField
from lighttight.ui.widgets.notes import Glyph
from lighttight.ui.widgets.sliders import ThinSlider


class Toolbar(QWidget):
    searched = Signal(str)
    zoomed = Signal(int)
    import_wanted = Signal()
    share_wanted = Signal()
    details_toggled = Signal(bool)
    lock_wanted = Signal()

    def __init__(self, zoom_steps: int, zoom: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(theme().metrics.toolbar)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 1)
        row.setSpacing(8)
        self.search = SearchField()
        self.search.searched.connect(self.searched)
        row.addWidget(self.search, 10)
        row.addStretch(1)
        # In a box of its own, which goes where there is no room: Ctrl and the wheel zoom as well.
        self._zooming = QWidget()
        zooming = QHBoxLayout(self._zooming)
        zooming.setContentsMargins(0, 0, 8, 0)
        zooming.setSpacing(8)
        row.addWidget(self._zooming)
        self._small = Glyph("grid-small", "text2")
        zooming.addWidget(self._small)
        self.zoom = ThinSlider(self.tr("Size of the pictures"), zoom_steps - 1, 96)
        self.zoom.setPageStep(1)
        self.zoom.setValue(zoom)
        self.zoom.valueChanged.connect(self.zoomed)
        zooming.addWidget(self.zoom)
        self._large = Glyph("grid-large", "text2")
        zooming.addWidget(self._large)
        self.bring_in = Button(self.tr("Import"), Look.RAISED, icon="import")
        self.bring_in.clicked.connect(self.import_wanted)
        self.share = Button(self.tr("Share"), Look.PRIMARY, icon="share")
        self.share.clicked.connect(self.share_wanted)
        self.details = IconButton("inspector", self.tr("Details (Ctrl+I)"), checkable=True)
        self.details.toggled.connect(self.details_toggled)
        self.lock = Button(self.tr("Lock"), Look.OUTLINE, icon="lock")
        self.lock.setToolTip(self.tr("Lock and hide at once (Ctrl+L)"))
        self.lock.clicked.connect(self.lock_wanted)
        for button in (self.bring_in, self.share, self.details, self.lock):
            row.addWidget(button)
        self.share.setVisible(built(Feature.SHARING))

    def set_pictures(self, *, any_: bool, sharing: bool) -> None:
        """Zoom and sharing are off while there is nothing to zoom or share."""
        self.zoom.setEnabled(any_)
        self._small.setEnabled(any_)
        self._large.setEnabled(any_)
        self.share.setEnabled(sharing)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The sizes that all parts need are known by the layout; the zoom is the one to go."""
        layout = self.layout()
        if layout is not None:
            without = layout.minimumSize().width()
            if not self._zooming.isHidden():
                without -= self._zooming.minimumSizeHint().width() + layout.spacing()
            room = event.size().width() - without - layout.spacing()
            self._zooming.setVisible(room >= self._zooming.sizeHint().width())
        super().resizeEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(900, theme().metrics.toolbar)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("bg"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme().colour("line"))
