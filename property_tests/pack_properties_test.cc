// Packing and unpacking by any two implementations undo each other.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "property_tests/answer.h"
#include "property_tests/generate.h"
#include "reference/ops.h"

namespace plumb {
namespace {

// A problem of the other operator over the bytes that one of them wrote.
Problem over_bytes(const Op& op, std::int64_t count, DType dtype, std::span<const std::byte> bytes) {
  Sizes sizes = {{"n", count}};
  if (op.param("container") != nullptr) sizes["container"] = static_cast<std::int64_t>(dtype);
  return {make_signature(op, sizes), {Tensor(dtype, {count}, {bytes.begin(), bytes.end()})}};
}

// Two operators that undo each other.
struct Pair {
  const char *pack, *unpack;
  int code_mask;  // what packing keeps of a code
};

constexpr Pair kPairs[] = {
    {"pack_uint4", "unpack_uint4", 15}, {"pack_int4", "unpack_int4", 15}, {"pack_uint2", "unpack_uint2", 3}};

RC_GTEST_PROP(PackProperties, UnpackUndoesPack, ()) {
  const Pair& pair = *rc::gen::elementOf(kPairs);
  const Op &pack = op_named(pair.pack), &unpack = op_named(pair.unpack);
  const Problem problem = make_problem(*arbitrary_case(pack));
  const std::span<const std::uint8_t> codes = problem.inputs[0].codes();
  const auto kept = [&](std::uint8_t code) { return code & pair.code_mask; };
  for (const Subject& packer : runnable(pack.name)) {
    const Tensor packed = answer(packer, pack, problem);
    const Problem back = over_bytes(unpack, packed.size(), DType::u8, packed.bytes());
    for (const Subject& unpacker : runnable(unpack.name)) {
      RC_LOG(packer.impl->name);
      RC_LOG(unpacker.impl->name);
      const Tensor unpacked = answer(unpacker, unpack, back);
      RC_ASSERT(std::ranges::equal(unpacked.codes(), codes, {}, kept, kept));
    }
  }
}

// Also for an i8 container, whose high codes keep the sign: packing takes their low four bits.
RC_GTEST_PROP(PackProperties, PackUndoesUnpack, ()) {
  const Pair& pair = *rc::gen::elementOf(kPairs);
  const Op &pack = op_named(pair.pack), &unpack = op_named(pair.unpack);
  const Problem problem = make_problem(*arbitrary_case(unpack));
  for (const Subject& unpacker : runnable(unpack.name)) {
    const Tensor unpacked = answer(unpacker, unpack, problem);
    const Problem back = over_bytes(pack, unpacked.size(), dtype_from_string(pack.inputs[0].dtype), unpacked.bytes());
    for (const Subject& packer : runnable(pack.name)) {
      RC_LOG(unpacker.impl->name);
      RC_LOG(packer.impl->name);
      RC_ASSERT(std::ranges::equal(answer(packer, pack, back).bytes(), problem.inputs[0].bytes()));
    }
  }
}

}  // namespace
}  // namespace plumb
