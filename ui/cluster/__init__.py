"""Several processes or machines behind one address: replicas of the server on Ray, and the front before them."""
