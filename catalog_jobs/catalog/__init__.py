"""The catalog: items, folders, snapshots, diffs and run records. Shared by sources and refresh."""
