"""Methods of recommending side by side, over personas of whom it is known what fits them."""
