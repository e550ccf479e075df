"""What Closetspace does: one use case a module, over ports."""
