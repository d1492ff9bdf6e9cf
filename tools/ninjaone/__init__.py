"""The 25 tools for NinjaOne, each one function."""
