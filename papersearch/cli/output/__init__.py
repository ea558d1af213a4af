"""The formats of results, and the sink that prints them."""
