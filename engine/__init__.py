"""What Rasa loads by name, in the engine's own environment (Python 3.10)."""
