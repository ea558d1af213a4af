"""An index on a server: the language of requests and answers, and the client.

The client needs the standard library and orjson alone. It imports neither numpy nor the model.
"""
