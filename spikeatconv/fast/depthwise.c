/* The gradient of a depthwise convolution's weights, in float32.
 *
 * x, and g, the gradient of the output, are [N, H, W, C] (channels last), the kernel is K x K, K
 * odd, the stride 1, and zeros are around x:
 *
 *     gw[i, j, c] = sum over n, y, z of g[n, y, z, c] x[n, y + i - K/2, z + j - K/2, c]
 *
 * The sums of a kernel row for V channels stay in registers while a row of g passes. Products with
 * the zeros around x are left out, so an infinite g spoils only what it meets. Called by
 * depthwise.py.
 */
#include <stdlib.h>
#include <string.h>

#ifdef __AVX512F__
#define V 16
#else
#define V 8 /* two registers of Arm's NEON */
#endif
#define MOST 7 /* kernel columns whose sums fit the registers */
#define INLINE static inline __attribute__((always_inline))
typedef float Vector __attribute__((vector_size(4 * V)));

typedef struct {
    long N, H, W, C;
    int K, threads;
} Shape;

INLINE Vector load(const float *from) {
    Vector v;
    memcpy(&v, from, sizeof v);
    return v;
}

/* sums[j] += g[z] x[z + j - left], j from 0 to n, over a row of W pixels, where x has that pixel. */
INLINE void add_row(Vector *sums, const float *x, const float *g, long W, long C, long left, int n) {
    Vector s[MOST] = {0}; /* a sum of its own for each row: less rounding */
    for (long z = 0; z < W; z++) {
        const Vector gz = load(g + z * C);
        const float *xz = x + (z - left) * C;
        if (z >= left && z + n - left <= W)
            for (int j = 0; j < n; j++) s[j] += gz * load(xz + j * C);
        else
            for (int j = 0; j < n; j++)
                if (z + j >= left && z + j < W + left) s[j] += gz * load(xz + j * C);
    }
    for (int j = 0; j < n; j++) sums[j] += s[j];
}

/* Adds V channels of one image to sums: [K, K]. */
INLINE void add_image(Vector *sums, const float *x, const float *g, const Shape *p, int K) {
    const long H = p->H, W = p->W, C = p->C, half = K / 2;
    for (long y = 0; y < H; y++)
        for (long i = y < half ? half - y : 0; i < K && y + i - half < H; i++)
            for (int j = 0; j < K; j += MOST)
                add_row(sums + i * K + j, x + (y + i - half) * W * C, g + y * W * C, W, C, half - j,
                        K - j < MOST ? K - j : MOST);
}

/* Each call is a copy of the code with this K built in. */
static void add(Vector *sums, const float *x, const float *g, const Shape *p) {
    if (p->K == 3) add_image(sums, x, g, p, 3);
    else if (p->K == 5) add_image(sums, x, g, p, 5);
    else if (p->K == 7) add_image(sums, x, g, p, 7);
    else add_image(sums, x, g, p, p->K);
}

/* x, g: [N, H, W, C] -> gw: [threads, K, K, C], whose sum over the threads is the gradient. C >= 16;
 * where it is no multiple of V, the last V channels overlap those before them.
 * Returns 0, or 1 without memory. */
int depthwise_weights(const float *x, const float *g, float *gw, const Shape *p) {
    const long C = p->C, blocks = (C + V - 1) / V, tasks = p->N * blocks, kernel = p->K * p->K;
    const long parts = p->threads, image = p->H * p->W * C;
    Vector *all = aligned_alloc(sizeof(Vector), sizeof(Vector) * kernel * blocks * parts);
    if (!all) return 1;
    memset(all, 0, sizeof(Vector) * kernel * blocks * parts);
#pragma omp parallel for num_threads(p->threads) schedule(static)
    for (long part = 0; part < parts; part++) {
        Vector *own = all + part * kernel * blocks;
        for (long task = tasks * part / parts; task < tasks * (part + 1) / parts; task++) {
            const long b = task % blocks, c = b * V < C - V ? b * V : C - V;
            const long first = task / blocks * image + c;
            add(own + b * kernel, x + first, g + first, p);
        }
        for (long b = 0; b < blocks; b++)
            for (long k = 0; k < kernel; k++) {
                const long c = b * V < C - V ? b * V : C - V;
                memcpy(gw + (part * kernel + k) * C + c, own + b * kernel + k, sizeof(Vector));
            }
    }
    free(all);
    return 0;
}
