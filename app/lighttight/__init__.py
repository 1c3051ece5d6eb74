"""Lighttight: a desktop vault for personal photos and videos."""

__version__ = "0.1.0"
