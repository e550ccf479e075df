"""What Closetspace knows, free of clocks, randomness and I/O."""
