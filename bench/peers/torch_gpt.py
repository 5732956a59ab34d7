"""The same decoder in eager torch: loss and gradients of a whole model, plain or with momentum attention, and the time of a training step.

  python torch_gpt.py FOLDER STEPS

FOLDER holds config.json and model.safetensors as dualform writes them, and batch.safetensors (tokens, targets [B, T]). This program adds gradients.safetensors, the gradients of the first step. Prints one JSON line: the losses of STEPS steps of
torch.optim.Adam (0.9, 0.98, eps 1e-6, rate 1e-3, clipped to norm 2), and the median seconds of a step.
"""
import sys, os, json, time, statistics, torch, torch.nn.functional as F
from safetensors.torch import load_file, save_file
folder, steps = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(int(os.environ.get('THREADS', '2')))
c = json.load(open(f'{folder}/config.json')); L, H, D = c['n_layer'], c['n_head'], c['n_embd']; dh = D // H
p = {k: t.requires_grad_() for k, t in load_file(f'{folder}/model.safetensors').items()}
b = load_file(f'{folder}/batch.safetensors'); tokens, targets = b['tokens'].long(), b['targets'].long(); B, T = tokens.shape
ln = lambda x, k: F.layer_norm(x, (D,), p[k + '.weight'], p[k + '.bias'], 1e-5)
lin = lambda x, k: torch.addmm(p[k + '.bias'], x.reshape(-1, x.shape[-1]), p[k + '.weight']).view(*x.shape[:-1], -1)
i = torch.arange(T); distance = (i[:, None] - i[None]).float(); earlier = distance > 0
future = torch.full((T, T), float('-inf')).triu(1)
def decay(l):
    m = c.get('momentum', 0)
    eta = torch.sigmoid(p[f'momentum.layers.{l}.logit']) if m == 'learned' else torch.tensor(m if isinstance(m, (int, float)) else m[l], dtype=torch.float32)
    eta = eta.expand(H).view(H, 1, 1)
    return torch.where(earlier, eta ** distance.clamp(min=1), torch.zeros(()))
def loss_of():
    x = p['transformer.wte.weight'][tokens] + p['transformer.wpe.weight'][:T]
    for l in range(L):
        k = f'transformer.h.{l}.'
        q, kk, v = (t.view(B, T, H, dh).transpose(1, 2) for t in lin(ln(x, k + 'ln_1'), k + 'attn.c_attn').split(D, -1))
        a = ((q * dh ** -0.5) @ kk.transpose(-1, -2) + future).softmax(-1)
        if 'momentum' in c: a = a + decay(l)
        x = x + lin((a @ v).transpose(1, 2).reshape(B, T, D), k + 'attn.c_proj')
        x = x + lin(F.gelu(lin(ln(x, k + 'ln_2'), k + 'mlp.c_fc'), approximate='tanh'), k + 'mlp.c_proj')
    return F.cross_entropy((ln(x, 'transformer.ln_f') @ p['transformer.wte.weight'].t()).view(B * T, -1), targets.view(-1))
opt = torch.optim.Adam(p.values(), lr=1e-3, betas=(0.9, 0.98), eps=1e-6)
losses, seconds = [], []
for step in range(steps):
    t0 = time.perf_counter()
    opt.zero_grad(); loss = loss_of(); loss.backward()
    if step == 0: save_file({k: t.grad.contiguous() for k, t in p.items()}, f'{folder}/gradients.safetensors')
    torch.nn.utils.clip_grad_norm_(p.values(), 2.0); opt.step()
    seconds.append(time.perf_counter() - t0); losses.append(loss.item())
print(json.dumps({'torch': torch.__version__, 'losses': losses, 'seconds': statistics.median(seconds[1:])}))
