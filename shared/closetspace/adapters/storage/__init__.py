"""Object stores: Cloud Storage and a folder."""
