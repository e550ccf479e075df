"""Ports over Firestore."""
