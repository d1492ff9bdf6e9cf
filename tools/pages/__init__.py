"""The integration pages of the dashboard: connection, bash runner and policies of an MSP."""
