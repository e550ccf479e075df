"""Child processes and their log lines."""
