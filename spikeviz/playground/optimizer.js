// One step of an optimizer on all weights: the arithmetic of torch.optim.AdamW and SGD.

const ADAMW = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 };
const MOMENTUM = 0.9; // of SGD

/** What an optimizer knows of n weights before the first step. */
export const makeState = (n) => ({
  steps: 0, mean: new Float64Array(n), square: new Float64Array(n), // SGD: mean is its momentum
});

export const OPTIMIZERS = {
  adamw(values, gradients, state, rate) {
    const { beta1, beta2, eps, weight_decay } = ADAMW;
    const { mean, square } = state;
    state.steps++;
    const size = rate / (1 - beta1 ** state.steps);
    const root = Math.sqrt(1 - beta2 ** state.steps);
    for (let i = 0; i < values.length; i++) {
      const g = gradients[i];
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
