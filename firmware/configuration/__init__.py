"""Configuration: one typed tree per box kind, and the one service that changes it."""
