"""Small tokenizers of every kind of component with the ids of hostile texts, by tokenizers 0.23.3: python make.py

Writes tokenizers.json beside this file: name, tokenizer.json, ids of each text; null where the library refuses the text.
"""
import json
import os
import random

from tokenizers import Tokenizer

here = os.path.dirname(os.path.abspath(__file__))
units = ["ab", "abc", "a", "b", "c", " ", "  ", "\n", "\t", "\u0085", "\ufeff", "é", "e\u0301", "日本", "🙂", ".", "..", "!?", "1", "23", "½²", "٣", "$", "-", "_", "'s",
         "<s>", "<tok>", "A", "Σ", "ﬁ", "▁", "x", "\u0000", "\u200d", "İ"]
r = random.Random(3)
texts = ["", "ab c", " ab", "ab  c.", "x<tok> ab <tok>x", "abc日本abc", "..ab!?1 23½"]
texts += ["".join(r.choice(units) for _ in range(r.randint(1, 7))) for _ in range(33)]

letters = ["<unk>", "a", "b", "c", " ", "▁", ".", "1", "2", "3", "é", "e", "\n", "ab", "abc", "▁a", "▁ab", "..", "A"]
merges = [["a", "b"], ["ab", "c"], ["▁", "a"], ["▁a", "b"], [".", "."]]
fallback = [f"<0x{b:02X}>" for b in range(256)]


def bpe(unk="<unk>", tokens=letters, **change):
    return {"type": "BPE", "dropout": None, "unk_token": unk, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False,
            "byte_fallback": False, "ignore_merges": False, "vocab": {t: i for i, t in enumerate(tokens)}, "merges": merges} | change


def unigram(**change):
    pieces = [["<unk>", 0.0], ["a", -2.0], ["b", -2.5], ["c", -3.0], ["ab", -2.75], ["abc", -4.0], ["▁", -1.5], ["▁ab", -3.0], [".", -3.5], ["1", -4.0]]
    return {"type": "Unigram", "unk_id": 0, "vocab": pieces, "byte_fallback": False} | change


def token(content, **change):
    return {"id": len(letters), "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False} | change


def split(pattern, behavior, invert=False): return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}
def punctuation(behavior): return {"type": "Punctuation", "behavior": behavior}
def metaspace(scheme, cut=True): return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": cut}


BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
kinds = {
    "fuse-unk": {"model": bpe(fuse_unk=True)},
    "unk": {"model": bpe()},
    "unk-absent": {"model": bpe("<missing>")},
    "no-unk": {"model": bpe(None)},
    "byte-fallback": {"model": bpe(tokens=letters + fallback, byte_fallback=True, fuse_unk=True)},
    "byte-fallback-in-part": {"model": bpe(tokens=letters + fallback[100:], byte_fallback=True)},
    "unigram": {"model": unigram(), "pre_tokenizer": metaspace("always")},
    "unigram-byte-fallback": {"model": unigram(byte_fallback=True, vocab=unigram()["vocab"] + [[b, 0.0] for b in fallback])},
    "end-of-word": {"model": bpe(tokens=letters + ["c</w>", "ab</w>", "b</w>"], end_of_word_suffix="</w>",
                                 merges=[["a", "b</w>"]]), "pre_tokenizer": {"type": "WhitespaceSplit"}},
    "word-piece": {"model": {"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "##", "max_input_chars_per_word": 4,
                             "vocab": {"<unk>": 0, "ab": 1, "##c": 2, "a": 3, "##b": 4, ".": 5}}, "pre_tokenizer": {"type": "BertPreTokenizer"},
                   "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}},
    "word-level": {"model": {"type": "WordLevel", "unk_token": "<unk>", "vocab": {"<unk>": 0, "ab": 1, "abc": 2, ".": 3}},
                   "pre_tokenizer": {"type": "Whitespace"}},
    "digits": {"model": bpe(), "pre_tokenizer": {"type": "Digits", "individual_digits": False}},
    "byte-level": {"model": bpe(None, tokens=letters + ["Ġ", "Ã", "©"]),
                   "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}},
    "nfc": {"model": bpe(), "normalizer": {"type": "NFC"}, "added_tokens": [token("é1", normalized=True)]},
    "strip-lower": {"model": bpe(), "normalizer": {"type": "Sequence", "normalizers": [
        {"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "Lowercase"}, {"type": "StripAccents"}]}},
    "replace": {"model": bpe(), "normalizer": {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"Regex": " +"}, "content": "▁"}]}},
    "truncation-and-padding": {"model": bpe(),
                               "truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
                               "padding": {"strategy": {"Fixed": 6}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "<unk>"}},
}
for behavior in BEHAVIORS:
    kinds["split-" + behavior] = {"model": bpe(), "pre_tokenizer": split({"Regex": "\\s+|b"}, behavior)}
    kinds["split-invert-" + behavior] = {"model": bpe(), "pre_tokenizer": split({"String": "b"}, behavior, True)}
    kinds["punctuation-" + behavior] = {"model": bpe(), "pre_tokenizer": punctuation(behavior)}
for scheme in ["first", "always", "never"]:
    kinds["metaspace-" + scheme] = {"model": bpe(), "pre_tokenizer": metaspace(scheme), "added_tokens": [token("<tok>")]}
for option in ["single_word", "lstrip", "rstrip", "normalized", "special"]:
    kinds["added-" + option] = {"model": bpe(), "added_tokens": [token("<tok>", **{option: True}), token("ab", id=13, **{option: True})]}

made = []
for name, parts in kinds.items():
    whole = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
             "post_processor": None, "decoder": None} | parts
    tokenizer = Tokenizer.from_str(json.dumps(whole))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    ids = []
    for text in texts:
        try: ids.append(tokenizer.encode(text, add_special_tokens=False).ids)
        except Exception: ids.append(None)
    made.append({"name": name, "json": whole, "ids": ids})
with open(os.path.join(here, "tokenizers.json"), "w", encoding="utf-8") as file:
    json.dump({"texts": texts, "tokenizers": made}, file, ensure_ascii=True, separators=(",", ":"))
