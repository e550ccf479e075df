"""The whole of Closetspace on one machine: Firebase emulated over its wire protocols, our functions for real."""
