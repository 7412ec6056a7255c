"""Jobs: durable units of work, run as child processes, with states that cannot contradict each other."""
