"""Whether what is deployed is what this repository says: read both, compare, tell."""
