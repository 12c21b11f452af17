"""Messages between the cases of one chain: sent with the step that throws them, delivered exactly once. See
docs/messages.md."""
