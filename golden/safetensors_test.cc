// Headers that lie about where the elements are, in .safetensors and .npy.
#include "golden/safetensors.h"

#include <gtest/gtest.h>

#include <fstream>

#include "golden/draft.h"
#include "golden/tensor_file.h"

namespace plumb::golden {
namespace {

class BadHeader : public testing::Test {
 protected:
  // A file of this header, eight bytes of it told as its length, and 64 bytes of data.
  void write_safetensors(std::string header) {
    header.resize((header.size() + 7) / 8 * 8, ' ');
    std::ofstream out(folder_ / "x.safetensors", std::ios::binary);
    for (std::size_t i = 0; i < 8; ++i) out.put(static_cast<char>(header.size() >> (8 * i) & 255U));
    out << header << std::string(64, '\1');
  }
  void write_numpy(const std::string& type, const std::string& shape) {
    std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
    header.resize(117, ' ');
    std::ofstream out(folder_ / "x.npy", std::ios::binary);
    out << std::string("\x93NUMPY\x01\x00\x76\x00", 10) << header << '\n' << std::string(64, '\1');
  }
  [[nodiscard]] std::string refusal_of_tensor(const char* name) const {
    try {
      (void)find_tensor(folder_ / name, "", folder_ / "scratch");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  [[nodiscard]] std::string refusal_of_map() const {
    try {
      const Safetensors unused(folder_ / "x.safetensors");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  // Both readers of .safetensors say so.
  void expect_refusal(const std::vector<std::string>& parts) const {
    for (const std::string& message : {refusal_of_tensor("x.safetensors"), refusal_of_map()}) {
      for (const std::string& part : parts) EXPECT_NE(message.find(part), message.npos) << part << " in: " << message;
    }
  }

  TemporaryFolder folder_;
};

TEST_F(BadHeader, ARightOneIsRead) {
  write_safetensors(R"({"x":{"dtype":"I32","shape":[2,8],"data_offsets":[0,64]},"__metadata__":{"a":"b"}})");
  EXPECT_EQ(refusal_of_tensor("x.safetensors"), "");
  EXPECT_EQ(refusal_of_map(), "");
  EXPECT_EQ(find_tensor(folder_ / "x.safetensors", "", {}).shape, (Shape{2, 8}));
  EXPECT_EQ(Safetensors(folder_ / "x.safetensors").tensors().at("x").shape, (Shape{2, 8}));
  write_numpy("<i4", "2, 8");
  EXPECT_EQ(refusal_of_tensor("x.npy"), "");
  EXPECT_EQ(find_tensor(folder_ / "x.npy", "", {}).shape, (Shape{2, 8}));
}

// 2^61 elements of eight bytes: 2^64 bytes are not 0.
TEST_F(BadHeader, SizesThatWrapRoundAreRefused) {
  write_safetensors(R"({"x":{"dtype":"I64","shape":[4294967296,536870912],"data_offsets":[0,0]}})");
  expect_refusal({"x.safetensors: x: ", "[4294967296, 536870912]", "more than 2^63 bytes"});
  write_numpy("<i8", "4294967296, 536870912");
  const std::string message = refusal_of_tensor("x.npy");
  EXPECT_NE(message.find("x.npy: "), message.npos) << message;
  EXPECT_NE(message.find("more than 2^63 bytes"), message.npos) << message;
}

// The element's place wraps round to one inside the header.
TEST_F(BadHeader, OffsetsThatWrapRoundAreRefused) {
  write_safetensors(R"({"x":{"dtype":"U8","shape":[8],"data_offsets":[18446744073709551600,18446744073709551608]}})");
  expect_refusal({"x.safetensors: x: is truncated"});
}

TEST_F(BadHeader, OffsetsBeyondTheEndAreRefused) {
  write_safetensors(R"({"x":{"dtype":"U8","shape":[8],"data_offsets":[60,68]}})");
  expect_refusal({"x.safetensors: x: is truncated: expected 68 bytes of data, the file has 64"});
  write_safetensors(R"({"x":{"dtype":"U8","shape":[8],"data_offsets":[0,9]}})");
  expect_refusal({"x: shape [8] of u8 takes 8 bytes, but data_offsets are [0, 9]"});
  write_safetensors(R"({"x":{"dtype":"U8","shape":[8],"data_offsets":[8,0]}})");
  expect_refusal({"data_offsets are [8, 0]"});
}

TEST_F(BadHeader, DamagedEntriesAreNamed) {
  write_safetensors(R"({"x":{"dtype":"U8","shape":[-8],"data_offsets":[0,8]}})");
  expect_refusal({"x.safetensors: x: ", "negative"});
  write_safetensors(R"({"x":{"dtype":"U8","data_offsets":[0,8]}})");
  expect_refusal({"x.safetensors: x: damaged entry"});
  write_safetensors(R"([1, 2])");
  expect_refusal({"x.safetensors: has a damaged header"});
}

// A number of 19 digits is one number.
TEST_F(BadHeader, NumpyDimensionsAreReadWhole) {
  write_numpy("|u1", "2305843009213693952, 0");
  EXPECT_EQ(find_tensor(folder_ / "x.npy", "", {}).shape, (Shape{2305843009213693952, 0}));
  write_numpy("|u1", "92233720368547758080");
  EXPECT_NE(refusal_of_tensor("x.npy").find("92233720368547758080"), std::string::npos) << refusal_of_tensor("x.npy");
}

}  // namespace
}  // namespace plumb::golden
