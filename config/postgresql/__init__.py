"""PostgreSQL as Django knows it, with a look at the socket in place of a question per request."""
