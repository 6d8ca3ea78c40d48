"""What a person can ask for, whether by command or by page; each verb says what came of it."""
