#include "impls/cpu/grouped_values.h"

#include "reference/dtype.h"

namespace plumb::cpu {

GroupedValues::GroupedValues(const Call& call, std::int64_t length, Order order)
    : length(length),
      count(call.input_count(0) / length),
      stride((length + kPadding - 1) / kPadding * kPadding),
      order_(order),
      values_(static_cast<std::size_t>(count * stride)) {
  const std::vector<float> flat = call.input_as_f32(0);
  for (std::size_t i = 0; i < flat.size(); ++i) {
    values_[static_cast<std::size_t>(place(static_cast<std::int64_t>(i)))] = flat[i];
  }
}

void GroupedValues::store_codes(const Call& call) const {
  const DType dtype = call.output_dtype();
  std::byte* to = call.output<std::byte>().data();
  for (std::int64_t i = 0; i < call.output_count(); ++i) {
    store(dtype, values_[static_cast<std::size_t>(place(i))], to + i * info(dtype).size_bytes);
  }
}

void store_rounded(const Call& call, std::size_t output, const std::vector<float>& values) {
  const DType dtype = call.output_dtype(output);
  std::byte* to = call.output<std::byte>(output).data();
  for (const float value : values) {
    store(dtype, value, to);
    to += info(dtype).size_bytes;
  }
}

}  // namespace plumb::cpu
