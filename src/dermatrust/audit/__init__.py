"""Whether references, splits, judges and evaluators can be trusted: audits with known answers."""
