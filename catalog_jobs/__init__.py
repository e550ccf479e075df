"""The command line and the jobs behind the catalog: import, embed, index, evaluate, export."""
