"""What every stage uses: events, queues, clocks, the link to the caller, the device thread, the latency budget."""
