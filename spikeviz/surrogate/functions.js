// The surrogates: the same arithmetic in the same order as spikeatconv/surrogate.py.

const logistic = (z) => 1 / (1 + Math.exp(-z));

/**
 * σ(u) and σ'(u); reach(share) / α is the |u| where σ' has fallen to `share` of its peak;
 * formula(α, u) writes σ' with letters or numbers.
 */
export const SURROGATES = {
  atan: {
    primitive: (u, alpha) => Math.atan((Math.PI * alpha * u) / 2) / Math.PI + 0.5,
    derivative: (u, alpha) => alpha / 2 / (1 + (((Math.PI * alpha) / 2) * u) ** 2),
    reach: (share) => (2 / Math.PI) * Math.sqrt(1 / share - 1),
    formula: (a, u) => `(${a} / 2) / (1 + (π · ${a} · ${u} / 2)²)`,
  },
  sigmoid: {
    primitive: (u, alpha) => logistic(alpha * u),
    derivative: (u, alpha) => alpha * logistic(alpha * u) * logistic(-alpha * u),
    reach: (share) => 2 * Math.log((1 + Math.sqrt(1 - share)) / Math.sqrt(share)),
    formula: (a, u) => `${a} · s(${a} · ${u}) · (1 − s(${a} · ${u}))`,
  },
};
