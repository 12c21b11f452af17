"""The library of built-in functions (10.3.4), one module per clause."""
