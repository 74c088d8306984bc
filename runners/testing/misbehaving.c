/*
 * A library for tests: implementations of pack_uint4 that are right, except that each does its own kind of harm on one
 * planned size, or what only a probe shows. A campaign over them must give each harm its verdict and lose no other
 * case.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plumbline.h"

enum { kHarmfulSize = 34 };

static uint8_t pack_pair(const uint8_t* codes) { return (uint8_t)((codes[0] & 15) | codes[1] << 4); }

static void pack(const plumb_call* call) {
  const uint8_t* codes = call->inputs[0].data;
  uint8_t* packed = call->outputs[0].data;
  for (int64_t i = 0; i < call->outputs[0].shape[0]; ++i) packed[i] = pack_pair(codes + 2 * i);
}

static int64_t code_count(const plumb_call* call) { return 2 * call->outputs[0].shape[0]; }

/* The compiler must not see that these never end, or touch what they should not. */
static volatile int endless = 1;
static volatile uint8_t sink;

static int recurse(int depth) {
  volatile char frame[4096];
  frame[0] = (char)depth;
  return endless ? recurse(depth + 1) + frame[0] : 0;
}

static void* recurse_in_thread(void* unused) {
  (void)unused;
  return (void*)(intptr_t)recurse(0);
}

static void harm_segfault(const plumb_call* call) {
  (void)call;
  *(volatile int*)8 = 1;
}
static void harm_loop(const plumb_call* call) {
  (void)call;
  while (endless) sink = 0;
}
static void harm_stack(const plumb_call* call) {
  (void)call;
  sink = (uint8_t)recurse(0);
}
static void harm_thread_stack(const plumb_call* call) {
  (void)call;
  pthread_t thread;
  if (pthread_create(&thread, NULL, recurse_in_thread, NULL) == 0) pthread_join(thread, NULL);
}
static void harm_write_past(const plumb_call* call) {
  ((volatile uint8_t*)call->outputs[0].data)[code_count(call) / 2] = 1;
}
static void harm_write_before(const plumb_call* call) { ((volatile uint8_t*)call->outputs[0].data)[-1] = 1; }
static void harm_read_past(const plumb_call* call) {
  sink = ((volatile uint8_t*)call->inputs[0].data)[code_count(call)];
}
static void harm_read_before(const plumb_call* call) { sink = ((volatile uint8_t*)call->inputs[0].data)[-1]; }
static void harm_write_input(const plumb_call* call) { ((volatile uint8_t*)call->inputs[0].data)[3] ^= 1; }
static void harm_exit(const plumb_call* call) {
  (void)call;
  exit(0);
}
static void harm_abort(const plumb_call* call) {
  (void)call;
  abort();
}
static void harm_divide(const plumb_call* call) {
  volatile int zero = 0;
  sink = (uint8_t)(call->threads / zero);
}
/* Takes all the memory that there is, in writable pieces, and never gives it back. */
static void harm_memory(const plumb_call* call) {
  (void)call;
  for (;;) {
    char* piece = malloc(1 << 20);
    if (piece == NULL) abort();
    memset(piece, 1, 1 << 20);
  }
}
static void harm_leak(const plumb_call* call) {
  (void)call;
  for (;;) {
    if (malloc(1 << 20) == NULL) return;
  }
}
/* A vector that lies where none may: what a processor says of that names no address. */
static void harm_misaligned(const plumb_call* call) {
#if defined(__x86_64__)
  __asm__ volatile("movaps %0, %%xmm0" : : "m"(*((const uint8_t*)call->inputs[0].data + 1)) : "xmm0");
#else
  (void)call;
  raise(SIGSEGV);
#endif
}
static void harm_nothing(const plumb_call* call) { (void)call; }

static int is_legal(const plumb_call* call) {
  const plumb_tensor *codes = &call->inputs[0], *packed = &call->outputs[0];
  int64_t count = 1, lead = -1;
  for (int32_t axis = 0; axis < codes->rank; ++axis) count *= codes->shape[axis];
  for (int32_t i = 0; i < call->param_count; ++i) {
    if (strcmp(call->params[i].name, "lead") == 0) lead = call->params[i].value;
  }
  return codes->dtype == PLUMB_U8 && codes->rank == lead && lead > 0 && count % 2 == 0 && packed->dtype == PLUMB_U8 &&
         packed->rank == 2 && packed->shape[0] == count / 2 && packed->shape[1] == 1;
}

static plumb_status run(const plumb_impl* self, const plumb_call* call, void* prepared) {
  (void)prepared;
  if (!is_legal(call)) return PLUMB_BAD_ARGUMENT;
  if (code_count(call) == kHarmfulSize) (*(void (**)(const plumb_call*))self->user)(call);
  pack(call);
  return PLUMB_OK;
}

/* What only probes show, on any size. */

/* Wrong with more than three threads. */
static plumb_status run_more_threads(const plumb_impl* self, const plumb_call* call, void* prepared) {
  (void)self, (void)prepared;
  if (!is_legal(call)) return PLUMB_BAD_ARGUMENT;
  pack(call);
  if (call->threads > 3) ((uint8_t*)call->outputs[0].data)[0] ^= 1;
  return PLUMB_OK;
}
/* Every call but the first on the same input is wrong. */
static plumb_status run_second_call(const plumb_impl* self, const plumb_call* call, void* prepared) {
  static const void* last_codes = NULL;
  static int calls = 0;
  (void)self, (void)prepared;
  if (!is_legal(call)) return PLUMB_BAD_ARGUMENT;
  pack(call);
  calls = call->inputs[0].data == last_codes ? calls + 1 : 1;
  last_codes = call->inputs[0].data;
  if (calls > 1) ((uint8_t*)call->outputs[0].data)[0] ^= 1;
  return PLUMB_OK;
}
/* Takes for granted that what it is given is aligned to 4 bytes, or else ends on such a boundary. */
static plumb_status run_aligned(const plumb_impl* self, const plumb_call* call, void* prepared) {
  (void)self, (void)prepared;
  if (!is_legal(call)) return PLUMB_BAD_ARGUMENT;
  pack(call);
  const uintptr_t begin = (uintptr_t)call->inputs[0].data, end = begin + (uintptr_t)code_count(call);
  if (begin % 4 != 0 && end % 4 != 0) ((uint8_t*)call->outputs[0].data)[0] ^= 1;
  return PLUMB_OK;
}
/* Takes any call for a legal one. */
static plumb_status run_anything(const plumb_impl* self, const plumb_call* call, void* prepared) {
  (void)self, (void)prepared;
  if (is_legal(call)) pack(call);
  return PLUMB_OK;
}
/* Refuses what is forbidden, but writes first. */
static plumb_status run_scribbles(const plumb_impl* self, const plumb_call* call, void* prepared) {
  (void)self, (void)prepared;
  if (is_legal(call)) {
    pack(call);
    return PLUMB_OK;
  }
  *(uint8_t*)call->outputs[0].data = 0;
  return PLUMB_BAD_ARGUMENT;
}
/* Does not ask whether there is anything to pack. */
static plumb_status run_unchecked(const plumb_impl* self, const plumb_call* call, void* prepared) {
  (void)self, (void)prepared;
  if (call->inputs[0].data != NULL && !is_legal(call)) return PLUMB_BAD_ARGUMENT;
  pack(call);
  return PLUMB_OK;
}

/* A function pointer cannot be kept in a void*. */
#define HARM(NAME)                                                                                  \
  static void (*pointer_##NAME)(const plumb_call*) = harm_##NAME;                                   \
  static const plumb_impl impl_##NAME = {                                                           \
      sizeof(plumb_impl), "pack_uint4", #NAME, NULL, {PLUMB_F32, PLUMB_F32, PLUMB_F32, 1, 1, 0, 1}, \
      &pointer_##NAME,    NULL,         NULL,  run,  NULL};
#define PROBED(NAME)                                                                                                  \
  static const plumb_impl impl_##NAME = {                                                                             \
      sizeof(plumb_impl), "pack_uint4", #NAME, NULL, {PLUMB_F32, PLUMB_F32, PLUMB_F32, 1, 1, 0, 1}, NULL, NULL, NULL, \
      run_##NAME,         NULL};
PROBED(more_threads)
PROBED(second_call)
PROBED(aligned)
PROBED(anything)
PROBED(scribbles)
PROBED(unchecked)
HARM(nothing)
HARM(misaligned)
HARM(segfault)
HARM(loop)
HARM(stack)
HARM(thread_stack)
HARM(write_past)
HARM(write_before)
HARM(read_past)
HARM(read_before)
HARM(write_input)
HARM(exit)
HARM(abort)
HARM(divide)
HARM(memory)
HARM(leak)

static const plumb_impl* const impls[] = {
    &impl_nothing,    &impl_misaligned,   &impl_segfault,  &impl_loop,        &impl_stack,        &impl_thread_stack,
    &impl_write_past, &impl_write_before, &impl_read_past, &impl_read_before, &impl_write_input,  &impl_exit,
    &impl_abort,      &impl_divide,       &impl_memory,    &impl_leak,        &impl_more_threads, &impl_second_call,
    &impl_aligned,    &impl_anything,     &impl_scribbles, &impl_unchecked};
static const plumb_library library = {PLUMB_ABI_VERSION, sizeof impls / sizeof *impls, "misbehaving", "1", impls};

const plumb_library* plumb_get_library(void) { return &library; }
