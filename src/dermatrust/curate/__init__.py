"""The clinicians' workbench, in which physicians certify references and rate narratives, and the scoring API."""
