"""What can be read off a bash script. A help for the reader, never a verdict.

The text is a stranger's, so it is parsed in a process of its own (`python -m approvals.display.script`), which has
seconds to live and takes nobody with it when it dies. What runs there imports the parser and nothing of Django.
"""
