"""A state dictionary in the format before torch 1.6: python make.py."""
import os, torch
matrix = torch.arange(6.0).view(2, 3)
state = {'matrix': matrix, 'half': torch.tensor([0.5, -1.5, 2.5], dtype=torch.float16), 'row': matrix[1], 'brain': torch.tensor([1.0, 2.0], dtype=torch.bfloat16),
         'transposed': matrix.t(), 'ids': torch.arange(3), 'step': 7}
torch.save(state, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'state.bin'), _use_new_zipfile_serialization=False)
