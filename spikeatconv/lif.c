/* The LIF neuron over T time steps, for n thresholds at once, in float32.
 *
 * The equations and their order are those of `lif_step` in neuron.py, so the spikes are the
 * same bit for bit (with -ffp-contract=off, and never with -ffast-math). x, out, grad and gx
 * are [T, N]. A block of W elements runs through all time steps before the next one begins,
 * so its membrane stays in the first cache. Compiled and called by fast.py.
 */
#include <stdlib.h>
#include <string.h>

#include <math.h>

#define W 64

typedef struct {
    float tau, v_rest, v_reset, alpha;
    int soft, detach, sigmoid, n, T, threads;
} Neuron;

/* H = V + (X - (V - V_rest)) / tau. With tau a power of two, multiplying by 1 / tau is exact. */
static inline void charge(float *restrict h, const float *restrict v, const float *restrict x,
                          const Neuron *p) {
    const float tau = p->tau, rest = p->v_rest, inverse = 1.0f / tau;
    int exponent;
    if (frexpf(tau, &exponent) == 0.5f && rest == 0.0f)
        for (int i = 0; i < W; i++) h[i] = v[i] + (x[i] - v[i]) * inverse;
    else
        for (int i = 0; i < W; i++) h[i] = v[i] + (x[i] - (v[i] - rest)) / tau;
}

static inline void reset(float *restrict v, const float *restrict h, float threshold,
                         const Neuron *p) {
    const float to = p->v_reset;
    if (p->soft)
        for (int i = 0; i < W; i++) v[i] = h[i] - (h[i] >= threshold ? threshold : 0.0f);
    else
        for (int i = 0; i < W; i++) v[i] = h[i] >= threshold ? to : h[i];
}

static void forward_block(const float *x, float *out, long stride, const float *thresholds,
                          const Neuron *p) {
    float v[W], h[W];
    for (int b = 0; b < p->n; b++) {
        const float threshold = thresholds[b];
        for (int i = 0; i < W; i++) v[i] = p->v_rest;
        for (int t = 0; t < p->T; t++) {
            float *o = out + t * stride;
            charge(h, v, x + t * stride, p);
            if (b == 0)
                for (int i = 0; i < W; i++) o[i] = h[i] >= threshold ? 1.0f : 0.0f;
            else
                for (int i = 0; i < W; i++) o[i] += h[i] >= threshold ? 1.0f : 0.0f;
            reset(v, h, threshold, p);
        }
    }
}

/* The surrogate's derivative at u = H - V_th of one time step. */
static inline void derivative(float *restrict d, const float *restrict h, float threshold,
                              const Neuron *p) {
    const float alpha = p->alpha, half = alpha / 2, k = 3.14159265358979f * alpha / 2;
    float q[W];
    if (p->sigmoid) {
        for (int i = 0; i < W; i++) q[i] = expf(-alpha * (h[i] - threshold));
        for (int i = 0; i < W; i++) {
            const float s = 1.0f / (1.0f + q[i]);
            d[i] = alpha * s * (1.0f - s);
        }
        return;
    }
    for (int i = 0; i < W; i++) {
        const float u = k * (h[i] - threshold), square = 1.0f + u * u;
        q[i] = square < 1e18f ? square : 1e18f; /* the product below stays finite */
    }
    for (int i = 0; i < W / 2; i++) { /* one division for two: 1/a = b/(ab), 1/b = a/(ab) */
        const float a = q[i], b = q[i + W / 2], both = half / (a * b);
        d[i] = b * both;
        d[i + W / 2] = a * both;
    }
}

static void backward_block(const float *x, const float *grad, float *gx, long stride,
                           const float *thresholds, const Neuron *p, float *h) {
    float v[W], gv[W];
    const float inverse = 1.0f / p->tau, keep = 1.0f - inverse, to = p->v_reset;
    for (int b = 0; b < p->n; b++) {
        const float threshold = thresholds[b];
        for (int i = 0; i < W; i++) v[i] = p->v_rest, gv[i] = 0.0f;
        for (int t = 0; t < p->T; t++) {
            charge(h + t * W, v, x + t * stride, p);
            reset(v, h + t * W, threshold, p);
        }
        for (int t = p->T - 1; t >= 0; t--) {
            const float *ht = h + t * W, *g = grad + t * stride;
            float *o = gx + t * stride, gh[W], d[W];
            derivative(d, ht, threshold, p);
            if (p->detach)
                for (int i = 0; i < W; i++) gh[i] = g[i] * d[i];
            else if (p->soft)
                for (int i = 0; i < W; i++) gh[i] = (g[i] - gv[i] * threshold) * d[i];
            else
                for (int i = 0; i < W; i++) gh[i] = (g[i] + gv[i] * (to - ht[i])) * d[i];
            if (p->soft)
                for (int i = 0; i < W; i++) gh[i] += gv[i];
            else
                for (int i = 0; i < W; i++) gh[i] += ht[i] >= threshold ? 0.0f : gv[i];
            for (int i = 0; i < W; i++) gv[i] = gh[i] * keep;
            if (b == 0)
                for (int i = 0; i < W; i++) o[i] = gh[i] * inverse;
            else
                for (int i = 0; i < W; i++) o[i] += gh[i] * inverse;
        }
    }
}

/* The last N % W elements, in a copy that is a whole block. */
static void copy_in(float *to, const float *from, long stride, int count, int T) {
    memset(to, 0, sizeof(float) * W * T);
    for (int t = 0; t < T; t++) memcpy(to + t * W, from + t * stride, sizeof(float) * count);
}

static void copy_out(float *to, const float *from, long stride, int count, int T) {
    for (int t = 0; t < T; t++) memcpy(to + t * stride, from + t * W, sizeof(float) * count);
}

/* x: [T, N] -> out: [T, N], the number of branches that fire. Returns 0, or 1 without memory. */
int lif_forward(const float *x, float *out, long N, const float *thresholds, const Neuron *p) {
    const long blocks = N / W, rest = N % W;
    float *spare = malloc(sizeof(float) * W * p->T * 2);
    if (!spare) return 1;
#pragma omp parallel for num_threads(p->threads) schedule(static)
    for (long k = 0; k < blocks; k++) forward_block(x + k * W, out + k * W, N, thresholds, p);
    if (rest) {
        copy_in(spare, x + blocks * W, N, rest, p->T);
        forward_block(spare, spare + W * p->T, W, thresholds, p);
        copy_out(out + blocks * W, spare + W * p->T, N, rest, p->T);
    }
    free(spare);
    return 0;
}

/* x, grad: [T, N] -> gx: [T, N]; the membranes are computed again. Returns as lif_forward. */
int lif_backward(const float *x, const float *grad, float *gx, long N, const float *thresholds,
                 const Neuron *p) {
    const long blocks = N / W, rest = N % W, size = (long)W * p->T;
    float *all = malloc(sizeof(float) * size * (p->threads + 3));
    if (!all) return 1;
    float *spare = all + size * p->threads;
#pragma omp parallel for num_threads(p->threads) schedule(static)
    for (long part = 0; part < p->threads; part++) { /* one part, with its own buffers, a thread */
        for (long k = blocks * part / p->threads; k < blocks * (part + 1) / p->threads; k++)
            backward_block(x + k * W, grad + k * W, gx + k * W, N, thresholds, p, all + size * part);
    }
    if (rest) {
        copy_in(spare, x + blocks * W, N, rest, p->T);
        copy_in(spare + size, grad + blocks * W, N, rest, p->T);
        backward_block(spare, spare + size, spare + 2 * size, W, thresholds, p, all);
        copy_out(gx + blocks * W, spare + 2 * size, N, rest, p->T);
    }
    free(all);
    return 0;
}
