"""The ports of closets, items and people over Firestore."""
