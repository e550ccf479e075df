"""Product feeds, from a file or an address to catalog items.

``opening`` returns the bytes, ``rows`` the rows of XML (``xml_rows``) or of a table (``headers``, ``records``,
``table_rows``), ``products`` and ``row_price`` the product of a row, ``looks`` one item for all sizes of a look.
"""
