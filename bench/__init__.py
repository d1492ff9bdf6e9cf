"""What a call costs: drives a real server over HTTP against the NinjaOne sandbox. `python -m bench --help`."""
