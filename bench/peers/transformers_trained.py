"""
Compares a model that `dualform train` wrote with Hugging Face transformers on the same folder: token ids of a text, and the logits after it (float32, CPU).

    npm run build
    python bench/peers/transformers_trained.py FOLDER [TEXT]

Prints the largest difference of the logits; exits with status 1 if ids differ or a logit differs by more than 1e-4.
"""
import json
import os
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TEXT = "ROMEO:\nWhat light is this, that naïvely breaks at 12 o'clock?  Don't answer!\n\n"


def of_dualform(folder, text):
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "trace.safetensors")
        command = ["node", os.path.join(ROOT, "dist", "cli", "main.js"), "trace", "--model", folder]
        command += ["--text", text, "--taps", "logits", "--out", out, "--json", "--quiet"]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return answer["tokens"], load_file(out)["logits"]


def main():
    folder, text = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else TEXT
    tokens, logits = of_dualform(folder, text)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        expected = model(torch.tensor([tokens])).logits[0]
    same = tokenizer(text)["input_ids"] == tokens and tokenizer.decode(tokens) == text
    difference = (logits - expected).abs().max().item()
    print(f"{type(model).__name__}, {type(tokenizer).__name__}, {len(tokens)} tokens")
    print(f"token ids {'equal' if same else 'DIFFER'}; largest difference of the logits {difference:.2e}")
    sys.exit(0 if same and difference <= 1e-4 else 1)


main()
