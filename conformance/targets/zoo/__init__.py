"""Installs and starts real brokers and servers, and tests them with pushspec."""
