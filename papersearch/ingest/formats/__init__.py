"""One module per dump format."""
