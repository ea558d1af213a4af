"""The processes of `crowd.py`: the scene, its readers and its writers."""
