"""Ways of asking that wrap any protocol: few-shot, chain of thought, votes, debates."""
