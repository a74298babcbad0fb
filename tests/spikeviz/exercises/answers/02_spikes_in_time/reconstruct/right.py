"""Right answers in other styles; each public function is one."""

import itertools

import numpy as np
import torch


def numpy_loop(spikes, tau):
    rates = np.zeros(tuple(spikes.shape))
    rate = np.zeros(tuple(spikes.shape[1:]))
    for t, spike in enumerate(spikes.numpy()):
        rate = rate + (spike - rate) / tau
        rates[t] = rate
    return rates


def shares(spikes, tau):
    path = [spikes[0] / tau]
    for spike in spikes[1:]:
        path.append((1 - 1 / tau) * path[-1] + spike / tau)
    return torch.stack(path)


def weights_matrix(spikes, tau):
    back = torch.arange(len(spikes))[:, None] - torch.arange(len(spikes))
    kept = torch.where(back >= 0, (1 - 1 / tau) ** back.clamp(min=0) / tau, 0.0)
    return torch.einsum("ts,s...->t...", kept.to(spikes.dtype), spikes)


def filled(spikes, tau):
    out = torch.empty_like(spikes)
    rate = spikes.new_zeros(spikes.shape[1:])
    for t in range(spikes.shape[0]):
        rate = torch.lerp(rate, spikes[t], 1 / tau)
        out[t] = rate
    return out


def in_place_on_a_copy(spikes, tau):
    out = spikes.clone() / tau
    for t in range(1, len(out)):
        out[t] += (1 - 1 / tau) * out[t - 1]
    return out


def doubles(spikes, tau):
    rate, path = 0.0, []
    for spike in spikes.double():
        rate = rate + (spike - rate) / tau
        path.append(rate)
    return torch.stack(path)


def accumulated(spikes, tau):
    steps = itertools.accumulate(
        spikes, lambda rate, spike: rate + (spike - rate) / tau, initial=spikes[0] * 0
    )
    return torch.stack(list(steps)[1:])


def recursion(spikes, tau):
    if len(spikes) == 1:
        return spikes / tau
    before = recursion(spikes[:-1], tau)
    return torch.cat([before, (before[-1] + (spikes[-1] - before[-1]) / tau)[None]])


def a_parameter(spikes, tau):
    tau = torch.nn.Parameter(torch.tensor(tau))
    rate, path = torch.zeros(spikes.shape[1:]), []
    for spike in spikes:
        rate = rate - rate / tau + spike / tau
        path.append(rate[None])
    return torch.cat(path, dim=0)


def plain_numbers(spikes, tau):
    flat, out = spikes.reshape(len(spikes), -1).tolist(), []
    rates = [0.0] * len(flat[0])
    for row in flat:
        rates = [rate + (spike - rate) / tau for rate, spike in zip(rates, row)]
        out.append(rates)
    return np.array(out, dtype=np.float32).reshape(tuple(spikes.shape))


def lerp(spikes, tau):
    path, rate = [], torch.zeros(spikes.shape[1:])
    for spike in spikes.unbind(0):
        rate = torch.lerp(rate, spike, 1 / tau)
        path += [rate]
    return torch.stack(path, dim=0)


def by_numpy_power(spikes, tau):
    t = np.arange(len(spikes))
    age = t[:, None] - t
    kernel = np.where(age >= 0, (1 - 1 / tau) ** np.maximum(age, 0), 0) / tau
    return np.tensordot(kernel, np.asarray(spikes), 1).astype(np.float32)


def one_step_at_a_time(spikes, tau):
    path = torch.empty(len(spikes), *spikes.shape[1:])
    for t in range(len(spikes)):
        before = path[t - 1] if t else torch.zeros_like(spikes[0])
        path[t] = before * (tau - 1) / tau + spikes[t] / tau
    return path
