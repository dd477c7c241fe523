import pytest

from dermatrust.clients.family import model_family


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("openai/gpt-4o-mini", "openai"),
        ("GPT-o4-mini", "openai"),
        ("openai/o3", "openai"),
        ("inspect/openai/gpt-5", "openai"),
        ("replay:outputs/gpt-4o.jsonl", "openai"),
        ("http://10.0.0.1:8000/v1#openai/gpt-oss-120b", "openai"),
        ("anthropic/claude-opus-4-5", "anthropic"),
        ("google/gemini-2.5-flash", "google"),
        ("hf:models/medgemma-4b-it", "google"),
        ("http://localhost:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct", "qwen"),
        ("InternVL3-8B", "internvl"),
        ("LLaVA-o1", "llava"),
        ("LLaVA-Med-7B", "llava"),
        ("HuatuoGPT-Vision-7B", "huatuo"),
        ("deepseek-r1", "deepseek"),
        ("deepseek-r1-distill-qwen-7b", "deepseek"),
        ("meta-llama/Llama-3.2-11B-Vision", "llama"),
        ("mistralai/Pixtral-12B", "mistral"),
        ("nano/narrator-strong", "dermatrust"),
        ("Vision-R1", "Vision-R1"),
        ("MiniGPT4", "MiniGPT4"),
        ("skingpt4", "skingpt4"),
        ("lexical", "lexical"),
    ],
)
def test_the_family_of_a_model(name, family):
    assert model_family(name) == family
