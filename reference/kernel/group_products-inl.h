// The loops of group_products.cc, which includes them once for every instruction set, in a namespace of its own.
// PLUMB_TARGET is the attribute of its functions, PLUMB_TILE_ROWS how many rows' sums fit its registers.

// A vector of all outputs; narrower machines take several of theirs.
using Outputs = double __attribute__((vector_size(kOutputsTogether * sizeof(double))));
using Bits = std::int64_t __attribute__((vector_size(kOutputsTogether * sizeof(double))));

template <int kRows, bool kAbsolute, bool kLargest>
PLUMB_TARGET void sum_rows(const GroupProducts& job, std::int64_t m) {
  Outputs sum[kRows] = {}, absolute[kRows] = {}, largest[kRows] = {};
  const double *x = job.x + m * job.x_stride, *abs_x = job.abs_x + m * job.x_stride, *w = job.w;
  for (std::int64_t k = 0; k < job.columns; ++k, w += kOutputsTogether) {
    Outputs weight;
    std::memcpy(&weight, w, sizeof weight);
    Bits abs_weight;
    std::memcpy(&abs_weight, w, sizeof abs_weight);
    abs_weight &= std::numeric_limits<std::int64_t>::max();  // all but the sign
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      sum[r] += x[r * job.x_stride + k] * weight;
      if constexpr (!kAbsolute) continue;
      const Outputs product = abs_x[r * job.x_stride + k] * reinterpret_cast<Outputs>(abs_weight);
      absolute[r] += product;
      if constexpr (kLargest) largest[r] = product > largest[r] ? product : largest[r];
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    std::memcpy(job.sums + (m + r) * kOutputsTogether, &sum[r], sizeof sum[r]);
    if constexpr (kAbsolute) std::memcpy(job.absolute + (m + r) * kOutputsTogether, &absolute[r], sizeof sum[r]);
    if constexpr (kLargest) std::memcpy(job.largest + (m + r) * kOutputsTogether, &largest[r], sizeof sum[r]);
  }
}

template <bool kAbsolute, bool kLargest>
PLUMB_TARGET void sum_all_rows(const GroupProducts& job) {
  std::int64_t m = 0;
  for (; m + PLUMB_TILE_ROWS <= job.rows; m += PLUMB_TILE_ROWS) sum_rows<PLUMB_TILE_ROWS, kAbsolute, kLargest>(job, m);
  for (; m < job.rows; ++m) sum_rows<1, kAbsolute, kLargest>(job, m);
}

PLUMB_TARGET void sum_products(const GroupProducts& job) {
  if (job.absolute == nullptr) return sum_all_rows<false, false>(job);
  return job.largest == nullptr ? sum_all_rows<true, false>(job) : sum_all_rows<true, true>(job);
}
