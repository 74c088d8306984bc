/*
 * plumbline.h: the C ABI of plumbline, the one door through which implementations are checked.
 *
 * plumbline's own CPU and Vulkan kernels and yours in a shared object come in the same way. A shared object exports one
 * function, plumb_get_library(), and is judged with
 *
 *     plumb check libmykernels.so
 *
 * See impls/external/example_linear_q4gsw.c for a complete one. The header is C99 and has no other dependency.
 *
 * Conventions
 *   - Tensors are dense, row-major, aligned to their elements only, and valid only during the call that passes them.
 *   - Inputs are read-only. Outputs are allocated by the caller, filled with a poison pattern, and must be written in
 *     full. Nothing outside [data, data + bytes) may be read or written.
 *   - Functions return a status and let no C++ exception across. On any status but PLUMB_OK the outputs must be
 *     untouched.
 *   - All functions of one implementation are called from one thread at a time.
 *   - plumbline loads the library once to read its description, and again in each worker process that calls it. No
 *     process is forked after the library was loaded in it: it may start threads and open devices when it is loaded.
 *   - Names of implementations are plain words: letters, digits and ._-+:/@.
 */
#ifndef PLUMBLINE_H_
#define PLUMBLINE_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a struct below changes incompatibly. A library with another number is refused. */
#define PLUMB_ABI_VERSION 1

#if defined(_WIN32)
#define PLUMB_EXPORT __declspec(dllexport)
#else
#define PLUMB_EXPORT __attribute__((visibility("default")))
#endif

typedef enum plumb_status {
  PLUMB_OK = 0,
  PLUMB_UNSUPPORTED = 1,  /* A legal call that this implementation does not do: the case is skipped, with a reason. */
  PLUMB_BAD_ARGUMENT = 2, /* Shapes, element types, parameters or values that the operator forbids. */
  PLUMB_OUT_OF_MEMORY = 3,
  PLUMB_DEVICE_ERROR = 4, /* The device, driver or runtime failed. */
  PLUMB_INTERNAL_ERROR = 5
} plumb_status;

/* Element types. Packed sub-byte codes are PLUMB_U8 tensors of bytes; the operator says which layout they have. */
typedef enum plumb_dtype {
  PLUMB_U8 = 1,
  PLUMB_I8 = 2,
  PLUMB_I32 = 3,
  PLUMB_I64 = 4,
  PLUMB_F16 = 5, /* IEEE binary16 */
  PLUMB_BF16 = 6,
  PLUMB_F32 = 7,
  PLUMB_F64 = 8
} plumb_dtype;

typedef struct plumb_tensor {
  const char* name;     /* The operator's name for it, e.g. "weight_scales" (see `plumb ops NAME`). */
  void* data;           /* First element; NULL if an optional input is absent or not passed to this function. */
  const int64_t* shape; /* `rank` dimensions, outermost first. */
  int32_t rank;         /* 0 = scalar. */
  int32_t dtype;        /* plumb_dtype. */
} plumb_tensor;

/* A scalar parameter. Flags are 0 or 1; element-type parameters hold a plumb_dtype. */
typedef struct plumb_param {
  const char* name; /* e.g. "group" */
  int64_t value;
} plumb_param;

/* One problem: what `supports`, `prepare` and `run` are asked about. */
typedef struct plumb_call {
  uint32_t struct_size; /* sizeof(plumb_call) of the caller; later versions only append fields. */
  int32_t input_count;
  const plumb_tensor* inputs; /* All inputs in the operator's order; absent optional ones have data == NULL,
                               * rank 0 and dtype 0. */
  int32_t output_count;
  int32_t param_count;
  plumb_tensor* outputs;     /* In the operator's order. */
  const plumb_param* params; /* All parameters, also those with default values. */
  int32_t threads;           /* How many threads may be used; at least 1. */
} plumb_call;

/* What an implementation promises about its arithmetic. Its outputs are judged against a bound proved from this, so
 * promise what is true: too little hides faults, too much fails. Integer and pure data-movement operators ignore it. */
typedef struct plumb_contract {
  int32_t
      activation; /* plumb_dtype the activation is rounded to before it is multiplied; its own type = not rounded. */
  int32_t weight; /* plumb_dtype the dequantised weight (code - zero point) * scale is rounded to;
                     PLUMB_F64 = its factors are used unrounded. */
  int32_t accumulator;   /* plumb_dtype of products, partial sums and their scaling. */
  int32_t chain_divisor; /* The longest chain of roundings that a product passes through on its way to the output is */
  int32_t chain_extra;   /*   ceil(K / chain_divisor) + chain_extra. Straight summation: divisor 1. 16 parallel
                              accumulators: divisor 16, extra 4 for folding them, and so on. Where integers are
                              summed up first, `plumb ops` says what stands in the place of K. */
  int32_t flushes_subnormals; /* 1 = values below the normal range of the types named above, and of the output's, may
                                 be taken as zero. */
  int32_t deterministic;      /* 1 = the same call gives the same bits, for all thread counts, wherever tensors lie. */
} plumb_contract;

typedef struct plumb_impl plumb_impl;
struct plumb_impl {
  uint32_t struct_size;    /* sizeof(plumb_impl) of the library. */
  const char* op;          /* Operator, e.g. "linear_q4gsw"; `plumb ops` lists them. */
  const char* name;        /* e.g. "mylib.avx2"; unique per operator. */
  const char* unavailable; /* NULL, or why it cannot run on this machine ("CPU lacks AVX2"). Its cases are skipped. */
  plumb_contract contract;
  void* user; /* The implementation's own. */

  /* May be NULL (= supports every legal call). PLUMB_OK or PLUMB_UNSUPPORTED; *reason may be set to a static string.
   * Tensor data is not passed. */
  plumb_status (*supports)(const plumb_impl* self, const plumb_call* call, const char** reason);

  /* Packs the constant inputs (weights, scales, bias: `plumb ops NAME` marks them) into the implementation's own form.
   * Only constant inputs have data. *prepared is handed to `run` and `release`. NULL = nothing to prepare; `run` is
   * then given the constant inputs as well. */
  plumb_status (*prepare)(const plumb_impl* self, const plumb_call* call, void** prepared);

  /* Computes the outputs. Where there is a `prepare`, constant inputs have data == NULL here: what is needed of them is
   * in `prepared`. May be called any number of times, with other activations and other M, on one `prepared`. */
  plumb_status (*run)(const plumb_impl* self, const plumb_call* call, void* prepared);

  /* Frees what `prepare` made. NULL if there is nothing to free. */
  void (*release)(const plumb_impl* self, void* prepared);
};

typedef struct plumb_library {
  uint32_t abi_version; /* PLUMB_ABI_VERSION */
  uint32_t impl_count;
  const char* name; /* e.g. "mylib" */
  const char* version;
  const plumb_impl* const* impls;
} plumb_library;

/* The one exported function. The returned library lives until the process ends. */
PLUMB_EXPORT const plumb_library* plumb_get_library(void);

#ifdef __cplusplus
}
#endif

#endif /* PLUMBLINE_H_ */
