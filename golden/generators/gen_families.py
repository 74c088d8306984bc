"""Goldens of the loader and the tokenizer beyond the built-in model: a tiny Llama as transformers runs it, and texts as the
tokenizers library splits them with the patterns of Llama 3 and Qwen.

    python gen_families.py --model DIR --out DIR     DIR/tokenizer.json of the built-in model; writes DIR/llama-tiny, DIR/families.h5

The Llama has random weights in several .safetensors shards, an untied head, grouped-query attention, biases, and Llama 3's stretched
rotary waves; its sequence is longer than the waves' original context, so that the stretching shows.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import tokenizers
import torch
import transformers
from goldenlib import GoldenFile
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
PATTERNS = {"llama3": CONTRACTIONS + r"\p{N}{1,3}" + REST, "qwen": CONTRACTIONS + r"\p{N}" + REST}
TEXTS = {
    "prose": "It isn't what SHE'LL say, I'M told: 'tis Anne's \u2014 don't you'd\u2019ve thought?",
    "numbers": "In 1815, 12 of 1234567 paid \u00a35,000.75 (\u00bd of it); \u0663\u0664\u0665 and \u2163 and x2y33z444.",
    "blanks": "  two\t\ttabs \n\n\n  after   lines   \r\n\r\n end \u00a0 \u3000wide \n",
    "marks": "#include <x>\n\tif (a<=b && !c) { d[0]+=1; }//...\n???!!!\n\n--- $$$ @user's",
    "scripts": "caf\u00e9 \u4e2d\u6587\u5b57 \u0440\u0443\u0441\u0441\u043a\u0438\u0439 \u0627\u0644\u0639 \u0939\u093f\u0928\u094d\u0926\u0940 \U0001F600\U0001F468\u200D\U0001F469 \u00df\u0130\u017f",
    "empty": "",
}


def with_pattern(path, pattern):
    root = json.loads(path.read_text())
    root["normalizer"] = None
    root["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}]}
    return Tokenizer.from_str(json.dumps(root))


def tiny_llama():
    torch.manual_seed(20261127)
    config = LlamaConfig(
        vocab_size=160, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        max_position_embeddings=256, tie_word_embeddings=False, attention_bias=True, mlp_bias=True, rms_norm_eps=1e-5,
        bos_token_id=1, eos_token_id=2,
        rope_parameters={"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
                         "high_freq_factor": 4.0, "original_max_position_embeddings": 32})
    model = LlamaForCausalLM._from_config(config, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():  # the initial biases are 0, the norms' weights 1
        for name, p in model.named_parameters():
            p.normal_(1, 0.2) if "norm" in name else p.normal_(0, 0.15)
    return model


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--model", type=Path, required=True)
    ap.add_argument("--out", type=Path, required=True)
    a = ap.parse_args()
    model = tiny_llama()
    model.save_pretrained(a.out / "llama-tiny", max_shard_size="100KB")
    (a.out / "llama-tiny" / "generation_config.json").unlink(missing_ok=True)
    source = f"transformers {transformers.__version__}, torch {torch.__version__}, tokenizers {tokenizers.__version__}"
    with GoldenFile(a.out / "families.h5", source=source, generator=__file__,
                    note="A tiny Llama with random weights, and texts in tokens by the patterns of Llama 3 and Qwen.") as g:
        tokens = torch.randint(0, 160, (96,))
        for name, dtype in (("f32", torch.float32), ("f64", torch.float64)):
            c = g.case(f"llama_{name}", op="model.logits", dtype=name)
            c.input("tokens", tokens.int().numpy())
            with torch.no_grad():
                out = model.to(dtype)(tokens[None], output_hidden_states=True)
            c.output("logits", out.logits[0].numpy(), accept="bounded")
            for i, h in enumerate(out.hidden_states):
                c.output(f"hidden_{i}", h[0].numpy(), accept="bounded")
        for family, pattern in PATTERNS.items():
            tokenizer = with_pattern(a.model / "tokenizer.json", pattern)
            for name, text in TEXTS.items():
                c = g.case(f"{family}_{name}", op="model.tokens", family=family, pattern=pattern)
                c.input("text", np.frombuffer(text.encode(), dtype=np.uint8))
                c.output("tokens", np.array(tokenizer.encode(text).ids, dtype=np.int32), accept="bitwise")


if __name__ == "__main__":
    main()
