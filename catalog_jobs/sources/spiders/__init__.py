"""Scrapy spiders, one for each kind of shop."""
