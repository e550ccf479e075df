"""What runs of the refresh left behind: their records, told as a table, plots and a page, and snapshots compared."""
