"""What Closetspace stands on: one technology a module, each behind a port."""
