"""What the engine has done for it: file a report, ask a human. Thin: the work is in bot/."""
