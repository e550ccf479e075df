"""The command `closetspace`: one module per command."""
