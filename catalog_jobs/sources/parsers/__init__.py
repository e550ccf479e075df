"""Pure parsers from a shop's response to scraped products.

A module for each kind of response (``structured``, ``embedded_state``, ``shopify``, ``woocommerce``, ``magento``,
``bigcommerce``, ``salesforce``) returns a `catalog_jobs.sources.items.Page`. They are made of three layers:

- data: ``script_json``, ``json_ld``, ``microdata``, ``open_graph``, ``schema_terms``, ``linked_nodes`` and
  ``json_answers`` return what a page says as dictionaries;
- products: ``product_families``, ``product_looks``, ``variant_looks`` and ``breadcrumbs`` return products and their
  looks, ``offers``, ``price_specifications``, ``offer_conditions`` and ``state_prices`` the price of each;
- values: ``prices``, ``numbers``, ``currencies``, ``moments``, ``audiences``, ``variant_names``, ``options`` and
  ``values`` return what a text means. Feeds use these too.
"""
