"""What the strict readers of Python say of files that dualform took: python strict.py FOLDER.

FOLDER is what `npm run fuzz -- --keep FOLDER` filled: FORMAT-SEED-INDEX/input. Prints each file that a reader refuses, and counts."""
import sys, os, json, collections, tempfile
import torch
from safetensors import safe_open
from gguf import GGUFReader
from tokenizers import Tokenizer

def safetensors(path):
    with safe_open(path, 'np') as f: list(f.keys())
def gguf(path): GGUFReader(path)
def torch_file(path): torch.load(path, map_location='cpu', weights_only=False, pickle_module=__import__('pickle'))
def tokenizer(path): Tokenizer.from_file(path)
def config(path):
    json.loads(open(path, 'rb').read().split(b'\n', 1)[1])
def lines(path):
    for line in open(path, encoding='utf-8-sig', newline='\n'): json.loads(line)
def dictionary(path):
    known = {'<s>', '<pad>', '</s>', '<unk>'}
    for line in open(path, encoding='utf-8'):
        line, field = line.rstrip().rsplit(' ', 1)
        overwrite = field == '#fairseq:overwrite'
        if overwrite: line, field = line.rsplit(' ', 1)
        int(field)
        if line in known and not overwrite: raise RuntimeError(f'duplicate {line}')
        known.add(line)

READERS = {
    'safetensors': safetensors, 'GGUF': gguf, 'torch-zip': torch_file, 'pickle': torch_file, 'tokenizer.json': tokenizer, 'config.json': config,
    'jsonl': lines, 'dict.txt': dictionary, 'model.safetensors.index.json': lambda p: json.load(open(p)), 'task-file': lambda p: json.load(open(p, encoding='utf-8-sig')),
}
taken, refused = collections.Counter(), collections.Counter()
for name in sorted(os.listdir(sys.argv[1])):
    kind = name.rsplit('-', 2)[0]
    if kind not in READERS: continue
    taken[kind] += 1
    try: READERS[kind](os.path.join(sys.argv[1], name, 'input'))
    except BaseException as error:
        refused[kind] += 1
        print(name, type(error).__name__, str(error)[:160].replace('\n', ' '))
for kind in taken: print(f'{kind}: {taken[kind]} read, {refused[kind]} refused')
