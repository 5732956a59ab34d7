"""What transformers makes of a configuration with one key changed: python make.py [OUT.json [FAMILY ...]].

For every golden checkpoint beside this folder, every key that its configuration class knows (and the older names of such keys) is set to
other values, set to null and removed, one at a time. Each edit is loaded with `AutoModelForCausalLM.from_pretrained` in float32 with eager
attention, and the golden tokens go through it. The answer of an edit is

  "same"             the logits of the unedited checkpoint
  [x, ...]           six logits: places (i + 1) N / 6 - 1 of the N in the flattened [T, V] table
  {"refused": why}   an error, or weights that the file lacks or holds in other shapes (transformers would draw them at random)

and, where an edit changes it, the window of every layer: {"logits": ..., "windows": [n or null, ...]}.
"""
import json, logging, os, shutil, sys, tempfile, warnings
os.environ.update(HF_HUB_OFFLINE='1', TRANSFORMERS_VERBOSITY='critical')
import torch, transformers as hf
from dataclasses import fields
from safetensors.torch import load_file
warnings.filterwarnings('ignore'); logging.disable(logging.CRITICAL); torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))
OUT = sys.argv[1] if len(sys.argv) > 1 else f'{HERE}/edits.json'
FAMILIES = ['bloom', 'gemma', 'gemma2', 'gemma3', 'gpt-neo', 'gpt-neox', 'gpt2', 'gptj', 'llama', 'llama3-rope', 'mistral', 'opt', 'opt-post-norm', 'phi', 'phi3', 'qwen2', 'qwen3', 'xglm']
COUNT = 6

ACTIVATIONS = ['gelu', 'gelu_new', 'gelu_fast', 'gelu_pytorch_tanh', 'relu', 'silu', 'swish', 'no_such_activation']
MORE_ACTIVATIONS = ['gelu_python', 'gelu_python_tanh', 'gelu_accurate', 'gelu_10', 'quick_gelu', 'relu2', 'relu6', 'tanh', 'sigmoid', 'mish', 'linear', 'leaky_relu', 'hardswish', 'laplace', 'sqrtsoftplus']
without = lambda values, *keys: {k: v for k, v in values.items() if k not in keys}
YARN = {'rope_type': 'yarn', 'factor': 4.0, 'original_max_position_embeddings': 16}
WIDE = {'rope_type': 'yarn', 'factor': 4.0, 'original_max_position_embeddings': 4096}
LLAMA3 = {'rope_type': 'llama3', 'factor': 8.0, 'low_freq_factor': 1.0, 'high_freq_factor': 4.0, 'original_max_position_embeddings': 32}
def ropes(pairs, many):
    """Rotary parameters; `pairs`: how many angles a head has."""
    long = {'rope_type': 'longrope', 'short_factor': [round(1 + 0.1 * j, 2) for j in range(pairs)], 'long_factor': [round(2 + 0.5 * j, 2) for j in range(pairs)]}
    few = [{}, {'rope_theta': 500.0}, {'rope_type': 'linear', 'factor': 4.0}, {'type': 'dynamic', 'factor': 4.0}, YARN, {**LLAMA3, 'rope_theta': 500.0}, {**long, 'original_max_position_embeddings': 64},
           {'rope_type': 'default', 'partial_rotary_factor': 0.5}, {**YARN, 'partial_rotary_factor': 0.5}, {'rope_type': 'linear', 'factor': 4.0, 'partial_rotary_factor': 0.5}]
    return few if not many else few + [
        {'rope_type': 'default'}, {'type': 'default', 'rope_theta': 500.0}, {'rope_type': None}, {'rope_theta': None}, {'rope_type': 'default', 'type': 'linear', 'factor': 4.0},
        {'type': 'linear', 'factor': 4.0}, {'type': 'linear', 'factor': 4.0, 'rope_theta': 500.0}, {'rope_type': 'linear'}, {'rope_type': 'linear', 'factor': None}, {'rope_type': 'linear', 'factor': 0.5},
        {'rope_type': 'dynamic'}, {'type': 'dynamic', 'factor': 4.0, 'rope_theta': 500.0},
        {**YARN, 'type': 'linear'}, {**YARN, 'rope_theta': 500.0}, {**YARN, 'attention_factor': 1.5}, {**YARN, 'attention_factor': None}, {**WIDE, 'beta_fast': 64}, {**WIDE, 'beta_slow': 24}, {**WIDE, 'beta_fast': None, 'beta_slow': 0},
        {**YARN, 'mscale': 0.7, 'mscale_all_dim': 0.4}, {**YARN, 'mscale': 0.7}, {**YARN, 'mscale': 0, 'mscale_all_dim': 0.4}, {**WIDE, 'truncate': False}, {**WIDE, 'truncate': None}, {**YARN, 'factor': 0.5}, {**YARN, 'factor': None},
        {**YARN, 'original_max_position_embeddings': None}, without(YARN, 'original_max_position_embeddings'), without(YARN, 'factor'), {**YARN, 'beta_fast': 1, 'beta_slow': 32},
        LLAMA3, without(LLAMA3, 'low_freq_factor'), without(LLAMA3, 'original_max_position_embeddings'), {**LLAMA3, 'partial_rotary_factor': 0.5}, {**LLAMA3, 'high_freq_factor': 1.0},
        {**long, 'original_max_position_embeddings': 64, 'factor': 8.0}, {**long, 'original_max_position_embeddings': 64, 'attention_factor': 1.5}, {**long, 'original_max_position_embeddings': 96},
        {**long, 'original_max_position_embeddings': 6}, {**long, 'original_max_position_embeddings': 192}, long, {**long, 'short_factor': [1.0]}, {**without(long, 'rope_type'), 'type': 'su', 'original_max_position_embeddings': 64},
        without(long, 'long_factor'), {'rope_type': 'proportional', 'partial_rotary_factor': 0.5}, {'rope_type': 'no_such_type'}, {'mrope_section': [1, 1, 2], 'rope_type': 'default'},
    ]
LAYERED = [{'full_attention': {'rope_type': 'default', 'rope_theta': 700.0}, 'sliding_attention': {'rope_type': 'default', 'rope_theta': 500.0}}, {'full_attention': {'rope_type': 'linear', 'factor': 4.0}},
           {'full_attention': YARN, 'sliding_attention': {'rope_theta': 500.0}}, {'sliding_attention': {'rope_theta': 500.0}, 'full_attention': None}]

# Older names, and keys that a configuration class reads without declaring them.
EXTRA = ['rope_theta', 'rope_scaling', 'partial_rotary_factor', 'rotary_pct', 'rotary_emb_base', 'rotary_dim', 'n_embed', 'n_inner', 'head_dim', 'num_key_value_heads', 'sliding_window', 'use_sliding_window',
         'max_window_layers', 'layer_types', 'sliding_window_pattern', 'rope_local_base_freq', 'attention_bias', 'mlp_bias', 'qk_layernorm', 'tie_word_embeddings', 'scale_attn_weights', 'hidden_act', 'hidden_activation',
         'activation_function', 'attn_logit_softcapping', 'final_logit_softcapping', 'query_pre_attn_scalar', 'original_max_position_embeddings', 'torch_dtype', 'is_causal', 'is_decoder', 'alibi', 'layer_norm_eps', 'rms_norm_eps',
         'use_bidirectional_attention', 'per_layer_config', 'quantization_config', 'layernorm_epsilon', 'multi_query', 'use_qk_norm', 'logit_scale', 'transformers_weights', 'attn_implementation']
SIZES = ['vocab_size', 'hidden_size', 'n_embd', 'd_model', 'n_embed', 'intermediate_size', 'n_inner', 'ffn_dim', 'head_dim', 'word_embed_proj_dim']
LAYERS = ['num_hidden_layers', 'n_layer', 'num_layers']
HEADS = ['num_attention_heads', 'n_head', 'num_heads', 'attention_heads', 'num_key_value_heads']

def values(key, base, config, name):
    """Other values for a key."""
    given = base.get(key)
    n = config.num_hidden_layers
    head = getattr(config, 'head_dim', None) or config.hidden_size // config.num_attention_heads
    if key in ('rope_parameters', 'rope_scaling'):
        if not hasattr(config, 'rope_parameters'): return []
        share = (getattr(config, 'rope_parameters', None) or {}).get('partial_rotary_factor', 1.0)
        return ropes(int(head * share) // 2, name in ('llama', 'gpt-neox')) + (LAYERED if name in ('gemma3', 'gemma2', 'llama', 'qwen2') else [])
    if key in ('hidden_act', 'hidden_activation', 'activation_function'):
        declared = {f.name for f in fields(config)}
        return ['relu'] if key not in declared else ACTIVATIONS + MORE_ACTIVATIONS if name == 'gpt2' else ACTIVATIONS
    if key in LAYERS: return [1, n + 1]
    if key in HEADS: return [1, 2, 8, 3]
    if key in SIZES: return [2 * given if given else 24, 16]
    if key in ('rope_theta', 'rotary_emb_base', 'rope_local_base_freq'): return [500.0, 500]
    if key in ('partial_rotary_factor', 'rotary_pct'): return [1.0, 0.75, 0.3]
    if key == 'rotary_dim': return [8, 2, 6, 3]
    if key == 'sliding_window': return [3, 4096]
    if key == 'window_size': return [3, 256]
    if key == 'max_window_layers': return [0, 1]
    if key == 'sliding_window_pattern': return [2, 3]
    if key == 'layer_types': return [['sliding_attention'] * n, ['full_attention'] * n, ['full_attention'] * (n - 1) + ['sliding_attention'], ['full_attention'], ['chunked_attention'] * n, ['attention'] * n]
    if key == 'attention_types': return [[[['global'], n]], [[['local'], n]], [[['local', 'global'], n // 2]], [[['global'], 1]]]
    if key in ('max_position_embeddings', 'n_positions', 'original_max_position_embeddings', 'seq_length'): return [32, 4096]
    if key == 'query_pre_attn_scalar': return [5]
    if key in ('attn_logit_softcapping', 'final_logit_softcapping'): return [2.0, 50.0]
    if key in ('rms_norm_eps', 'layer_norm_eps', 'layer_norm_epsilon', 'layernorm_epsilon'): return [0.1]
    if key in ('dtype', 'torch_dtype'): return ['bfloat16']
    if key == 'per_layer_config': return [{'0': {'sliding_window': 3}}, {'0': {'rms_norm_eps': 0.1}}]
    if key == 'quantization_config': return [{'quant_method': 'gptq', 'bits': 4}]
    if key == 'transformers_weights': return ['other.safetensors']
    if key == 'attn_implementation': return ['sdpa']
    if key in ('model_type', 'architectures', 'transformers_version', 'id2label', 'label2id', 'problem_type'): return {'transformers_version': ['4.30.0'], 'id2label': [{'0': 'a'}], 'architectures': [['OtherModel']]}.get(key, [])
    if key == 'pretraining_tp': return [2]
    if key == 'logit_scale': return [0.5]
    if key.endswith('_token_id'): return [5, -1]
    if isinstance(given, bool): return [not given]
    if isinstance(given, (int, float)): return [0.25 if given < 1 and isinstance(given, float) else 2]
    if isinstance(given, str): return ['other']
    return [True, False] if key.startswith(('use_', 'is_', 'attention_', 'mlp_', 'tie_', 'add_', 'qk_', 'scale_', 'alibi', 'multi_')) else []

def windows(config):
    n = config.num_hidden_layers
    if config.model_type == 'gpt_neo': return [config.window_size if kind == 'local' else None for kind in config.attention_layers]
    size = getattr(config, 'sliding_window', None)
    if config.model_type in ('mistral', 'phi3'): return [size] * n
    if config.model_type in ('ministral', 'qwen2', 'qwen3', 'gemma2', 'gemma3_text'): return [size if kind == 'sliding_attention' else None for kind in config.layer_types]
    return [None] * n

def positions(count): return [(i + 1) * count // COUNT - 1 for i in range(COUNT)]

def answer(folder, config_json, tokens):
    """logits [T, V] and windows, or why not."""
    with tempfile.TemporaryDirectory() as at:
        json.dump(config_json, open(f'{at}/config.json', 'w'))
        os.symlink(f'{folder}/model.safetensors', f'{at}/model.safetensors')
        try:
            config = hf.AutoConfig.from_pretrained(at)
            with torch.device('meta'): blank = hf.AutoModelForCausalLM.from_config(config)
            if sum(p.numel() for p in blank.parameters()) > 3_000_000: return None, 'weights of other shapes'
            model, told = hf.AutoModelForCausalLM.from_pretrained(at, dtype=torch.float32, attn_implementation='eager', output_loading_info=True)
            if told['missing_keys']: return None, 'missing ' + ' '.join(sorted(told['missing_keys']))[:60]
            with torch.no_grad(): logits = model.eval()(tokens[None], use_cache=False).logits[0]
        except Exception as error:
            return None, f'{type(error).__name__}: ' + ' '.join(str(error).split())[:60].replace(at, '')
        if not torch.isfinite(logits).all(): return None, 'logits that are not finite'
        # A window differs between layers only where per_layer_config is set, which is refused by name.
        return logits, windows(config) if 'per_layer_config' not in config_json or config_json['per_layer_config'] is None else None

ROPE_KEYS = ['rope_parameters', 'rope_scaling', 'rope_theta', 'partial_rotary_factor', 'rotary_pct', 'rotary_emb_base', 'rope_local_base_freq', 'original_max_position_embeddings', 'max_position_embeddings', 'head_dim']

def forms(name, base):
    """The configuration as it is, every key to be edited, and as transformers 4 wrote it, only the rotary keys."""
    yield name, base, None
    rope = base.get('rope_parameters')
    if rope is None or name in ('mistral', 'qwen2', 'qwen3', 'gemma'): return
    old = {k: v for k, v in base.items() if k != 'rope_parameters'}
    if 'full_attention' in rope: old.update(rope_theta=rope['full_attention']['rope_theta'], rope_local_base_freq=rope['sliding_attention']['rope_theta'])
    elif name == 'gpt-neox': old.update(rotary_emb_base=rope['rope_theta'], rotary_pct=rope['partial_rotary_factor'])
    else: old.update(rope_theta=rope['rope_theta'], **({'partial_rotary_factor': rope['partial_rotary_factor']} if 'partial_rotary_factor' in rope else {}))
    rest = {k: v for k, v in rope.items() if k not in ('rope_theta', 'partial_rotary_factor', 'full_attention', 'sliding_attention')}
    if rest.get('rope_type', 'default') != 'default': old['rope_scaling'] = {**{k: v for k, v in rest.items() if k != 'rope_type'}, 'type': rest['rope_type']}
    yield f'{name}, older form', old, ROPE_KEYS

def edits_of(label, name, base, only, folder, tokens):
    with tempfile.TemporaryDirectory() as at:
        json.dump(base, open(f'{at}/config.json', 'w')); config = hf.AutoConfig.from_pretrained(at)
    plain, plain_windows = answer(folder, base, tokens)
    flat = plain.flatten(); at = positions(len(flat))
    few = lambda logits: [round(x, 6) for x in logits.flatten()[at].tolist()]
    common = {f.name for f in fields(hf.PretrainedConfig)}
    keys = sorted((({f.name for f in fields(config)} | set(config.attribute_map)) - (set() if name == 'llama' else common)) | set(base) | set(EXTRA))
    edits = []
    for key in keys:
        if key == 'model_type' or only and key not in only: continue
        given = [v for v in values(key, base, config, name) if not (key in base and v == base[key])]
        wanted = [{'set': v} for v in given] + ([{'set': None}] if base.get(key, 0) is not None else []) + ([{'remove': True}] if key in base else [])
        for edit in wanted:
            changed = {k: v for k, v in base.items() if k != key}
            if 'set' in edit: changed[key] = json.loads(json.dumps(edit['set']))
            logits, more = answer(folder, changed, tokens)
            if logits is None: outcome = {'refused': more}
            else:
                outcome = 'same' if torch.allclose(logits, plain, atol=5e-6, rtol=0) else few(logits)
                if more is not None and more != plain_windows: outcome = {'logits': outcome, 'windows': more}
            edits.append([key, edit.get('set', '(removed)') if 'set' in edit else '(removed)', outcome])
    kinds = [o if isinstance(o, str) else 'refused' if 'refused' in o else 'other' for _, _, o in edits]
    print(label, len(edits), {k: kinds.count(k) for k in set(kinds)}, flush=True)
    return {'checkpoint': name, **({'config': base} if only else {}), 'logits': few(plain), 'windows': plain_windows, 'edits': edits}

def main():
    table = {}
    for name in sys.argv[2:] or FAMILIES:
        folder = os.path.normpath(f'{HERE}/../{name}')
        if not os.path.exists(folder): continue
        base = json.load(open(f'{folder}/config.json'))
        tokens = load_file(f'{folder}/expected.safetensors')['tokens'].long()
        for label, form, keys in forms(name, base): table[label] = edits_of(label, name, form, keys, folder, tokens)
    head = lambda t: ', '.join(f'{json.dumps(k)}: {json.dumps(v)}' for k, v in t.items() if k != 'edits')
    lines = ',\n'.join(f'{json.dumps(label)}: {{{head(t)}, "edits": [\n' + ',\n'.join(json.dumps(e) for e in t['edits']) + '\n]}' for label, t in table.items())
    open(OUT, 'w').write('{\n' + lines + '\n}\n')

main()
