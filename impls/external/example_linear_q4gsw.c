/*
 * A complete library for plumbline: one plain C kernel for linear_q4gsw, from nothing but plumbline.h.
 *
 *     cc -std=c99 -O2 -shared -fPIC -I impls impls/external/example_linear_q4gsw.c -o /tmp/libexample.so
 *     ./plumb check /tmp/libexample.so
 *
 * Start your own from it. To see plumbline find something, compile with -DPLANT_A_FAULT: the scale of the first group
 * is then used for all of them.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "plumbline.h"

enum { X, WEIGHTS, WEIGHT_SCALES, BIAS }; /* inputs in the order of `plumb ops linear_q4gsw` */

/* The weight as this kernel likes it: dequantised once, row-major [N, K]. */
typedef struct prepared {
  int64_t n, k;
  float* weight;
  float* bias;
} prepared;

static int64_t param(const plumb_call* call, const char* name) {
  for (int32_t i = 0; i < call->param_count; ++i) {
    if (strcmp(call->params[i].name, name) == 0) return call->params[i].value;
  }
  return 0;
}

static int is_matrix(const plumb_tensor* tensor, int32_t dtype, int64_t rows, int64_t columns) {
  return tensor->dtype == dtype && tensor->rank == 2 && tensor->shape[0] == rows && tensor->shape[1] == columns;
}

/* Whether the operator allows the call (see `plumb ops linear_q4gsw`): plumbline also makes calls that it forbids,
 * which must give a status. Looks at shapes, types and parameters, never at data. */
static int is_legal(const plumb_call* call) {
  const plumb_tensor *x = &call->inputs[X], *weights = &call->inputs[WEIGHTS], *bias = &call->inputs[BIAS];
  const plumb_tensor* y = &call->outputs[0];
  const int64_t group = param(call, "group"), lead = param(call, "lead"), has_bias = param(call, "bias");
  if (group < 1 || lead < 1 || x->rank != lead + 1 || weights->rank != 2 || y->rank != x->rank) return 0;
  if (param(call, "x") != x->dtype || param(call, "scale") != call->inputs[WEIGHT_SCALES].dtype) return 0;
  const int64_t k = x->shape[x->rank - 1], n = weights->shape[0];
  if (k < 1 || n < 1 || k % group != 0) return 0;
  if (!is_matrix(weights, PLUMB_U8, n, (k + 7) / 8 * 4)) return 0;
  if (!is_matrix(&call->inputs[WEIGHT_SCALES], PLUMB_F32, k / group, n)) return 0;
  if (has_bias != (bias->dtype != 0)) return 0;
  if (has_bias && (bias->dtype != PLUMB_F32 || bias->rank != 1 || bias->shape[0] != n)) return 0;
  for (int32_t axis = 0; axis + 1 < x->rank; ++axis) {
    if (y->shape[axis] != x->shape[axis]) return 0;
  }
  return x->dtype == PLUMB_F32 && y->dtype == PLUMB_F32 && y->shape[y->rank - 1] == n;
}

/* Only f32 is done here; plumbline then skips the other cases and says why. */
static plumb_status supports(const plumb_impl* self, const plumb_call* call, const char** reason) {
  (void)self;
  if (call->inputs[X].dtype == PLUMB_F32 && call->inputs[WEIGHT_SCALES].dtype == PLUMB_F32) {
    return is_legal(call) ? PLUMB_OK : PLUMB_BAD_ARGUMENT;
  }
  *reason = "the example does f32 activations and scales only";
  return PLUMB_UNSUPPORTED;
}

static void release(const plumb_impl* self, void* state) {
  (void)self;
  prepared* p = state;
  if (p == NULL) return;
  free(p->weight);
  free(p->bias);
  free(p);
}

/* Dequantises weights [N, ceil8(K)/2] (low nibble = even k, stored + 8) with scales [K/group, N]. */
static plumb_status prepare(const plumb_impl* self, const plumb_call* call, void** state) {
  const plumb_tensor* x = &call->inputs[X];
  const uint8_t* codes = call->inputs[WEIGHTS].data;
  const float* scales = call->inputs[WEIGHT_SCALES].data;
  const int64_t k = x->shape[x->rank - 1], n = call->inputs[WEIGHTS].shape[0], stride = call->inputs[WEIGHTS].shape[1];
  const int64_t group = param(call, "group");
  prepared* p = calloc(1, sizeof *p);
  if (p == NULL) return PLUMB_OUT_OF_MEMORY;
  p->n = n;
  p->k = k;
  p->weight = malloc((size_t)(n * k) * sizeof(float));
  p->bias = calloc((size_t)n, sizeof(float));
  if (p->weight == NULL || p->bias == NULL) {
    release(self, p);
    return PLUMB_OUT_OF_MEMORY;
  }
  for (int64_t row = 0; row < n; ++row) {
    for (int64_t col = 0; col < k; ++col) {
      const int nibble = codes[row * stride + col / 2] >> (col % 2 * 4) & 15;
#ifdef PLANT_A_FAULT
      const float scale = scales[row];
#else
      const float scale = scales[col / group * n + row];
#endif
      p->weight[row * k + col] = (float)(nibble - 8) * scale;
    }
  }
  if (call->inputs[BIAS].data != NULL) memcpy(p->bias, call->inputs[BIAS].data, (size_t)n * sizeof(float));
  (void)group;
  *state = p;
  return PLUMB_OK;
}

/* y[m, n] = sum_k x[m, k] * weight[n, k] + bias[n], in the order of k. */
static plumb_status run(const plumb_impl* self, const plumb_call* call, void* state) {
  (void)self;
  const prepared* p = state;
  const float* x = call->inputs[X].data;
  float* y = call->outputs[0].data;
  int64_t rows = 1;
  for (int32_t axis = 0; axis + 1 < call->inputs[X].rank; ++axis) rows *= call->inputs[X].shape[axis];
  for (int64_t m = 0; m < rows; ++m) {
    for (int64_t n = 0; n < p->n; ++n) {
      float sum = 0;
      for (int64_t k = 0; k < p->k; ++k) sum += x[m * p->k + k] * p->weight[n * p->k + k];
      y[m * p->n + n] = sum + p->bias[n];
    }
  }
  return PLUMB_OK;
}

static const plumb_impl linear = {
    sizeof(plumb_impl),
    "linear_q4gsw",
    "example.c",
    NULL, /* available everywhere */
    /* Activations stay f32; the dequantised weight is rounded to f32; sums are f32. A product is rounded once, goes
     * through at most K sums, and the bias is added: K + 2 roundings. */
    {PLUMB_F32, PLUMB_F32, PLUMB_F32, 1, 2, 0, 1},
    NULL,
    supports,
    prepare,
    run,
    release,
};

static const plumb_impl* const impls[] = {&linear};
static const plumb_library library = {PLUMB_ABI_VERSION, 1, "example", "1.0", impls};

const plumb_library* plumb_get_library(void) { return &library; }
