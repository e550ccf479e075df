"""The wire: callables and triggers, their requests and their responses."""
