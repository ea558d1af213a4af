"""Text: what analysis, cleaning and identity make of it."""
