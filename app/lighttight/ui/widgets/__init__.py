"""Parts that pages are composed from. Each paints itself from the tokens and works by keyboard."""
