"""What Closetspace runs on: Security Rules, indexes and the local stack."""
