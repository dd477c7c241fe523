"""DermBench: rubric, verdict parser, the LLM judge and the lexical judge."""

from dermatrust.judge.draws import Combined, combine_draws
from dermatrust.judge.judge import Judge
from dermatrust.judge.llm import JUDGE_SAMPLING, LLMJudge
from dermatrust.judge.prompt import load_judge_prompt
from dermatrust.judge.rubric import Rubric, load_rubric
from dermatrust.judge.verdict import Verdict, read_verdict

__all__ = [
    "JUDGE_SAMPLING", "Combined", "Judge", "LLMJudge", "Rubric", "Verdict", "combine_draws", "load_judge_prompt",
    "load_rubric", "read_verdict",
]  # fmt: skip
