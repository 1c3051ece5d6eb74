"""Days as the time line and the chart say them, in the language of the person."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QDate, QLocale


def _said(day: date, form: str) -> str:
    return QLocale().toString(QDate(day.year, day.month, day.day), form)


def day_of_week(day: date) -> str:
    """`Monday 16 November`."""
    return _said(day, "dddd d MMMM")


def day_of_week_and_year(day: date) -> str:
    """`Monday 16 November 2026`."""
    return _said(day, "dddd d MMMM yyyy")


def day_and_month(day: date) -> str:
    """`24 Aug`."""
    return _said(day, "d MMM")
