"""Which of a row's prices is the price."""

from catalog_jobs.sources.feeds.limits import Row, first
from catalog_jobs.sources.parsers.prices import Price, read_price


def row_price(row: Row) -> Price:
    """Return the sale price if there is one, else the usual price."""
    usual, sale = read_price(first(row, "price")), read_price(first(row, "sale_price"))
    return sale._replace(currency=sale.currency or usual.currency) if sale.amount is not None else usual
