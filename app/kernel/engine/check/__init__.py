"""What must hold of process files before anything runs them: safe bytes, known elements, the dialect's values."""
