"""What torch computes of layer-causal steps and of one batch step: python make.py, in this folder.

For llama and gpt2 of the folder above, NAME.safetensors holds, of the training sequences and the learning rate of
../NAME/expected.safetensors, in float32 on the CPU:

  layer_causal.loss              [S]   sum over layers of the mean next-token cross-entropy of each layer's output, before each step
  layer_causal.gradient.<tensor>       of the first loss (key and value projections; fused tensors whole, zeros elsewhere)
  layer_causal.after.<tensor>          after S steps of plain SGD, one a sequence, in order
  batch.loss                     [S]   ordinary loss of each sequence with the checkpoint's own weights
  batch.gradient.<tensor>              sum of the S gradients there
  batch.after.<tensor>                 after one step against that sum

Layer-causal: x_l = Layer_l(x_(l-1).detach()), loss = sum_l CE(head(final_norm(x_l))), as in the code of Deutch et al. (arXiv 2311.07772).
"""
import os, torch, torch.nn.functional as F
import transformers as hf
from safetensors.torch import load_file, save_file

torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))

def parts(name, model):
    if name == 'gpt2': return model.transformer.h, model.transformer.ln_f, lambda k: 'attn.c_attn' in k
    return model.model.layers, model.model.norm, lambda k: 'k_proj' in k or 'v_proj' in k

def layer_causal_loss(model, layers, norm, ids):
    outputs = []
    cut = lambda _m, args, kwargs: ((args[0].detach(), *args[1:]), kwargs)
    keep = lambda _m, _i, out: outputs.append(out[0] if isinstance(out, tuple) else out)
    hooks = [h for l in layers for h in (l.register_forward_pre_hook(cut, with_kwargs=True), l.register_forward_hook(keep))]
    model(ids[None], use_cache=False)
    for h in hooks: h.remove()
    assert len(outputs) == len(layers)
    return sum(F.cross_entropy(model.lm_head(norm(x))[0, :-1], ids[1:]) for x in outputs)

def loss_of(model, ids):
    return F.cross_entropy(model(ids[None], use_cache=False).logits[0, :-1], ids[1:])

for name in ('llama', 'gpt2'):
    folder = f'{HERE}/../{name}'
    given = load_file(f'{folder}/expected.safetensors')
    sequences = [s[s >= 0] for s in given['sequences']]
    rate = given['learning_rate'].item()
    def load():
        model = hf.AutoModelForCausalLM.from_pretrained(folder, attn_implementation='eager', dtype=torch.float32).eval()
        layers, norm, iskv = parts(name, model)
        return model, layers, norm, {k: p for k, p in model.named_parameters() if iskv(k)}
    def gradients(model, par, loss):
        model.zero_grad(); loss.backward()
        out = {k: p.grad.clone() for k, p in par.items()}
        if name == 'gpt2':
            for g in out.values(): g[..., :model.config.n_embd] = 0
        return out
    result = {}
    model, layers, norm, par = load()
    losses = []
    for i, ids in enumerate(sequences):
        loss = layer_causal_loss(model, layers, norm, ids); losses.append(loss.item())
        gr = gradients(model, par, loss)
        if i == 0: result.update({f'layer_causal.gradient.{k}': g for k, g in gr.items()})
        with torch.no_grad():
            for k, p in par.items(): p.sub_(rate * gr[k])
    result['layer_causal.loss'] = torch.tensor(losses)
    result.update({f'layer_causal.after.{k}': p.detach().clone() for k, p in par.items()})
    model, layers, norm, par = load()
    losses, total = [], {k: torch.zeros_like(p) for k, p in par.items()}
    for ids in sequences:
        loss = loss_of(model, ids); losses.append(loss.item())
        for k, g in gradients(model, par, loss).items(): total[k] += g
    result['batch.loss'] = torch.tensor(losses)
    result.update({f'batch.gradient.{k}': g for k, g in total.items()})
    result.update({f'batch.after.{k}': (p - rate * total[k]).detach() for k, p in par.items()})
    save_file({k: t.contiguous() for k, t in result.items()}, f'{HERE}/{name}.safetensors')
    print(name, result['layer_causal.loss'], result['batch.loss'], given['loss'])
