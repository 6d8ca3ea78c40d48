"""The queues: which film is where, what is due, and the three files a person edits."""
