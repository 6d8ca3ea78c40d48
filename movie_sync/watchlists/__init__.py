"""Where wishes come from: Letterboxd's pages, its CSV export, and what a film is known by."""
