"""Classes that generators build at run time, read from the code that builds them."""
