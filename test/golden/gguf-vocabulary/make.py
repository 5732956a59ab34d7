"""Token ids of vocabularies inside GGUF files, by transformers' own GGUF loader: python make.py

Writes vocabularies.json (the metadata) and ids.json (ids of hostile texts) beside this file. Needs transformers 5.24, gguf 0.19,
sentencepiece 0.2.3 and tokenizers 0.23.3. Pre-tokenizers that transformers does not know, and reads as GPT-2's, come from the models' own
tokenizer.json: `tokenizers` splits by the same components.
"""
import io
import json
import os
import random
import tempfile

import gguf
import sentencepiece
from tokenizers import Regex, Tokenizer, pre_tokenizers
from transformers import AutoTokenizer

here = os.path.dirname(os.path.abspath(__file__))
corpus = os.path.join(here, "..", "byte-pairs", "corpus.txt")
trained = json.load(open(os.path.join(here, "..", "byte-pairs", "tokenizer.json"), encoding="utf-8"))
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6


def texts():
    units = ["the", "The", "THE", "'s", "'S", "'ll", "don't", "12345", "3.14", "½²", "٣٤", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n",
             "\u0085", "\u00a0", "\u3000", "\ufeff", "é", "e\u0301", "ß", "İ", "日本語", "한국어", "ไทย", "हिन्दी", "🙂", "👨‍👩‍👧", ".", "...", "!?", ",", "$%",
             "<=", "_", "-", "a/b", "\u0000", "\u200d", "camelCase", "HTTPServer", "<s>", "</s>", "<|end|>", "<mine>", "<unk>", "▁", "aaaa", "{}", "\ufffd"]
    r = random.Random(5)
    made = ["", "Hello world", "a", "It's 12345 o'clock,\n\n  isn't it?", " leading", "  two leading", "trailing ", "\n", "▁a"]
    made += ["".join(r.choice(units) for _ in range(r.randint(1, 7))) for _ in range(45)]
    return made


def byte_level(pre):
    vocab = sorted(trained["model"]["vocab"], key=trained["model"]["vocab"].get)
    tokens = vocab + ["<|end|>", "<mine>"]
    types = [CONTROL if t == "<|endoftext|>" else NORMAL for t in vocab] + [CONTROL, USER_DEFINED]
    merges = [" ".join(m) for m in trained["model"]["merges"]]
    return {"model": "gpt2", "pre": pre, "tokens": tokens, "token_type": types, "merges": merges, "bos_token_id": 0, "eos_token_id": 0,
            "add_bos_token": False}


def sentence_piece(byte_fallback=True, vocab_size=460):
    model = io.BytesIO()
    with open(corpus, encoding="utf-8") as lines:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines.read().split("\n")), model_writer=model, model_type="bpe", vocab_size=vocab_size,
            byte_fallback=byte_fallback, normalization_rule_name="identity", remove_extra_whitespaces=False, character_coverage=0.98,
            user_defined_symbols=["<mine>"], control_symbols=["<|end|>"], minloglevel=2, split_digits=True, allow_whitespace_only_pieces=True)
    sp = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    size = sp.get_piece_size()
    tokens = [sp.id_to_piece(i) for i in range(size)]
    types = [UNKNOWN if sp.is_unknown(i) else BYTE if sp.is_byte(i) else USER_DEFINED if tokens[i] == "<mine>"
             else CONTROL if sp.is_control(i) else NORMAL for i in range(size)]
    metadata = {"model": "llama", "pre": "default", "tokens": tokens, "scores": [sp.get_score(i) for i in range(size)], "token_type": types,
                "bos_token_id": 1, "eos_token_id": 2, "unknown_token_id": 0, "add_bos_token": True}
    return sp, metadata


def write(path, architecture, metadata):
    w = gguf.GGUFWriter(path, architecture)
    w.add_tokenizer_model(metadata["model"])
    if "pre" in metadata: w.add_tokenizer_pre(metadata["pre"])
    w.add_token_list(metadata["tokens"])
    w.add_token_types(metadata["token_type"])
    if "merges" in metadata: w.add_token_merges(metadata["merges"])
    if "scores" in metadata: w.add_token_scores(metadata["scores"])
    w.add_bos_token_id(metadata["bos_token_id"])
    w.add_eos_token_id(metadata["eos_token_id"])
    if "unknown_token_id" in metadata: w.add_unk_token_id(metadata["unknown_token_id"])
    w.add_add_bos_token(metadata["add_bos_token"])
    w.add_block_count(1); w.add_context_length(64); w.add_embedding_length(32); w.add_feed_forward_length(64); w.add_head_count(2)
    w.add_layer_norm_rms_eps(1e-5); w.add_vocab_size(len(metadata["tokens"]))
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()


def by_transformers(architecture, metadata):
    with tempfile.TemporaryDirectory() as folder:
        write(os.path.join(folder, "m.gguf"), architecture, metadata)
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file="m.gguf")
        return [tokenizer(text, add_special_tokens=False)["input_ids"] for text in TEXTS]


def by_components(metadata, splits):
    tokens = metadata["tokens"]
    tokenizer = Tokenizer.from_str(json.dumps({**trained, "added_tokens": [], "model": {
        **trained["model"], "vocab": {t: i for i, t in enumerate(tokens)}}}))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(splits)
    from tokenizers import AddedToken
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t, k in zip(tokens, metadata["token_type"]) if k == CONTROL])
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t, k in zip(tokens, metadata["token_type"]) if k == USER_DEFINED])
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]


def split(pattern): return pre_tokenizers.Split(Regex(pattern), "isolated")


TEXTS = texts()
BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
GPT2 = pre_tokenizers.ByteLevel(add_prefix_space=False)
DIGITS = pre_tokenizers.Digits(individual_digits=True)
OWN = {  # As in the tokenizer.json of the models that these are named after.
    "smollm": [DIGITS, GPT2],
    "starcoder": [DIGITS, GPT2],
    "command-r": [DIGITS, GPT2],
    "falcon": [pre_tokenizers.Punctuation("contiguous"), GPT2, split("[0-9][0-9][0-9]")],
    "bloom": [split(r" ?[^(\s|[.,!?…。，、।۔،])]+"), BYTES],
    "deepseek-coder": [split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split("[一-龥ࠀ-一가-퟿]+"), DIGITS, BYTES],
    "deepseek-v3": [split(r"\p{N}{1,3}"), split("[一-龥぀-ゟ゠-ヿ]+"),
                    split(r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""),
                    BYTES],
}
metadata = byte_level("gpt-2")
sp, llama = sentence_piece()
_, gemma = sentence_piece()
gemma["tokens"] = [t.replace("▁", " ") if t.strip("▁") == "" and len(t) > 1 else t for t in gemma["tokens"]]
ids = {pre: by_transformers("llama", byte_level(pre)) for pre in
       ["gpt-2", "default", "llama-bpe", "dbrx", "qwen2", "qwen35", "tekken", "gpt-4o"]}
ids |= {pre: by_components(metadata, splits) for pre, splits in OWN.items()}
ids |= {f"llama/{architecture}": by_transformers(architecture, gemma if "gemma" in architecture else llama)
        for architecture in ["llama", "phi3", "gemma2"]}
ids["llama/sentencepiece"] = [sp.encode(text) for text in TEXTS]
for name, value in [("vocabularies", {"gpt2": metadata, "llama": llama, "gemma": gemma}), ("ids", {"texts": TEXTS, "ids": ids})]:
    with open(os.path.join(here, name + ".json"), "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=True, separators=(",", ":"))
