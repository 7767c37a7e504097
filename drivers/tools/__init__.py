"""What a technician or a developer uses without a shelf: tools that work on files and ports."""
