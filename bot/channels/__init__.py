"""The doors to people: one file for each provider."""
