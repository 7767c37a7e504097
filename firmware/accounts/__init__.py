"""Accounts of a machine: its users, their roles and passwords, and what is done against guessing."""
