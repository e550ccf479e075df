"""The real implementations of the ports, one technology a module, and their in-memory twins."""
