"""Many people write while one process after another is killed and the providers misbehave: docs/nothing-lost.md."""
