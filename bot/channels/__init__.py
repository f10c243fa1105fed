"""The doors to people: one file for each provider, which reads what it brings and sends what it takes."""
