#include "impls/decibels.h"

#include <cmath>
#include <cstring>

namespace plumb {
namespace {

// Steps in `Computed`, f32 or f64, of elements of type `dtype`.
template <typename Computed>
double decibels(DType dtype, double signal, double noise) {
  const auto rounded = [&](Computed value) { return static_cast<Computed>(round_to(dtype, value)); };
  // A sum beyond f32 has a norm beyond f16, but within f32.
  const Computed of_signal = rounded(static_cast<Computed>(std::sqrt(signal)));
  const Computed of_noise = rounded(static_cast<Computed>(std::sqrt(noise)));
  return rounded(20 * rounded(std::log10(rounded(of_signal / of_noise))));
}

}  // namespace

void store_decibels(const Call& call, double signal, double noise) {
  const DType dtype = call.output_dtype();
  if (dtype == DType::f64) {
    const double value = decibels<double>(dtype, signal, noise);
    std::memcpy(call.output<std::byte>().data(), &value, sizeof value);
  } else {
    const auto value = static_cast<float>(decibels<float>(dtype, signal, noise));
    call.store_f32({&value, 1});
  }
}

}  // namespace plumb
