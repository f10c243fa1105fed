"""Servers that speak Twilio's and Telegram's HTTP on loopback, as the providers document it; no provider is called."""
