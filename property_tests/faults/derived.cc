#include "property_tests/faults/derived.h"

#include <algorithm>

#include "impls/cpu/kernels.h"
#include "reference/error.h"
#include "reference/ops.h"

namespace plumb::faults {
namespace {

constexpr Fault kDerived[] = {
    {"bytes_turned_round", "", "low and high nibble of every byte of the first output exchanged",
     Mutation::bytes_turned_round, Outcome::fail, "", "1", no_peer, "nibbles swapped"},
    {"last_element_inverted", "", "every bit of the last element of the first output inverted",
     Mutation::last_element_inverted, Outcome::fail},
    {"one_written_beyond", "", "a byte behind the first output written", Mutation::one_written_beyond, Outcome::crash,
     "it wrote 1 byte past the end of"},
};

std::span<std::byte> bytes_of(const Call& call, std::size_t output) {
  const auto size = static_cast<std::size_t>(call.output_count(output) * info(call.output_dtype(output)).size_bytes);
  return {static_cast<std::byte*>(static_cast<void*>(call.output<std::byte>(output).data())), size};
}

// Runs the right kernel and spoils what it wrote.
void run_spoilt(const Kernel& right, Mutation mutation, const Call& call, void* prepared) {
  right.run(call, prepared);
  const std::span<std::byte> first = bytes_of(call, 0);
  if (mutation == Mutation::bytes_turned_round) {
    for (std::byte& byte : first) byte = byte << 4 | byte >> 4;
  }
  if (mutation == Mutation::last_element_inverted && !first.empty()) {
    const auto size = static_cast<std::size_t>(info(call.output_dtype(0)).size_bytes);
    for (std::byte& byte : first.last(size)) byte = ~byte;
  }
  if (mutation == Mutation::one_written_beyond) first.data()[first.size()] ^= std::byte{1};
}

}  // namespace

std::vector<Fault> derived_faults(std::span<const Fault> known) {
  std::vector<Fault> faults;
  for (const Op& op : all_ops()) {
    const bool listed = std::ranges::any_of(known, [&](const Fault& fault) { return fault.op == op.name; });
    if (listed || op.arithmetic != Arithmetic::prescribed) continue;
    for (Fault fault : kDerived) {
      fault.op = op.name.c_str();
      faults.push_back(fault);
    }
  }
  return faults;
}

Kernel spoilt_kernel(std::string_view op, Mutation mutation) {
  for (const cpu::MakeKernel make : cpu::kKernels) {
    Kernel right = make(cpu::compiled_targets().back());
    if (op != right.op) continue;
    Kernel spoilt = right;
    spoilt.run = [right, mutation](const Call& call, void* prepared) { run_spoilt(right, mutation, call, prepared); };
    return spoilt;
  }
  PLUMB_CHECK(false);
}

}  // namespace plumb::faults
