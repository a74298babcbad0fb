// One step of an optimizer on all weights: the arithmetic of torch.optim.AdamW and SGD.

const ADAMW = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 };
const MOMENTUM = 0.9; // of SGD

/** What an optimizer knows of n weights before the first step. Each has a count of its own steps,
 *  as a parameter of torch has: one that comes later begins anew. Of SGD, mean is its momentum. */
export const makeState = (n) => ({
  steps: new Float64Array(n), mean: new Float64Array(n), square: new Float64Array(n),
});

export const OPTIMIZERS = {
  adamw(values, gradients, state, rate) {
    const { beta1, beta2, eps, weight_decay } = ADAMW;
    const { steps, mean, square } = state;
    for (let i = 0; i < values.length; i++) {
      const [g, step] = [gradients[i], ++steps[i]];
      const size = rate / (1 - beta1 ** step);
      const root = Math.sqrt(1 - beta2 ** step);
      mean[i] += (g - mean[i]) * (1 - beta1);
      square[i] = square[i] * beta2 + (1 - beta2) * g * g;
      const decayed = values[i] * (1 - rate * weight_decay);
      values[i] = decayed - (size * mean[i]) / (Math.sqrt(square[i]) / root + eps);
    }
  },
  sgd(values, gradients, { mean }, rate) {
    for (let i = 0; i < values.length; i++) {
      mean[i] = MOMENTUM * mean[i] + gradients[i];
      values[i] -= rate * mean[i];
    }
  },
};
