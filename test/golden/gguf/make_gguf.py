"""Tiny random GGUF files with torch's logits. Usage: make_gguf.py OUT [SEED [ARCHITECTURE ...]]

For every architecture OUT/ARCHITECTURE/ holds `model.gguf`, in whose matrices all block types take turns, written with the tensor names of the
`gguf` package and in the layouts of llama.cpp's converters (convert_hf_to_gguf.py), and `expected.json`: tokens and torch's logits of the last token,
computed in float32 on the values that the blocks hold. Where transformers itself reads the architecture, its GGUF loader must agree. The vocabulary is
one token a byte. `llama-split` is in three parts, `llama-rope` has divisors of its own in `rope_freqs.weight`, `phi3-longrope` those of LongRoPE,
`gemma3-linear` the settings of the large Gemma 3, `phi2-fused` one tensor for queries, keys and values.
"""
import json, os, sys, numpy as np, torch, gguf, transformers as hf
from gguf import GGMLQuantizationType as Q
OUT, SEED, ONLY = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 7, set(sys.argv[3:])
torch.set_num_threads(1)
V, CONTEXT, EPS = 96, 64, 1e-5
C = dict(vocab_size=V, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, intermediate_size=96, max_position_embeddings=CONTEXT,
         initializer_range=0.2, pad_token_id=None, bos_token_id=0, eos_token_id=0)
MHA = {k: v for k, v in C.items() if k != 'num_key_value_heads'}
rope = lambda **k: {'rope_type': 'default', 'rope_theta': 10000.0, **k}
FACTORS = [1.0, 1.5, 2.0, 5.0, 7.0, 9.0, 11.0, 16.0]

# name -> (architecture, configuration, what the file says next to it)
MODELS = {
    'llama': ('llama', hf.LlamaConfig(**{**C, 'hidden_size': 256, 'intermediate_size': 256, 'num_hidden_layers': 1}, rms_norm_eps=EPS, tie_word_embeddings=False), {}),
    'llama-split': ('llama', hf.LlamaConfig(**C, rms_norm_eps=EPS, tie_word_embeddings=True, attention_bias=True, mlp_bias=True), {}),
    'llama-rope': ('llama', hf.LlamaConfig(**C, rms_norm_eps=EPS, rope_parameters=rope(rope_theta=5000.0)), {'rope_freqs': FACTORS}),
    'qwen2': ('qwen2', hf.Qwen2Config(**C, rms_norm_eps=1e-6), {}),
    'qwen3': ('qwen3', hf.Qwen3Config(**C, head_dim=32, rms_norm_eps=1e-6, tie_word_embeddings=True), {}),
    'gemma': ('gemma', hf.GemmaConfig(**C, head_dim=32), {}),
    'gemma2': ('gemma2', hf.Gemma2Config(**{**C, 'num_hidden_layers': 3}, head_dim=32, query_pre_attn_scalar=32, sliding_window=5, attn_logit_softcapping=50.0, final_logit_softcapping=30.0), {}),
    'gemma3': ('gemma3', hf.Gemma3TextConfig(**{**C, 'hidden_size': 32, 'intermediate_size': 64, 'num_hidden_layers': 7}, head_dim=16, query_pre_attn_scalar=16, sliding_window=5), {}),
    'gemma3-linear': ('gemma3', hf.Gemma3TextConfig(**{**C, 'num_hidden_layers': 3}, head_dim=32, query_pre_attn_scalar=20, sliding_window=5,
        layer_types=['sliding_attention', 'full_attention', 'sliding_attention'],
        rope_parameters={'full_attention': rope(rope_type='linear', factor=8.0, rope_theta=1e6), 'sliding_attention': rope(rope_theta=20000.0)}), {}),
    'gpt2': ('gpt2', hf.GPT2Config(vocab_size=V, n_embd=64, n_inner=96, n_layer=2, n_head=4, n_positions=CONTEXT, initializer_range=0.2, embd_pdrop=0., attn_pdrop=0., resid_pdrop=0., bos_token_id=0, eos_token_id=0), {}),
    'gptneox': ('gptneox', hf.GPTNeoXConfig(**MHA, rope_parameters=rope(partial_rotary_factor=0.25), use_parallel_residual=True), {}),
    'gptneox-serial': ('gptneox', hf.GPTNeoXConfig(**MHA, rope_parameters=rope(partial_rotary_factor=0.5), use_parallel_residual=False), {}),
    'bloom': ('bloom', hf.BloomConfig(vocab_size=V, hidden_size=64, n_layer=2, n_head=4, hidden_dropout=0., attention_dropout=0., initializer_range=0.2, bos_token_id=0, eos_token_id=0), {}),
    'phi2': ('phi2', hf.PhiConfig(**MHA, rope_parameters=rope(partial_rotary_factor=0.5), resid_pdrop=0.), {}),
    'phi2-fused': ('phi2', hf.PhiConfig(**MHA, rope_parameters=rope(partial_rotary_factor=0.5), resid_pdrop=0.), {'fused': True}),
    'phi3': ('phi3', hf.Phi3Config(**C, rms_norm_eps=EPS, sliding_window=6, tie_word_embeddings=False), {}),
    'phi3-longrope': ('phi3', hf.Phi3Config(**C, original_max_position_embeddings=CONTEXT // 2, rms_norm_eps=EPS, tie_word_embeddings=True,
        rope_parameters=rope(rope_type='longrope', partial_rotary_factor=0.75, short_factor=[1.0, 1.25, 1.5, 2.0, 2.5, 3.0], long_factor=[1.0, 2.0, 4.0, 8.0, 16.0, 32.0])), {}),
}
SMALL = [Q.Q8_0, Q.F16, Q.Q5_0, Q.F32, Q.Q4_1, Q.BF16, Q.Q5_1, Q.Q4_0, Q.IQ4_NL]
LARGE = [Q.Q4_K, Q.Q6_K, Q.Q2_K, Q.Q3_K, Q.Q5_K, Q.IQ4_XS, Q.Q8_0]
# Where the scales of a block are, and how large they are so that its values are some tenths.
SCALES = {Q.Q2_K: ([80, 82], 0.01), Q.Q3_K: ([108], 0.003), Q.Q4_K: ([0, 2], 0.0005), Q.Q5_K: ([0, 2], 0.0003), Q.Q6_K: ([208], 0.00006), Q.IQ4_XS: ([0], 0.00006), Q.IQ4_NL: ([0], 0.002)}

def random_blocks(shape, q, rng):
    values, size = gguf.GGML_QUANT_SIZES[q]; places, scale = SCALES[q]
    raw = rng.integers(0, 256, size=(shape[0], shape[1] // values, size), dtype=np.uint8)
    for p in places: raw[..., p:p + 2] = (scale * (1 + rng.random(raw.shape[:2]))).astype(np.float16)[..., None].view(np.uint8)
    return raw.reshape(shape[0], -1)

def pack(x, q, rng):
    """The matrix as blocks, and the values that they hold."""
    if q == Q.F32: return x, x
    if q == Q.F16: y = x.astype(np.float16); return y, y.astype(np.float32)
    raw = random_blocks(x.shape, q, rng) if q in SCALES else gguf.quants.quantize(x, q)
    return raw, gguf.quants.dequantize(raw, q)

def layouts(arch, name, c):
    """Both ways between a weight of Hugging Face and what llama.cpp's converter writes."""
    H = c.num_attention_heads; G = getattr(c, 'num_key_value_heads', None) or H; same = lambda x: x
    if arch == 'llama' and ('q_proj' in name or 'k_proj' in name):
        h = H if 'q_proj' in name else G
        return (lambda x: x.reshape(h, 2, -1, *x.shape[1:]).swapaxes(1, 2).reshape(x.shape)), (lambda x: x.reshape(h, -1, 2, *x.shape[1:]).swapaxes(1, 2).reshape(x.shape))
    if arch.startswith('gemma') and name.endswith('norm.weight'): return (lambda x: x + 1), (lambda x: x - 1)
    if arch == 'gpt2' and name.endswith(('c_attn.weight', 'c_proj.weight', 'c_fc.weight')): return (lambda x: x.T.copy()), (lambda x: x.T.copy())
    if 'query_key_value' in name:
        return (lambda x: x.reshape(H, 3, -1, *x.shape[1:]).swapaxes(0, 1).reshape(x.shape)), (lambda x: x.reshape(3, H, -1, *x.shape[1:]).swapaxes(0, 1).reshape(x.shape))
    return same, same

def settings(w, arch, c, extra):
    H = c.num_attention_heads; G = getattr(c, 'num_key_value_heads', None) or H; D = c.hidden_size; dh = getattr(c, 'head_dim', None) or D // H
    p = getattr(c, 'rope_parameters', None) or {}; p = p.get('full_attention', p)
    w.add_name(f'tiny {arch}'); w.add_context_length(2048 if arch == 'bloom' else CONTEXT); w.add_embedding_length(D); w.add_block_count(c.num_hidden_layers)
    w.add_feed_forward_length(getattr(c, 'intermediate_size', None) or getattr(c, 'n_inner', None) or 4 * D); w.add_head_count(H); w.add_vocab_size(V)
    if arch in ('gpt2', 'gptneox', 'bloom', 'phi2'): w.add_layer_norm_eps(getattr(c, 'layer_norm_epsilon', None) or c.layer_norm_eps)
    else: w.add_head_count_kv(G); w.add_layer_norm_rms_eps(c.rms_norm_eps)
    if arch in ('gptneox', 'phi2', 'phi3'): w.add_rope_dimension_count(int(dh * p.get('partial_rotary_factor', 1)))
    if arch == 'gptneox': w.add_parallel_residual(c.use_parallel_residual)
    if arch in ('llama', 'qwen2'): w.add_rope_dimension_count(dh)
    if arch.startswith('gemma') or arch == 'qwen3': w.add_key_length(dh); w.add_value_length(dh)
    if arch not in ('gpt2', 'gptneox', 'bloom', 'phi2', 'gemma'): w.add_rope_freq_base(p['rope_theta'])
    if arch in ('gemma2', 'gemma3'): w.add_sliding_window(c.sliding_window)
    if arch == 'gemma2': w.add_attn_logit_softcapping(c.attn_logit_softcapping); w.add_final_logit_softcapping(c.final_logit_softcapping)
    if p.get('rope_type') == 'linear': w.add_rope_scaling_type(gguf.RopeScalingType.LINEAR); w.add_rope_scaling_factor(p['factor'])
    if arch == 'gemma3' and c.num_hidden_layers != 7:
        w.add_float32('gemma3.rope.freq_base_swa', c.rope_parameters['sliding_attention']['rope_theta']); w.add_sliding_window_pattern([t == 'sliding_attention' for t in c.layer_types])
        w.add_attention_scale(c.query_pre_attn_scalar ** -0.5)
    if arch == 'phi3': w.add_sliding_window(c.sliding_window or 0); w.add_rope_scaling_orig_ctx_len(c.original_max_position_embeddings)
    if p.get('rope_type') == 'longrope':
        s = CONTEXT / c.original_max_position_embeddings; w.add_rope_scaling_attn_factors(float(np.sqrt(1 + np.log(s) / np.log(c.original_max_position_embeddings))))
        for kind in ('long', 'short'): w.add_tensor(f'rope_factors_{kind}.weight', np.array(p[f'{kind}_factor'], np.float32))
    if 'rope_freqs' in extra: w.add_tensor('rope_freqs.weight', np.array(extra['rope_freqs'], np.float32))
    w.add_tokenizer_model('gpt2'); w.add_tokenizer_pre('gpt-2'); w.add_token_list(['<|endoftext|>'] + [chr(32 + i) if i > 0 else '\u0120' for i in range(V - 1)])
    w.add_token_types([3] + [1] * (V - 1)); w.add_token_merges([]); w.add_bos_token_id(0); w.add_eos_token_id(0); w.add_add_bos_token(False)

for number, (name, (arch, config, extra)) in enumerate(MODELS.items()):
    if ONLY and name not in ONLY: continue
    torch.manual_seed(SEED + number); rng = np.random.default_rng(SEED + number)
    config._attn_implementation = 'eager'
    model = hf.AutoModelForCausalLM.from_config(config, attn_implementation='eager').float().eval()
    with torch.no_grad():
        for k, p in model.named_parameters():
            if p.ndim == 1: p.add_(torch.randn_like(p) * 0.1)
            elif p.std() < 0.05: p.normal_(0, 0.2)
    if extra.get('rope_freqs'): model.model.rotary_emb.inv_freq /= torch.tensor(extra['rope_freqs'])
    folder = f'{OUT}/{name}'; os.makedirs(folder, exist_ok=True)
    split = {'split_max_tensors': 14} if name == 'llama-split' else {}
    w = gguf.GGUFWriter(f'{folder}/model.gguf', arch, **split); settings(w, arch, config, extra)
    names = gguf.get_tensor_name_map(getattr(gguf.MODEL_ARCH, arch.upper()), config.num_hidden_layers)
    held, turn, parts = {}, 0, {}
    for k, t in model.state_dict().items():
        if k.endswith(('.attn.bias', '.masked_bias', 'rotary_emb.inv_freq')) or (k == 'lm_head.weight' and config.tie_word_embeddings): continue
        there, back = layouts(arch, k, config); x = there(t.numpy().astype(np.float32)); to = names.get_name(k.removeprefix('transformer.') if arch == 'bloom' else k, try_suffixes=('.weight', '.bias')); assert to, k
        if extra.get('fused') and k.rsplit('.', 2)[-2] in ('q_proj', 'k_proj', 'v_proj'):
            held[k] = torch.from_numpy(x); parts.setdefault(f'blk.{k.split(".")[2]}.attn_qkv.{k.rsplit(".", 1)[1]}', {})[k.rsplit('.', 2)[-2]] = x; continue
        if x.ndim == 1: w.add_tensor(to, x); held[k] = torch.from_numpy(np.ascontiguousarray(back(x))); continue
        q = Q.F32 if x.shape[1] % 32 else (LARGE if x.shape[1] % 256 == 0 else SMALL)[turn % (7 if x.shape[1] % 256 == 0 else 9)]; turn += 1
        raw, values = pack(x, q, rng)
        w.add_tensor(to, np.ascontiguousarray(raw), raw_dtype=None if q in (Q.F32, Q.F16) else q); held[k] = torch.from_numpy(np.ascontiguousarray(back(values), dtype=np.float32))
    for key, by in parts.items(): w.add_tensor(key, np.concatenate([by['q_proj'], by['k_proj'], by['v_proj']]))
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
    model.load_state_dict(held, strict=False); model.tie_weights()
    ids = torch.tensor([rng.integers(1, V, size=17).tolist()])
    with torch.no_grad(): logits = model(ids).logits[0].double().numpy()
    json.dump({'tokens': ids[0].tolist(), 'last': logits[-1].tolist()}, open(f'{folder}/expected.json', 'w'))
    try:
        loaded = hf.AutoModelForCausalLM.from_pretrained(folder, gguf_file='model.gguf', attn_implementation='eager', dtype=torch.float32, config=config).eval()
        with torch.no_grad(): message = f"transformers' GGUF loader: {abs(loaded(ids).logits[0].double().numpy() - logits).max():.2g}"
    except Exception as e: message = f"transformers' GGUF loader: {type(e).__name__} {str(e)[:100]}"
    print(name, sum(os.path.getsize(f'{folder}/{f}') for f in os.listdir(folder)), f'|logits| {abs(logits).max():.2f}', message, flush=True)
