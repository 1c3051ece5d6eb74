"""Tokens become a palette, a style sheet and fonts. The one place that knows a colour by value.

Widgets that paint themselves ask `theme().colour("line")` at paint time, so a change of theme is
nothing but a repaint.

The system decides between light and dark, and whether things move, unless the person forced it.
"""

from __future__ import annotations

import enum
import json
import re
import sys
from functools import cache
from typing import Any, Final, Literal, cast

from PySide6.QtCore import QEasingCurve, QObject, QSettings, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from lighttight.ui.resources import resource_path

Role = Literal["small", "body", "lead", "heading", "title"]
"""`lead` is the size of a heading in the usual weight: the sentence below a title."""

_RGBA = re.compile(r"rgba\((\d+),\s*(\d+),\s*(\d+),\s*([\d.]+)\)")


class Scheme(enum.Enum):
    """What the person chose in Settings, Appearance."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


def parse_colour(value: str) -> QColor:
    """A `QColor` from `#rrggbb` or `rgba(r,g,b,a)`, the two notations of tokens.json."""
    found = _RGBA.fullmatch(value)
    if found is None:
        return QColor(value)
    red, green, blue, alpha = found.groups()
    colour = QColor(int(red), int(green), int(blue))
    colour.setAlphaF(float(alpha))
    return colour


@cache
def tokens() -> dict[str, Any]:
    return cast(
        dict[str, Any], json.loads(resource_path("tokens.json").read_text(encoding="utf-8"))
    )


class Metrics:
    """Sizes of the tokens under short names, in logical pixels."""

    def __init__(self, source: dict[str, Any]) -> None:
        size = source["size"]
        self.sidebar: Final[int] = size["sidebar"]
        self.inspector: Final[int] = size["inspector"]
        self.toolbar: Final[int] = size["toolbar"]
        self.status: Final[int] = size["status"]
        self.sidebar_row: Final[int] = size["sidebar_row"]
        self.get_help_row: Final[int] = size["get_help_row"]
        self.button: Final[int] = size["button"]
        self.button_small: Final[int] = size["button_small"]
        self.button_big: Final[int] = size["button_big"]
        self.unlock_button: Final[int] = size["unlock_button"]
        self.field: Final[int] = size["field"]
        self.icon: Final[int] = size["icon"]
        self.icon_small: Final[int] = size["icon_small"]
        self.radio: Final[int] = size["radio"]
        self.switch: Final[tuple[int, int]] = (size["switch"][0], size["switch"][1])
        self.grid_gap: Final[int] = size["grid_gap"]
        self.grid_margin: Final[int] = size["grid_margin"]
        self.year_strip: Final[int] = size["year_strip"]
        self.row_height: Final[int] = size["row_height_default"]
        self.page_padding: Final[int] = size["page_padding"]
        self.dialog_padding: Final[int] = size["dialog_padding"]
        radius = source["radius"]
        self.radius_picture: Final[int] = radius["picture"]
        self.radius_control: Final[int] = radius["control"]
        self.radius_card: Final[int] = radius["card"]
        line = source["line"]
        self.focus: Final[int] = line["focus"]
        self.focus_offset: Final[int] = line["focus_offset"]
        self.selection: Final[int] = line["selection"]
        self.chosen_card: Final[int] = line["chosen_card"]


def system_reduces_motion() -> bool:
    """Whether the desktop asks for less movement; unknown counts as no."""
    if sys.platform == "win32":
        import ctypes

        enabled = ctypes.c_int(1)
        ctypes.windll.user32.SystemParametersInfoW(0x1042, 0, ctypes.byref(enabled), 0)
        return enabled.value == 0
    if sys.platform == "darwin":
        asked = QSettings("com.apple.universalaccess", "").value("reduceMotion", 0)
        return str(asked) in ("1", "true")
    from PySide6.QtDBus import QDBus, QDBusConnection, QDBusMessage

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    call = QDBusMessage.createMethodCall(
        "org.freedesktop.portal.Desktop",
        "/org/freedesktop/portal/desktop",
        "org.freedesktop.portal.Settings",
        "ReadOne",
    )
    call.setArguments(["org.gnome.desktop.interface", "enable-animations"])
    answer = bus.call(call, QDBus.CallMode.Block, 300)
    if answer.type() != QDBusMessage.MessageType.ReplyMessage:
        return False
    return answer.arguments() == [False]


class Theme(QObject):
    """The look of the running program. There is one; `theme()` returns it."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._scheme = Scheme.SYSTEM
        self._reduced: bool | None = None
        self._system_reduced = False
        self._family: str | None = None
        self._dark = True
        self._colours: dict[str, QColor] = {}
        self._viewer: dict[str, QColor] = {
            name: parse_colour(value)
            for name, value in tokens()["viewer_colour"].items()
            if name != "note"
        }
        self._always_dark = {
            name: parse_colour(value) for name, value in tokens()["colour"]["dark"].items()
        }
        self.avatars: list[QColor] = [parse_colour(c) for c in tokens()["avatar_colour"]]
        self.metrics = Metrics(tokens())
        self._fonts: dict[tuple[str, bool], QFont] = {}
        self._load()

    # ---- what widgets ask ----------------------------------------------------------------------

    @property
    def dark(self) -> bool:
        return self._dark

    @property
    def scheme(self) -> Scheme:
        return self._scheme

    @property
    def reduced_motion(self) -> bool:
        return self._system_reduced if self._reduced is None else self._reduced

    def colour(self, name: str) -> QColor:
        return self._colours[name]

    def viewer_colour(self, name: str) -> QColor:
        """Colours of the viewer, which is dark in both themes."""
        return self._viewer[name]

    def dark_colour(self, name: str) -> QColor:
        """A colour of the dark theme whatever the theme: for parts inside the viewer."""
        return self._always_dark[name]

    def duration(self, name: Literal["fast", "normal", "open_picture"]) -> int:
        """Milliseconds a movement takes; 0 when the person asked for less of it."""
        return 0 if self.reduced_motion else int(tokens()["motion"][f"{name}_ms"])

    @property
    def fade_ms(self) -> int:
        return 0 if self.reduced_motion else int(tokens()["motion"]["preview_fade_in_ms"])

    @property
    def curve(self) -> QEasingCurve.Type:
        return QEasingCurve.Type.OutCubic

    def font(self, role: Role = "body", *, strong: bool = False) -> QFont:
        """One of the four sizes in one of the two weights, with tabular figures."""
        key = (role, strong)
        if key not in self._fonts:
            spec = tokens()["type"]["desktop"]["heading" if role == "lead" else role]
            font = QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont))
            if self._family is not None:
                font.setFamilies([self._family])
            font.setPixelSize(spec["px"])
            heavy = strong or (role != "lead" and spec.get("weight", 400) == 600)
            font.setWeight(QFont.Weight.DemiBold if heavy else QFont.Weight.Normal)
            if "letter_spacing" in spec:
                font.setLetterSpacing(
                    QFont.SpacingType.AbsoluteSpacing, float(spec["letter_spacing"])
                )
            font.setFeature(QFont.Tag("tnum"), 1)
            self._fonts[key] = font
        return self._fonts[key]

    # ---- what the start and the settings page do -----------------------------------------------

    def install(self, app: QApplication) -> None:
        """Dress the application, and follow the system from now on."""
        app.setStyle(QStyleFactory.create("Fusion"))
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow)
        self._system_reduced = system_reduces_motion()
        self._follow()
        self._apply()

    def set_scheme(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._follow()

    def set_reduced_motion(self, reduced: bool | None) -> None:
        """`None` follows the system."""
        self._reduced = reduced
        self.changed.emit()

    def set_family(self, family: str | None) -> None:
        """Another font than the system's; used to look at the design with wider letters."""
        self._family = family
        self._fonts.clear()
        self._apply()

    # ---- inside --------------------------------------------------------------------------------

    def _wants_dark(self) -> bool:
        if self._scheme is not Scheme.SYSTEM:
            return self._scheme is Scheme.DARK
        return QGuiApplication.styleHints().colorScheme() != Qt.ColorScheme.Light

    def _follow(self) -> None:
        if self._wants_dark() != self._dark:
            self._dark = not self._dark
            self._load()
            self._apply()

    def _load(self) -> None:
        chosen = tokens()["colour"]["dark" if self._dark else "light"]
        self._colours = {name: parse_colour(value) for name, value in chosen.items()}

    def _apply(self) -> None:
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            return
        app.setFont(self.font("body"))
        app.setPalette(self.palette())
        app.setStyleSheet(self.style_sheet())
        self.changed.emit()

    def palette(self) -> QPalette:
        c = self._colours
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: "bg",
            QPalette.ColorRole.Base: "field",
            QPalette.ColorRole.AlternateBase: "surface",
            QPalette.ColorRole.Button: "raised",
            QPalette.ColorRole.ToolTipBase: "raised",
            QPalette.ColorRole.ToolTipText: "text",
            QPalette.ColorRole.WindowText: "text",
            QPalette.ColorRole.Text: "text",
            QPalette.ColorRole.ButtonText: "text",
            QPalette.ColorRole.BrightText: "text",
            QPalette.ColorRole.PlaceholderText: "text3",
            QPalette.ColorRole.Highlight: "accent",
            QPalette.ColorRole.HighlightedText: "on_accent",
            QPalette.ColorRole.Link: "accent_text",
            QPalette.ColorRole.LinkVisited: "accent_text",
            QPalette.ColorRole.Accent: "accent",
            QPalette.ColorRole.Mid: "line_strong",
            QPalette.ColorRole.Dark: "line",
        }
        for role, name in roles.items():
            palette.setColor(role, c[name])
        for role in (
            QPalette.ColorRole.WindowText,
            QPalette.ColorRole.Text,
            QPalette.ColorRole.ButtonText,
        ):
            palette.setColor(QPalette.ColorGroup.Disabled, role, c["text3"])
        return palette

    def style_sheet(self) -> str:
        """Only what Qt's own widgets need; everything drawn for this program paints itself."""
        c = {name: colour.name() for name, colour in self._colours.items()}
        return f"""
QToolTip {{ background: {c["raised"]}; color: {c["text"]};
    border: 1px solid {c["line_strong"]}; padding: 4px 8px; }}
QMenu {{ background: {c["surface"]}; color: {c["text"]};
    border: 1px solid {c["line_strong"]}; padding: 4px; }}
QMenu::item {{ padding: 6px 28px 6px 12px; border-radius: 6px; }}
QMenu::item:selected {{ background: {c["hover"]}; color: {c["text"]}; }}
QMenu::item:disabled {{ color: {c["text3"]}; }}
QMenu::separator {{ height: 1px; background: {c["line"]}; margin: 4px 8px; }}
QMenu::icon {{ padding-left: 8px; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
QScrollBar::handle {{ background: {c["line_strong"]}; border-radius: 3px; margin: 3px; }}
QScrollBar::handle:vertical {{ min-height: 32px; }}
QScrollBar::handle:horizontal {{ min-width: 32px; }}
QScrollBar::handle:hover {{ background: {c["control_line"]}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QPlainTextEdit {{ background: {c["field"]}; color: {c["text"]};
    border: 1px solid {c["control_line"]}; border-radius: 6px; padding: 6px 8px; }}
QPlainTextEdit:focus {{ border: 2px solid {c["accent"]}; padding: 5px 7px; }}
QComboBox {{ background: {c["field"]}; color: {c["text"]}; border: 1px solid {c["control_line"]};
    border-radius: 6px; padding: 0 12px; min-height: 30px; }}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox QAbstractItemView {{ background: {c["surface"]}; color: {c["text"]};
    border: 1px solid {c["line_strong"]}; selection-background-color: {c["selected"]};
    selection-color: {c["text"]}; outline: none; }}
"""


@cache
def theme() -> Theme:
    return Theme()
