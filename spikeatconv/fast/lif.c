/* The LIF neuron over T time steps, for n thresholds at once, in float32.
 *
 * The equations and their order are those of `lif_step` in neuron.py, so the spikes are the
 * same bit for bit, NaN and infinity too. Never compile it with -ffast-math; -ffp-contract=fast is
 * safe: a product that meets a sum on the way to a spike is by 1 / tau where that is exact, or by 0.
 * x, out, grad and gx are [T, N]. A block of W elements runs through all time steps before the next
 * one begins, so its membrane stays in the first cache. Compiled by library.py, called by lif.py.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#ifdef __AVX512F__
#define W 128 /* eight registers: their operations overlap, and T rows fit the first cache */
#else
#define W 64
#endif
#define LINE 64 /* bytes of a cache line, and of the widest register */
/* A loop over the W elements of a block, whose arrays never overlap. */
#define EACH(i) _Pragma("omp simd") for (int i = 0; i < W; i++)
/* Always, so that flags given as 0 or 1 become constants in the loops. */
#define INLINE static inline __attribute__((always_inline))

typedef struct {
    float tau, v_rest, v_reset, alpha;
    int soft, detach, sigmoid, n, T, threads;
} Neuron;

/* Where multiplying by 1 / tau is exact and there is no V_rest to subtract. */
static int is_simple(const Neuron *p) {
    int exponent;
    return frexpf(p->tau, &exponent) == 0.5f && p->v_rest == 0.0f;
}

/* H = V + (X - (V - V_rest)) / tau */
INLINE float charge(float x, float v, int simple, float inverse, const Neuron *p) {
    return simple ? v + (x - v) * inverse : v + (x - (v - p->v_rest)) / p->tau;
}

/* count + S; NaN, as 0 H then is, where H is NaN or infinite. */
INLINE float fire(float h, float threshold, float count) {
    const float silent = 0.0f * h + count;
    return h >= threshold ? silent + 1.0f : silent;
}

/* (1 - S) H + S V_reset, or H - S V_th */
INLINE float reset(float h, float threshold, int soft, float to) {
    return h >= threshold ? (soft ? h - threshold : 0.0f * h + to) : h;
}

INLINE void forward_block(const float *x, float *out, long stride, const float *thresholds,
                          const Neuron *p, int simple, int soft) {
    const float inverse = 1.0f / p->tau, rest = p->v_rest, to = p->v_reset;
    const int n = p->n, T = p->T;
    float v[W];
    for (int b = 0; b < n; b++) {
        const float threshold = thresholds[b];
        EACH(i) v[i] = rest;
        for (int t = 0; t < T; t++) {
            const float *xt = x + t * stride;
            float *o = out + t * stride;
            EACH(i) {
                const float h = charge(xt[i], v[i], simple, inverse, p);
                o[i] = fire(h, threshold, b == 0 ? 0.0f : o[i]);
                v[i] = reset(h, threshold, soft, to);
            }
        }
    }
}

/* exp(x) for x <= 0 or NaN within some 1e-6, in operations that the compiler can vectorise. */
INLINE float exp_negative(float x) {
    const float y = x > -87.0f ? x * 1.44269504f : -125.5f, whole = rintf(y), f = y - whole;
    const int32_t bits = ((int32_t)whole + 127) << 23; /* 2^whole, times 2^f by its series */
    float power;
    memcpy(&power, &bits, sizeof power);
    const float e = power * (1.0f + f * (0.693147181f + f * (0.240226507f + f * (0.0555041087f +
                    f * (0.00961812911f + f * (0.00133335581f + f * 0.000154035304f))))));
    return x <= 0.0f ? e : x;
}

/* The surrogate's derivative at u = H - V_th. */
INLINE float derivative(float u, int sigmoid, float alpha) {
    if (sigmoid) {
        const float e = exp_negative(-alpha * fabsf(u)); /* s (1 - s) is even in u */
        return alpha * e / ((1.0f + e) * (1.0f + e));
    }
    const float slope = 1.57079633f * alpha * u; /* pi / 2 */
    return alpha / 2 / (1.0f + slope * slope);
}

INLINE void backward_block(const float *x, const float *grad, float *gx, long stride,
                           const float *thresholds, const Neuron *p, float *h, int simple,
                           int soft, int detach, int sigmoid) {
    const float inverse = 1.0f / p->tau, keep = 1.0f - inverse, alpha = p->alpha;
    const float rest = p->v_rest, to = p->v_reset;
    const int n = p->n, T = p->T;
    float v[W], gv[W];
    for (int b = 0; b < n; b++) {
        const float threshold = thresholds[b];
        EACH(i) v[i] = rest, gv[i] = 0.0f;
        for (int t = 0; t < T; t++) {
            const float *xt = x + t * stride;
            float *ht = h + t * W;
            EACH(i) {
                ht[i] = charge(xt[i], v[i], simple, inverse, p);
                v[i] = reset(ht[i], threshold, soft, to);
            }
        }
        for (int t = T - 1; t >= 0; t--) {
            const float *ht = h + t * W, *g = grad + t * stride;
            float *o = gx + t * stride;
            EACH(i) {
                const float dv_ds = soft ? -threshold : to - ht[i];
                const float gs = detach ? g[i] : g[i] + gv[i] * dv_ds;
                const float slope = derivative(ht[i] - threshold, sigmoid, alpha);
                const float passed = !soft && ht[i] >= threshold ? 0.0f * gv[i] : gv[i];
                const float gh = gs * slope + passed;
                o[i] = b == 0 ? gh * inverse : o[i] + gh * inverse;
                gv[i] = gh * keep;
            }
        }
    }
}

/* Each call below is a copy of the block's code with these constants built in. */
static void forward(const float *x, float *out, long stride, const float *thresholds,
                    const Neuron *p) {
    if (!is_simple(p)) forward_block(x, out, stride, thresholds, p, 0, p->soft);
    else if (p->soft) forward_block(x, out, stride, thresholds, p, 1, 1);
    else forward_block(x, out, stride, thresholds, p, 1, 0);
}

static void backward(const float *x, const float *grad, float *gx, long stride,
                     const float *thresholds, const Neuron *p, float *h) {
    const int atan = !p->sigmoid;
    if (is_simple(p) && !p->soft && p->detach && atan) /* the usual neuron */
        backward_block(x, grad, gx, stride, thresholds, p, h, 1, 0, 1, 0);
    else if (is_simple(p))
        backward_block(x, grad, gx, stride, thresholds, p, h, 1, p->soft, p->detach, !atan);
    else
        backward_block(x, grad, gx, stride, thresholds, p, h, 0, p->soft, p->detach, !atan);
}

/* Fetches what the next block reads while this one is computed: rows far apart, the CPU cannot
 * guess. Not what it writes: that may throw out what is read, as rows share sets of the cache. */
INLINE void prefetch(const float *block, long stride, int T) {
    for (int t = 0; t < T; t++)
        for (unsigned i = 0; i < W; i += LINE / sizeof(float))
            __builtin_prefetch(block + t * stride + i);
}

/* The last N % W elements, in a copy that is a whole block. */
static void copy_in(float *to, const float *from, long stride, int count, int T) {
    memset(to, 0, sizeof(float) * W * T);
    for (int t = 0; t < T; t++) memcpy(to + t * W, from + t * stride, sizeof(float) * count);
}

static void copy_out(float *to, const float *from, long stride, int count, int T) {
    for (int t = 0; t < T; t++) memcpy(to + t * stride, from + t * W, sizeof(float) * count);
}

/* Fresh memory comes page by page, when it is first written; in pages of 2 MiB that costs less
 * than half. Linux gives them where asked, if they fit into out as a whole. */
static void ask_for_huge_pages(const float *out, size_t bytes) {
#ifdef MADV_HUGEPAGE
    const uintptr_t page = 1 << 21, begin = ((uintptr_t)out + page - 1) / page * page;
    const uintptr_t end = ((uintptr_t)out + bytes) / page * page;
    if (begin < end) madvise((void *)begin, end - begin, MADV_HUGEPAGE);
#endif
}

/* x: [T, N] -> out: [T, N], the number of branches that fire. Returns 0, or 1 without memory. */
int lif_forward(const float *x, float *out, long N, const float *thresholds, const Neuron *p) {
    const long blocks = N / W, rest = N % W, size = (long)W * p->T;
    float *spare = aligned_alloc(LINE, sizeof(float) * size * 2);
    if (!spare) return 1;
    ask_for_huge_pages(out, sizeof(float) * N * p->T);
#pragma omp parallel for num_threads(p->threads) schedule(static)
    for (long k = 0; k < blocks; k++) {
        prefetch(x + (k + 1) * W, N, p->T);
        forward(x + k * W, out + k * W, N, thresholds, p);
    }
    if (rest) {
        copy_in(spare, x + blocks * W, N, rest, p->T);
        forward(spare, spare + size, W, thresholds, p);
        copy_out(out + blocks * W, spare + size, N, rest, p->T);
    }
    free(spare);
    return 0;
}

/* x, grad: [T, N] -> gx: [T, N]; the membranes are computed again. Returns as lif_forward. */
int lif_backward(const float *x, const float *grad, float *gx, long N, const float *thresholds,
                 const Neuron *p) {
    const long blocks = N / W, rest = N % W, size = (long)W * p->T, parts = p->threads;
    float *all = aligned_alloc(LINE, sizeof(float) * size * (parts + 3));
    if (!all) return 1;
    ask_for_huge_pages(gx, sizeof(float) * N * p->T);
    float *spare = all + size * parts;
#pragma omp parallel for num_threads(p->threads) schedule(static)
    for (long part = 0; part < parts; part++) { /* one part, with its own buffers, a thread */
        for (long k = blocks * part / parts; k < blocks * (part + 1) / parts; k++) {
            prefetch(x + (k + 1) * W, N, p->T);
            prefetch(grad + (k + 1) * W, N, p->T);
            backward(x + k * W, grad + k * W, gx + k * W, N, thresholds, p, all + size * part);
        }
    }
    if (rest) {
        copy_in(spare, x + blocks * W, N, rest, p->T);
        copy_in(spare + size, grad + blocks * W, N, rest, p->T);
        backward(spare, spare + size, spare + 2 * size, W, thresholds, p, all);
        copy_out(gx + blocks * W, spare + 2 * size, N, rest, p->T);
    }
    free(all);
    return 0;
}
