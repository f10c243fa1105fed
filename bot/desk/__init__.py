"""The desk: the operators' web console."""
