"""The comparison of what is deployed with what the repository expects."""
