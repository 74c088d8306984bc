// Files that depart from FORMAT.md in one way each: all are refused, with a message that says where and how.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "golden/draft.h"
#include "golden/golden.h"

namespace plumb::golden {
namespace {

const std::vector<std::uint8_t> kCodes = {1, 2, 3, 4, 5, 6};
const std::int64_t kOne = 1;
const char* const kY = "/cases/a/outputs/y";

class Malformed : public testing::Test {
 protected:
  /// Reads a draft after `edit`; what follows "FILE: " in the refusal, or "accepted".
  std::string refusal(const std::function<void(Draft&)>& edit) {
    const auto path = folder_ / "draft.h5";
    {
      Draft draft(path);
      edit(draft);
    }
    try {
      file_ = read(path);
    } catch (const Error& error) {
      const std::string message = error.what();
      const std::string prefix = path.string() + ": ";
      return message.rfind(prefix, 0) == 0 ? message.substr(prefix.size()) : "file not named: " + message;
    }
    return "accepted";
  }

  TemporaryFolder folder_;
  File file_;
};

Handle chunked(hsize_t chunk) {
  Handle creation(Draft::made(H5Pcreate(H5P_DATASET_CREATE)));
  H5Pset_chunk(creation.id(), 1, &chunk);
  return creation;
}

TEST_F(Malformed, TheDraftItselfIsAccepted) {
  EXPECT_EQ(refusal([](Draft& d) {
              d.dataset(kY, H5T_STD_U8LE, {2, 3}, kCodes.data());
              d.dataset("/cases/a/inputs/x", H5T_IEEE_F32BE, {}, "\x40\x49\x0f\xdb");
              d.attribute("/cases/a", "group_size", H5T_STD_U16BE, {}, "\x01\x00");
            }),
            "accepted");
  EXPECT_EQ(file_.cases[0].outputs[0].accept, "bitwise");
  float x = 0;
  std::memcpy(&x, file_.cases[0].inputs[0].bytes.data(), sizeof x);
  EXPECT_EQ(x, 3.14159274f);
  EXPECT_EQ(std::get<std::int64_t>(file_.cases[0].attributes.at("group_size")), 256);
}

TEST_F(Malformed, RootAttributes) {
  EXPECT_EQ(refusal([](Draft& d) { d.text("/", "format", "plumbline-golden/2"); }),
            "/: expected format plumbline-golden/1, found plumbline-golden/2");
  EXPECT_EQ(refusal([](Draft& d) { d.attribute("/", "format", H5T_NATIVE_INT64, {}, &kOne); }),
            "/: expected attribute format to be text, found a number");
  for (const std::string name : {"format", "source", "generator", "note"})
    EXPECT_EQ(refusal([&](Draft& d) { d.remove_attribute("/", name); }),
              "/: expected attribute " + name + ", found none");
}

TEST_F(Malformed, CaseAttributes) {
  EXPECT_EQ(refusal([](Draft& d) { d.remove_attribute("/cases/a", "op"); }),
            "/cases/a: expected attribute op, found none");
  EXPECT_EQ(refusal([](Draft& d) { d.attribute("/cases/a", "k", H5T_NATIVE_INT64, {1}, &kOne); }),
            "/cases/a: expected attribute k to be one value, found a list");
  const std::uint64_t large = ~std::uint64_t{0};
  EXPECT_EQ(refusal([&](Draft& d) { d.attribute("/cases/a", "k", H5T_NATIVE_UINT64, {}, &large); }),
            "/cases/a: expected attribute k to fit int64, found a larger number");
  EXPECT_EQ(refusal([&](Draft& d) { d.attribute("/cases/a", "k", H5T_STD_REF_OBJ, {}, &kOne); }),
            "/cases/a: expected attribute k to be an integer, a floating-point number or text, found another type");
  EXPECT_EQ(refusal([](Draft& d) { d.text("/cases/a", "k", "\xff"); }),
            "/cases/a: expected attribute k to be UTF-8, found other bytes");
}

TEST_F(Malformed, Members) {
  EXPECT_EQ(refusal([](Draft& d) { d.group("/extra"); }), "/: expected one member, cases, found extra");
  EXPECT_EQ(refusal([](Draft& d) { d.group("/cases/a/middle"); }),
            "/cases/a: expected members inputs and outputs, found middle");
  EXPECT_EQ(refusal([](Draft& d) { d.group("/cases/a/inputs/x"); }),
            "/cases/a/inputs/x: expected a dataset, found another kind of object");
  EXPECT_EQ(refusal([](Draft& d) { d.dataset("/cases/b", H5T_STD_U8LE, {6}, kCodes.data()); }),
            "/cases/b: expected a group, found another kind of object");
  EXPECT_EQ(refusal([](Draft& d) { H5Ldelete(d.id(), "/cases/a", H5P_DEFAULT); }),
            "/cases: expected cases, found none");
  EXPECT_EQ(refusal([](Draft& d) { H5Ldelete(d.id(), "/cases", H5P_DEFAULT); }),
            "/cases: expected a group, found nothing");
  EXPECT_EQ(refusal([](Draft& d) { d.group("/cases/a\n"); }),
            "/cases: expected names of printable UTF-8, found one that is not");
}

TEST_F(Malformed, LinksOutOfTheFile) {
  EXPECT_EQ(refusal([](Draft& d) { H5Lcreate_soft("/cases/a", d.id(), "/cases/b", H5P_DEFAULT, H5P_DEFAULT); }),
            "/cases/b: expected a group, found a soft or external link");
  EXPECT_EQ(
      refusal([](Draft& d) { H5Lcreate_external("/etc/x.h5", "/", d.id(), "/cases/b", H5P_DEFAULT, H5P_DEFAULT); }),
      "/cases/b: expected a group, found a soft or external link");
  EXPECT_EQ(
      refusal([](Draft& d) {
        const Handle creation(H5Pcreate(H5P_DATASET_CREATE));
        H5Pset_external(creation.id(), "/etc/hostname", 0, 6);
        d.dataset(kY, H5T_STD_U8LE, {6}, nullptr, creation.id());
      }),
      "/cases/a/outputs/y: expected data inside the file, found a dataset that refers to other files or datasets");
}

TEST_F(Malformed, ElementTypes) {
  EXPECT_EQ(refusal([](Draft& d) { d.dataset(kY, H5T_C_S1, {6}, kCodes.data()); }),
            "/cases/a/outputs/y: expected elements u8 i8 u16 i16 u32 i32 u64 i64 f16 f32 or f64, found an unsupported "
            "string type of 1 bytes");
  EXPECT_NE(
      refusal([](Draft& d) { d.dataset(kY, H5T_NATIVE_LDOUBLE, {1}, nullptr); }).find("floating-point type of 16"),
      std::string::npos);
  EXPECT_NE(refusal([](Draft& d) { d.dataset(kY, H5T_STD_B8LE, {1}, nullptr); }).find("bit field type of 1"),
            std::string::npos);
}

TEST_F(Malformed, AttributesOfArrays) {
  const auto with = [](const char* path, const char* attribute, const char* value) {
    return [=](Draft& d) {
      d.dataset(path, H5T_STD_U8LE, {2, 3}, kCodes.data());
      d.text(path, attribute, value);
    };
  };
  EXPECT_EQ(refusal(with(kY, "accept", "roughly")),
            "/cases/a/outputs/y: expected accept bitwise or bounded, found roughly");
  EXPECT_EQ(refusal(with("/cases/a/inputs/x", "accept", "bitwise")),
            "/cases/a/inputs/x: expected accept on outputs only, found it on an input");
  EXPECT_EQ(refusal(with(kY, "accpet", "bitwise")),
            "/cases/a/outputs/y: expected attributes accept, logical_dtype and logical_shape, found accpet");
  EXPECT_EQ(refusal(with(kY, "logical_dtype", "u99")), "/cases/a/outputs/y: expected a known logical_dtype, found u99");
  EXPECT_EQ(refusal(with(kY, "logical_dtype", "bf16")), "/cases/a/outputs/y: expected bf16 stored as u16, found u8");
  EXPECT_EQ(refusal(with(kY, "logical_dtype", "bool")),
            "/cases/a/outputs/y: expected bool as 0 or 1, found another value");
  EXPECT_EQ(refusal(with(kY, "logical_dtype", "u4")), "accepted");
}

TEST_F(Malformed, LogicalShapes) {
  const auto with = [](std::vector<std::int64_t> shape) {
    return [=](Draft& d) {
      d.dataset(kY, H5T_STD_U8LE, {2, 3}, kCodes.data());
      d.text(kY, "logical_dtype", "u4");
      d.attribute(kY, "logical_shape", H5T_NATIVE_INT64, {shape.size()}, shape.data());
    };
  };
  EXPECT_EQ(refusal(with({3, 4})), "accepted");
  EXPECT_EQ(file_.cases[0].outputs[0].logical_shape, (std::vector<std::int64_t>{3, 4}));
  EXPECT_EQ(refusal(with({13})),
            "/cases/a/outputs/y: expected at least the bytes that logical_shape needs in u4, found 6");
  EXPECT_NE(refusal(with({1ll << 40, 1ll << 40})), "accepted");
  EXPECT_EQ(refusal(with({-1, -2})), "/cases/a/outputs/y: expected logical_shape without negative sizes");
  EXPECT_EQ(
      refusal([](Draft& d) {
        d.dataset(kY, H5T_STD_U8LE, {6}, kCodes.data());
        d.attribute(kY, "logical_shape", H5T_NATIVE_INT64, {}, &kOne);
      }),
      "/cases/a/outputs/y: expected attribute logical_shape to be a list of at most 32 integers, found something else");
}

TEST_F(Malformed, DataThatIsNotThere) {
  EXPECT_EQ(refusal([](Draft& d) { d.dataset(kY, H5T_STD_U8LE, {6}, nullptr); }),
            "/cases/a/outputs/y: expected 6 bytes stored, found 0");
  EXPECT_EQ(refusal([](Draft& d) { d.dataset(kY, H5T_STD_U8LE, {6}, nullptr, chunked(2).id()); }),
            "/cases/a/outputs/y: expected 3 chunks, found 0");
}

TEST_F(Malformed, DataTooLarge) {
  const std::string expected = "/cases/a/outputs/y: expected at most 1073741824 bytes of data in the file, found more";
  const std::vector<std::vector<hsize_t>> shapes = {
      {hsize_t{1} << 30, 8}, {(hsize_t{1} << 30) + 1}, {hsize_t{1} << 62}};
  for (const auto& shape : shapes)
    EXPECT_EQ(refusal([&](Draft& d) {
                d.dataset(kY, H5T_STD_U8LE, shape, nullptr, shape.size() == 1 ? chunked(2).id() : H5P_DEFAULT);
              }),
              expected);
}

TEST_F(Malformed, FiltersThatCheckNothing) {
  const Handle nbit = chunked(6);
  H5Pset_nbit(nbit.id());
  EXPECT_EQ(refusal([&](Draft& d) { d.dataset(kY, H5T_STD_U8LE, {6}, kCodes.data(), nbit.id()); }),
            "/cases/a/outputs/y: expected filters gzip, shuffle or fletcher32, found filter 5");
  const Handle gzip = chunked(6);
  H5Pset_deflate(gzip.id(), 9);
  EXPECT_EQ(refusal([&](Draft& d) {
              d.dataset(kY, H5T_STD_U8LE, {6}, nullptr, gzip.id());
              const Handle dataset(H5Dopen2(d.id(), kY, H5P_DEFAULT));
              const hsize_t origin = 0;
              Draft::made(H5Dwrite_chunk(dataset.id(), H5P_DEFAULT, 1, &origin, kCodes.size(), kCodes.data()));
            }),
            "/cases/a/outputs/y: expected every chunk to pass all filters, found one that skips some");
}

}  // namespace
}  // namespace plumb::golden
