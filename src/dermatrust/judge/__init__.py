"""DermBench: rubric, verdict parser, the LLM judge and the lexical judge."""
