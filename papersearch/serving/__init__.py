"""The server of an index: one ASGI application, and the object that answers its calls."""
