// Every declared layout against bytes written down by hand or made by the system that defines it.
#include "reference/layout/layouts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "reference/error.h"

namespace plumb {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes packed(std::string_view layout, Extent extent, const std::vector<int>& codes) {
  return pack(layout_named(layout), extent, codes);
}

TEST(Layouts, NamesAreUniqueAndUnknownOnesRefused) {
  std::set<std::string> names;
  for (const Layout& layout : all_layouts()) {
    EXPECT_TRUE(names.insert(layout.name).second) << layout.name;
    EXPECT_EQ(&layout_named(layout.name), &layout);
    EXPECT_FALSE(layout.summary.empty() || layout.source.empty()) << layout.name;
  }
  try {
    (void)layout_named("et_vk.q4");
    FAIL();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_TRUE(message.starts_with("layout 'et_vk.q4' is unknown; nearest: et_vk.q4gsw, ")) << message;
  }
}

// Each code has bits of its own, and together they fill every byte.
TEST(Layouts, AreBijectionsOntoTheirBits) {
  for (const Layout& layout : all_layouts()) {
    for (const Extent extent : {Extent{1, 2}, {2, 3}, {5, 8}, {32, 6}, {33, 10}, {70, 36}}) {
      const Extent padded = layout.padded(extent);
      if (padded.rows * padded.columns * layout.bits % 8 != 0) continue;  // refused: the last byte would not be full
      std::vector<int> uses(static_cast<std::size_t>(layout.size_bytes(extent)) * 8);
      for (std::int64_t row = 0; row < padded.rows; ++row) {
        for (std::int64_t column = 0; column < padded.columns; ++column) {
          for (int bit = 0; bit < layout.bits; ++bit) {
            const BitPosition at = layout.position(row, column, bit, padded);
            ++uses.at(static_cast<std::size_t>(at.byte * 8 + at.bit));
          }
        }
      }
      EXPECT_TRUE(std::ranges::all_of(uses, [](int n) { return n == 1; })) << layout.name;
    }
  }
}

TEST(Layouts, UnpackInvertsPackForAllCodes) {
  for (const Layout& layout : all_layouts()) {
    const Extent extent{35, 40};
    const int range = layout.max_code() - layout.min_code() + 1;
    std::vector<int> codes;
    for (int i = 0; i < 35 * 40; ++i) codes.push_back(layout.min_code() + (i * 7 + i / 16) % range);
    EXPECT_EQ(unpack(layout, extent, pack(layout, extent, codes)), codes) << layout.name;
  }
}

TEST(Layouts, NncfU4PairsCrossRows) {
  EXPECT_EQ(packed("nncf.u4", {2, 3}, {0, 1, 2, 15, 4, 5}), (Bytes{0x10, 0xf2, 0x54}));
  EXPECT_THROW((void)packed("nncf.u4", {1, 3}, {0, 1, 2}), Error);
  EXPECT_THROW((void)packed("nncf.u4", {1, 2}, {0, 16}), Error);
  EXPECT_THROW((void)packed("nncf.u4", {1, 2}, {-1, 0}), Error);
}

// golden/openvino/nncf_pack.h5, case pack_int4_out_of_range for the first two bytes of it that are in range.
TEST(Layouts, NncfI4IsOffsetBinaryAndNncfU2HasFourAByte) {
  EXPECT_EQ(packed("nncf.i4", {2, 2}, {0, 1, -8, 7}), (Bytes{0x98, 0xf0}));
  EXPECT_THROW((void)packed("nncf.i4", {1, 2}, {8, 0}), Error);
  EXPECT_EQ(packed("nncf.u2", {2, 4}, {1, 2, 3, 0, 0, 0, 0, 3}), (Bytes{0x39, 0xc0}));
  EXPECT_THROW((void)packed("nncf.u2", {1, 2}, {0, 1}), Error);
}

// golden/openvino/ov_elements.h5, cases *_one_bit_set, say the same of every bit.
TEST(Layouts, OpenvinoThreeBytesHoldEightOrFour) {
  EXPECT_EQ(packed("openvino.u3", {1, 8}, {4, 1, 2, 3, 3, 2, 1, 4}), (Bytes{0b00011011, 0b11100100, 0b10000001}));
  EXPECT_EQ(packed("openvino.u6", {1, 4}, {0x11, 0x22, 0x33, 0x0f}), (Bytes{0x12, 0x3f, 0b01101100}));
  EXPECT_EQ(packed("openvino.u1", {1, 8}, {1, 0, 1, 1, 0, 0, 0, 1}), (Bytes{0b10110001}));
  EXPECT_EQ(packed("openvino.i4", {2, 1}, {-1, -8}), (Bytes{0x8f}));
  EXPECT_THROW((void)packed("openvino.u3", {1, 7}, {0, 0, 0, 0, 0, 0, 0}), Error);
}

// ExecuTorch 1.5.1, pack_4bit_weight_tensor: golden/executorch/weight_pack.h5, cases pack_n1_k1, n2_k5 and n3_k7.
TEST(Layouts, Q4gswIsThatOfExecuTorch) {
  EXPECT_EQ(packed("et_vk.q4gsw", {1, 1}, {2}), (Bytes{0x8a, 0x88, 0x88, 0x88}));
  EXPECT_EQ(packed("et_vk.q4gsw", {2, 5}, {1, -4, -4, -6, 6, 1, 0, -6, 6, 4}),
            (Bytes{0x49, 0x24, 0x8e, 0x88, 0x89, 0xe2, 0x8c, 0x88}));
  EXPECT_EQ(packed("et_vk.q4gsw", {3, 7}, {-5, -1, -1, -8, 3, 6, 4, -7, 5, -8, 1, 5, 0, 1, 4, 3, -4, 4, 5, 7, 2}),
            (Bytes{0x73, 0x07, 0xeb, 0x8c, 0xd1, 0x90, 0x8d, 0x89, 0xbc, 0xc4, 0xfd, 0x8a}));
  EXPECT_THROW((void)packed("et_vk.q4gsw", {1, 2}, {0, 8}), Error);
  EXPECT_THROW((void)packed("et_vk.q4gsw", {1, 2}, {-9, 0}), Error);
}

TEST(Layouts, EmbeddingNibbles) {
  const std::vector<int> codes = {-8, 7, 0, 1, -1, 2};  // stored 0 15 | 8 9 | 7 10
  EXPECT_EQ(packed("et_vk.q4_even_low", {1, 6}, codes), (Bytes{0xf0, 0x98, 0xa7}));
  EXPECT_EQ(packed("et_vk.q4_even_high", {1, 6}, codes), (Bytes{0x0f, 0x89, 0x7a}));
  EXPECT_EQ(layout_named("et_vk.q4_even_low").size_bytes({3, 6}), 9);
}

// ExecuTorch's shader pack_q4_linear_weight__w_4x8: golden/executorch/shader_pack.h5, case w_4x8_nc_buffer_n12_k16.
TEST(Layouts, W4x8IsThatOfExecuTorchsShader) {
  const Bytes rows = {0x79, 0xcf, 0xfa, 0x8b, 0x62, 0xcc, 0xd5, 0x3a, 0x98, 0x42, 0x2a, 0xea, 0xc9, 0xb8, 0xd9, 0xf1,
                      0x8b, 0xf5, 0x60, 0xff, 0xbe, 0x3f, 0x21, 0x8a, 0x20, 0xd9, 0x49, 0x36, 0x3f, 0xb3, 0x6b, 0x28,
                      0x32, 0xa9, 0x02, 0x73, 0x46, 0x79, 0x4c, 0x8b, 0xba, 0xf7, 0x74, 0x3e, 0x87, 0xe6, 0xda, 0x3e,
                      0x77, 0xc2, 0xfb, 0x27, 0x63, 0x43, 0xea, 0x05, 0x18, 0xbc, 0x80, 0x6e, 0x29, 0xba, 0x7b, 0x1d,
                      0x1b, 0x4f, 0x69, 0x5e, 0xdf, 0x70, 0xc3, 0xed, 0xa3, 0xda, 0x57, 0xb7, 0x07, 0xae, 0xf6, 0x3f,
                      0xe1, 0xaa, 0xaf, 0x13, 0x71, 0xde, 0xf0, 0x3e, 0x22, 0xca, 0x4f, 0x84, 0x75, 0xaf, 0x3d, 0xb7};
  const Bytes blocks = {0x89, 0x97, 0x2f, 0x4c, 0x0b, 0x28, 0x95, 0xdf, 0xa2, 0xb3, 0x79, 0xfa, 0x87, 0x17, 0xc2, 0xbc,
                        0x3b, 0xa1, 0xaf, 0xd4, 0x21, 0x2e, 0xaa, 0xca, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88,
                        0xaa, 0x2f, 0xab, 0xe8, 0x90, 0x46, 0x6f, 0x3f, 0x42, 0x70, 0xe3, 0x37, 0x0b, 0x8f, 0xe7, 0x62,
                        0x79, 0x56, 0x7e, 0xb5, 0xff, 0x4a, 0x43, 0x81, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88,
                        0x92, 0xc6, 0x8c, 0xbc, 0xfe, 0x3b, 0x3f, 0xb3, 0x76, 0x84, 0x69, 0xe7, 0x93, 0x26, 0xa3, 0xb4,
                        0x7f, 0x0d, 0xe0, 0xa7, 0x51, 0x77, 0xfe, 0xad, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88,
                        0x95, 0xdd, 0x1a, 0xf3, 0xb1, 0x62, 0x8a, 0x28, 0xac, 0xd4, 0xeb, 0x38, 0xba, 0x7e, 0xd5, 0x10,
                        0x63, 0xfc, 0xfd, 0x3e, 0xd0, 0x3f, 0x7e, 0xb3, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88};
  const Extent extent{12, 16};
  const std::vector<int> codes = unpack(layout_named("et_vk.q4gsw"), extent, rows);
  EXPECT_EQ(pack(layout_named("et_vk.w_4x8_nc"), extent, codes), blocks);
}

TEST(Layouts, TorchaosPlainNibbles) {
  EXPECT_EQ(packed("torchao.plain_int32", {1, 8}, {1, 2, 3, 4, 5, 6, 7, 15}), (Bytes{0x21, 0x43, 0x65, 0xf7}));
  EXPECT_EQ(packed("torchao.plain_int32_signed", {1, 8}, {-1, -8, 7, 0, 1, -2, 3, -3}),
            (Bytes{0x8f, 0x07, 0xe1, 0xd3}));
  EXPECT_EQ(packed("torchao.int4_plain", {2, 2}, {1, 2, -1, -8}), (Bytes{0x21, 0x8f}));
  EXPECT_THROW((void)packed("torchao.plain_int32", {1, 2}, {-1, 0}), Error);
  EXPECT_THROW((void)packed("torchao.int4_plain", {1, 2}, {8, 0}), Error);
}

// golden/torchao/bitpacking.h5, case pack_u3_high_bits_set: shards {188, 11} of two bits and {44} of one.
TEST(Layouts, TorchaosUintxStridesThroughShards) {
  EXPECT_EQ(packed("torchao.uintx3", {1, 8}, {0, 3, 7, 6, 3, 4, 2, 0}), (Bytes{188, 11, 44}));
  EXPECT_EQ(packed("torchao.uintx4", {2, 8}, {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 15, 0, 0, 0}),
            (Bytes{0x51, 0x62, 0x73, 0x84, 0xf0, 0, 0, 0}));
}

TEST(Layouts, Rows8PutsColumns16ApartInAWord) {
  std::vector<int> codes(9 * 130, 0);
  codes[0] = -8;            // row 0, column 0: word 0, lowest bits
  codes[17] = 1;            // column 17: word 1, the next code
  codes[127] = 7;           // column 127: word 15, the highest
  codes[130 + 2] = -1;      // row 1, column 2: word 2 of the second 16
  codes[129] = 2;           // column 129: word 1 of row 0 in the second chunk of 8 x 16 words
  codes[8 * 130 + 3] = -3;  // row 8: word 3 of the second block of 2 x 8 x 16 words
  Bytes expected(std::size_t{2} * 2 * 8 * 16 * 4, 0x88);
  expected[0] = 0x80;
  expected[4] = 0x98;
  expected[15 * 4 + 3] = 0xf8;
  expected[(16 + 2) * 4] = 0x87;
  expected[(128 + 1) * 4] = 0x8a;
  expected[(256 + 3) * 4] = 0x85;
  EXPECT_EQ(packed("plumb.rows_8", {9, 130}, codes), expected);
}

TEST(Layouts, PictureOfQ4gsw) {
  EXPECT_EQ(picture(layout_named("et_vk.q4gsw")),
            "et_vk.q4gsw: offset binary, low nibble is the even column, columns padded to 8 with code 0 (byte 0x88)\n"
            "example: 2 rows, 6 columns; w[row,column]\n"
            "\n"
            "  byte | bits 7..4 | bits 3..0 \n"
            "  -----+-----------+-----------\n"
            "     0 | w[0,1]    | w[0,0]    \n"
            "     1 | w[0,3]    | w[0,2]    \n"
            "     2 | w[0,5]    | w[0,4]    \n"
            "     3 | pad       | pad       \n"
            "     4 | w[1,1]    | w[1,0]    \n"
            "     5 | w[1,3]    | w[1,2]    \n"
            "     6 | w[1,5]    | w[1,4]    \n"
            "     7 | pad       | pad       \n");
}

TEST(Layouts, PicturesOfLongOnesEndInDots) {
  for (const Layout& layout : all_layouts()) {
    const std::string text = picture(layout);
    EXPECT_TRUE(text.starts_with(layout.name + ": ")) << text;
    EXPECT_EQ(text.find('?'), std::string::npos) << text;
    EXPECT_NE(text.find("w[0,0]"), std::string::npos) << text;
  }
  EXPECT_TRUE(picture(layout_named("plumb.rows_8")).ends_with("   ...\n"));
}

}  // namespace
}  // namespace plumb
