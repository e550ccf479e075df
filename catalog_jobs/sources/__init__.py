"""Where items come from: shops' pages, their own lists and their product feeds."""
