"""The public conformance kit (dmn-tck): reads its test cases, runs them, and says what passed."""
