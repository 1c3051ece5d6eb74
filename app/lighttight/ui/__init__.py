"""The window: Qt shells over the session. Nothing below this package imports PySide6."""
