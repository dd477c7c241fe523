"""What turns a reply into an answer, and an answer into a score; shared by protocols."""
