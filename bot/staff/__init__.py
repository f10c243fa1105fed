"""What staff do with the campaign's files: `faro content ...`."""
