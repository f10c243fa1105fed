"""What Faro keeps: tables, sessions, migrations."""
