"""The window: behaviour, not pixels."""
