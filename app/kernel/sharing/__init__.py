"""What takes long to compute and is the same for everybody, kept in the database for all processes of the system."""
