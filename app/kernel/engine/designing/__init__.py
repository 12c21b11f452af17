"""What the designer's pages need of a diagram beside drawing it: its steps as a table, and editing a row of it."""
