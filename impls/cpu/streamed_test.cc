#include "impls/cpu/streamed.h"

#include <gtest/gtest.h>

#include <vector>

namespace plumb::cpu {
namespace {

TEST(Streamed, WritesTheBytesAndNoOthersWhereverTheyLie) {
  std::vector<unsigned char> from(1000);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<unsigned char>(i * 31 + i / 256 + 1);
  for (const int bytes : {0, 1, 63, 64, 65, 127, 130, 700}) {
    for (const int source : {0, 1, 17}) {
      for (int target = 0; target < 70; ++target) {
        std::vector<unsigned char> to(1000, 0), want(1000, 0);
        std::copy_n(from.begin() + source, bytes, want.begin() + target);
        stream_bytes(from.data() + source, to.data() + target, bytes);
        end_stream();
        ASSERT_EQ(to, want) << bytes << " bytes from " << source << " to " << target;
      }
    }
  }
}

}  // namespace
}  // namespace plumb::cpu
