"""Faro: tells migrants their rights and risks, and brings reports of crimes to the right desk."""
