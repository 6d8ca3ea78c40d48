"""What every room may use: clock, files, HTTP, torrent files, redaction. Knows nothing of films."""
