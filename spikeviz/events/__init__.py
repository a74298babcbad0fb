"""What an event camera reports of a digit that moves."""
