"""Trains byte pairs with the original library (tokenizers 0.23.3) on corpus.txt next to this file: python make.py"""
import json
import os

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

here = os.path.dirname(os.path.abspath(__file__))
corpus = os.path.join(here, "corpus.txt")
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
trainer = trainers.BpeTrainer(
    vocab_size=600,
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    special_tokens=["<|endoftext|>"],
    show_progress=False,
)
tokenizer.train([corpus], trainer)
with open(os.path.join(here, "tokenizer.json"), "w", encoding="utf-8") as file:
    json.dump(json.loads(tokenizer.to_str()), file, ensure_ascii=False)
with open(corpus, encoding="utf-8", newline="") as file:
    lines = file.read().split("\n")
texts = ["\n".join(lines)] + lines[-5:]
with open(os.path.join(here, "ids.json"), "w", encoding="utf-8") as file:
    json.dump([{"text": text, "ids": tokenizer.encode(text).ids} for text in texts], file, ensure_ascii=False)
