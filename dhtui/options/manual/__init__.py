"""What is told of the command line, made from the tables of actions, settings and exit codes."""
