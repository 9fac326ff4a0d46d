"""What depends on the operating system: threads, signals, memory."""
