"""Kills servers at random moments under load, and compares what NinjaOne received with what the ledger says."""
