"""The deployment to Google Cloud: a plan of commands in order, and how it is run."""
