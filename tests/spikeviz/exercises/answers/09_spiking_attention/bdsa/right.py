"""Right answers in other styles; each public function is one."""

import math

import torch
import torch.nn.functional as F


def by_einsum(s, spk, softmax=True):
    a = torch.einsum("tbnd,tbmd->tbnm", s, s) / math.sqrt(s.shape[-1])
    if softmax:
        a = F.softmax(a, dim=-1)
    return spk(torch.einsum("tbnm,tbmd->tbnd", a, s))


def by_pytorch(s, spk, softmax=True):
    if softmax:
        return spk(F.scaled_dot_product_attention(s, s, s))
    return spk(s @ s.mT @ s / s.size(-1) ** 0.5)


def scaled_first(s, spk, softmax=True):
    q = s * s.shape[-1] ** -0.5
    a = torch.matmul(q, s.transpose(2, 3))
    return spk(torch.matmul(torch.softmax(a, 3) if softmax else a, s))


def by_hand(s, spk, softmax=True):
    a = (s @ s.transpose(-1, -2)).div(s.shape[3] ** 0.5)
    if softmax is True:
        e = a.exp()
        a = e / e.sum(-1, keepdim=True)
    return spk(a @ s)


def step_by_step(s, spk, softmax=True):
    out = torch.zeros_like(s)
    for t in range(s.shape[0]):
        for b in range(s.shape[1]):
            x = s[t, b]
            a = x @ x.T / math.sqrt(x.shape[1])
            out[t, b] = (a.softmax(1) if softmax else a) @ x
    return spk(out)


def folded(s, spk, softmax=True):
    x = s.flatten(0, 1)
    a = torch.bmm(x, x.permute(0, 2, 1)) * x.shape[2] ** -0.5
    a = a.softmax(2) if softmax else a
    return spk(torch.bmm(a, x).unflatten(0, s.shape[:2]))


def doubles(s, spk, softmax=True):
    x = s.double()
    a = x @ x.transpose(-2, -1) / 2
    a = a * 2 / x.shape[-1] ** 0.5
    if softmax:
        a = a.softmax(dim=-1)
    return spk((a @ x).float())


def in_place_on_a_copy(s, spk, softmax=True):
    a = s.clone() @ s.mT
    a /= math.sqrt(s.shape[-1])
    if softmax:
        a -= a.amax(-1, keepdim=True)
        a.exp_()
        a /= a.sum(-1, keepdim=True)
    return spk(a @ s)


def columns(s, spk, softmax=True):
    """The map is symmetric before the softmax, so its columns may take the place of the rows."""
    scores = s @ s.transpose(-2, -1) / s.shape[-1] ** 0.5
    a = scores.softmax(-2).transpose(-2, -1) if softmax else scores
    return spk(a @ s)


def functions(s, spk, softmax=True):
    finish = (lambda a: torch.nn.Softmax(-1)(a)) if softmax else (lambda a: a)
    return spk(finish(s.matmul(s.swapaxes(2, 3)) / torch.tensor(s.shape[-1]).sqrt()).matmul(s))


def bmm(s, spk, softmax=True):
    flat = s.flatten(0, 1)
    a = torch.bmm(flat, flat.mT) * flat.shape[-1] ** -0.5
    a = torch.softmax(a, -1) if softmax else a
    return spk(torch.bmm(a, flat).view_as(s))


def by_exp(s, spk, softmax=True):
    keys = s.swapaxes(2, 3)
    a = torch.matmul(s, keys).div(math.sqrt(s.size(3)))
    if softmax:
        a = torch.exp(a - a.amax(-1, keepdim=True))
        a /= a.sum(dim=-1, keepdim=True)
    return spk(torch.matmul(a, s))
