"""All of Closetspace on one machine: an emulated Firebase with the real functions."""
