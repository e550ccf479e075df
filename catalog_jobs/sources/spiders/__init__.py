"""Scrapy spiders, one per kind of shop."""
