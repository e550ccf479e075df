"""The one way out to the network: photos, catalog images and feeds are fetched here, from public addresses only."""
