"""The command line: commands over the session, the same engine as the window."""
