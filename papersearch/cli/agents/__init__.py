"""What agents use: the tools and resources of the verb `mcp`, their arguments, short answers and errors."""
