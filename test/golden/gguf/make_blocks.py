"""Random blocks of every GGUF block type with the float32 values that the `gguf` package gives. Usage: make_blocks.py OUT [SEED]

OUT/blocks.safetensors holds, for each type, `TYPE.packed` (the bytes of whole blocks, as int32) and `TYPE.values` (the bits of the float32
values, as int32). All bits of a block are random but those of its scales, which are finite. The package has no unpacker for Q8_K; ggml's
`dequantize_row_q8_K` is a product, which numpy does here.
"""
import sys, numpy as np, torch, gguf
from gguf import GGMLQuantizationType as Q
from safetensors.torch import save_file
OUT, SEED = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 7
rng = np.random.default_rng(SEED)
# Where the binary16 scales of a block are.
SCALES = {Q.F16: [0], Q.BF16: [], Q.F32: [], Q.Q4_0: [0], Q.Q4_1: [0, 2], Q.Q5_0: [0], Q.Q5_1: [0, 2], Q.Q8_0: [0], Q.Q2_K: [80, 82], Q.Q3_K: [108],
          Q.Q4_K: [0, 2], Q.Q5_K: [0, 2], Q.Q6_K: [208], Q.Q8_K: [], Q.IQ4_NL: [0], Q.IQ4_XS: [0]}

def finite_halves(n):
    bits = rng.integers(0, 65536, size=n, dtype=np.uint16)
    return np.where((bits & 0x7C00) == 0x7C00, bits & 0x83FF, bits).view(np.uint8).reshape(n, 2)

out = {}
for q, places in SCALES.items():
    values, size = gguf.GGML_QUANT_SIZES[q]
    n = 4 if values == 256 else 16 if values == 32 else 256
    raw = rng.integers(0, 256, size=(n, size), dtype=np.uint8)
    for p in places: raw[:, p:p + 2] = finite_halves(n)
    if q == Q.BF16: raw[:, 1] &= 0xBF
    if q == Q.F32: raw = rng.standard_normal(n).astype(np.float32).view(np.uint8).reshape(n, 4)
    if q == Q.Q8_K:
        raw[:, :4] = (rng.standard_normal(n) * 10.0 ** rng.integers(-40, 30, n)).astype(np.float32).view(np.uint8).reshape(n, 4)
        x = raw[:, :4].copy().view(np.float32) * raw[:, 4:260].copy().view(np.int8).astype(np.float32)
    else:
        x = gguf.quants.dequantize(raw.reshape(-1), q)
    x = np.ascontiguousarray(x, dtype=np.float32)
    assert np.isfinite(x).all(), q
    out[f'{q.name}.packed'] = torch.from_numpy(raw.reshape(-1).view(np.int32).copy())
    out[f'{q.name}.values'] = torch.from_numpy(x.reshape(-1).view(np.int32).copy())
save_file(out, f'{OUT}/blocks.safetensors')
