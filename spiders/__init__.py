"""How pages are found and fetched: a Scrapy project. It keeps what servers sent and parses no article text."""
