"""Runs the Python blocks of docs/python.md, one after the other, on folders of a tiny model.

  python bench/peers/python_page.py

Needs pandas, pyarrow and safetensors, and a build of dualform (npm run build). Ends with exit 1 where a block fails.
"""
import os, pathlib, re, subprocess, tempfile
root = pathlib.Path(__file__).resolve().parents[2]
fixtures = root / 'test/fixtures'
model = ['--model', str(fixtures / 'tiny-model')]
tiny = [*model, '--task', str(fixtures / 'tiny-tasks/letters.jsonl'), '--learning-rate', '0.1', '--limit', '8', '--threads', '1']
plan = {'command': 'run', 'base': {'model': model[1], 'task': tiny[3], 'learningRate': 0.1, 'limit': 8}, 'grid': {'shots': [1, 2], 'seed': [1, 2]}}
def dualform(*args): subprocess.run(['node', root / 'dist/cli/main.js', *args, '--quiet'], check=True, stdout=subprocess.DEVNULL)
page = (root / 'docs/python.md').read_text()
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    pathlib.Path('plan.json').write_text(__import__('json').dumps(plan))
    dualform('run', *tiny, '--out', 'runs/example')
    dualform('sweep', 'plan.json', '--out', 'sweeps/seeds', '--threads', '1')
    dualform('sweep', '--table', 'sweeps/seeds', '--csv', 'seeds.csv', '--parquet', 'seeds.parquet')
    dualform('trace', *model, '--tokens', '1,2,3', '--out', 'trace.safetensors')
    dualform('train', '--corpus', str(root / 'test/golden/byte-pairs/corpus.txt'), '--vocabulary', '260', '--layers', '1', '--heads', '1',
             '--hidden-size', '8', '--context', '16', '--steps', '20', '--batch', '2', '--warm-up', '1', '--out', 'model')
    dualform('evidence', '--preset', 'quick', *model, '--tasks', tiny[3], '--learning-rate', '0.1', '--shots', '2', '--rows', '2',
             '--behaviour-rows', '2', '--threads', '1', '--out', 'runs/study')
    dualform('momentum', '--tasks', 'markov-chain', '--etas', '0.5', '--seeds', '1,2', '--steps', '3', '--out', 'runs/momentum')
    dualform('theory', *tiny[:6], '--chapters', '1', '--threads', '1', '--out', 'runs/theory')
    names = {}
    for block in re.findall(r'^```python\n(.*?)^```$', page, re.M | re.S): exec(compile(block, 'docs/python.md', 'exec'), names)
