"""What happened to the vault: appending to the record, and what can be read out of it."""
