"""SQLite as Django knows it, with one thing kept that it works out anew for every statement."""
