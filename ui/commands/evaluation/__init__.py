"""`omnilive eval`: what answers the questions of public benchmarks, and the file of results."""
