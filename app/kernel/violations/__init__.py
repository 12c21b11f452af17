"""Facts that collide although each was lawful when written, their review, and the watch that finds them."""
