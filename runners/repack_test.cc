#include "runners/repack.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "golden/draft.h"
#include "golden/tensor_file.h"
#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "reference/sanitized.h"
#include "runners/row_slabs.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

std::vector<int> some_codes(const Layout& layout, Extent extent) {
  std::vector<int> codes;
  const int count = layout.max_code() - layout.min_code() + 1;
  for (std::int64_t i = 0; i < extent.rows * extent.columns; ++i) {
    codes.push_back(layout.min_code() + static_cast<int>((i * 7 + i / 16) % count));
  }
  return codes;
}

bool fills_bytes(const Layout& layout, Extent extent) {
  const Extent padded = layout.padded(extent);
  return padded.rows * padded.columns * layout.bits % 8 == 0;
}

// Whole tiles, tiles that are moved back into the weight, codes that no tile has, and padding.
TEST(RepackCodes, OfEveryLayoutToEveryOtherOfItsWidth) {
  const Extent extent{133, 136};
  int pairs = 0;
  for (const Layout& from : all_layouts()) {
    for (const Layout& to : all_layouts()) {
      if (from.bits != to.bits || !fills_bytes(from, extent) || !fills_bytes(to, extent)) continue;
      std::vector<int> codes = some_codes(from, extent);
      const auto packed = pack(from, extent, codes);
      std::vector<std::uint8_t> got(static_cast<std::size_t>(to.size_bytes(extent)));
      RepackRequest request{&from, &to, "in", "out"};
      request.add = to.min_code() - from.min_code();
      ASSERT_TRUE(
          repack_codes(request, extent, std::as_bytes(std::span(packed)), std::as_writable_bytes(std::span(got))));
      for (int& code : codes) code += request.add;
      EXPECT_EQ(got, pack(to, extent, codes)) << from.name << " to " << to.name;
      ++pairs;
    }
  }
  EXPECT_GT(pairs, 400);
}

class Repack : public testing::Test {
 protected:
  // A file with one tensor of codes.
  fs::path write(const std::string& name, const Layout& layout, Extent extent, const Shape& shape) {
    const fs::path path = folder_ / name;
    const golden::TensorFile tensor = golden::create_tensor(path, path, "model/weight", DType::u8, shape);
    const auto packed = pack(layout, extent, some_codes(layout, extent));
    EXPECT_EQ(packed.size(), tensor.bytes);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(tensor.offset));
    file.write(reinterpret_cast<const char*>(packed.data()), static_cast<std::streamsize>(packed.size()));
    return path;
  }
  fs::path path(const std::string& name) { return folder_ / name; }
  static std::string error_of(const RepackRequest& request) {
    try {
      (void)repack_file(request);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  const Layout& rows_ = layout_named("et_vk.q4gsw");
  const Layout& blocks_ = layout_named("plumb.rows_8");
  golden::TemporaryFolder folder_;
};

TEST_F(Repack, ReadsAndWritesEveryFormat) {
  for (const char* in : {"in.npy", "in.safetensors", "in.h5"}) {
    for (const char* out : {"out.npy", "out.safetensors", "out.h5"}) {
      RepackRequest there{&rows_, &blocks_, write(in, rows_, {5, 16}, {5, 8}), path(out)};
      EXPECT_TRUE(repack_file(there).finished);
      RepackRequest back{&blocks_, &rows_, path(out), path("back.npy")};
      back.extent = Extent{5, 16};
      EXPECT_TRUE(repack_file(back).finished);
      const golden::TensorFile result = golden::find_tensor(path("back.npy"), "", path("scratch"));
      EXPECT_EQ(result.shape, (Shape{5, 8}));
      std::ifstream file(result.path, std::ios::binary);
      file.seekg(static_cast<std::streamoff>(result.offset));
      std::vector<std::uint8_t> bytes(result.bytes);
      file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
      EXPECT_EQ(bytes, pack(rows_, {5, 16}, some_codes(rows_, {5, 16}))) << in << " " << out;
    }
  }
}

TEST_F(Repack, RefusesCodesThatDoNotFit) {
  const fs::path in = write("in.npy", layout_named("nncf.u4"), {2, 16}, {2, 8});
  const RepackRequest request{&layout_named("nncf.u4"), &rows_, in, path("out.npy")};
  EXPECT_EQ(
      error_of(request),
      "et_vk.q4gsw cannot hold the code 14 at [0, 2]: expected -8 to 7; if zero points shift with the codes, give "
      "--add -8");
  EXPECT_FALSE(fs::exists(path("out.npy")));
  EXPECT_FALSE(fs::exists(path("out.npy.part")));
}

TEST_F(Repack, RefusesWhatItCannotUnderstand) {
  const fs::path in = write("in.npy", rows_, {5, 16}, {5, 8});
  RepackRequest request{&rows_, &blocks_, in, path("out.npy")};
  request.extent = Extent{5, 24};
  EXPECT_NE(error_of(request).find("of 5 x 24 codes has 60 bytes; the tensor, u8 [5, 8], has 40"), std::string::npos);
  EXPECT_NE(error_of({&blocks_, &rows_, in, path("out.npy")}).find("--shape"), std::string::npos);
  EXPECT_NE(error_of({&rows_, &blocks_, path("none.npy"), path("out.npy")}).find("no such file"), std::string::npos);
  EXPECT_NE(error_of({&rows_, &blocks_, in, path("out.txt")}).find("expected .npy, .safetensors, .h5"),
            std::string::npos);
  for (const char* name : {"in.npy", "in.safetensors", "in.h5"}) {
    const fs::path whole = write(name, rows_, {5, 16}, {5, 8});
    for (std::uint64_t size = 0; size < fs::file_size(whole); size += 1 + size / 8) {
      const fs::path cut = path(std::string("cut_") + name);
      fs::copy_file(whole, cut, fs::copy_options::overwrite_existing);
      fs::resize_file(cut, size);
      EXPECT_NE(error_of({&rows_, &blocks_, cut, path("out.npy")}), "no error") << name << " " << size;
    }
  }
}

// Slabs of rows on several threads, the last of them smaller: each byte is where a whole weight has it.
TEST_F(Repack, SlabBySlabIsAsAWhole) {
  const Extent extent{20011, 64};
  const fs::path in = write("in.npy", rows_, extent, {extent.rows, extent.columns / 2});
  RepackRequest request{&rows_, &blocks_, in, path("out.npy")};
  request.threads = 3;
  ASSERT_TRUE(row_slabs(rows_, blocks_, extent, 256 << 10).has_value());
  EXPECT_TRUE(repack_file(request).finished);
  const golden::TensorFile result = golden::find_tensor(path("out.npy"), "", path("scratch"));
  std::ifstream file(result.path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(result.offset));
  std::vector<std::uint8_t> bytes(result.bytes);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  EXPECT_TRUE(bytes == pack(blocks_, extent, some_codes(rows_, extent)));
}

TEST_F(Repack, ARefusalNamesTheRowOfTheWholeWeight) {
  const Layout& unsigned_rows = layout_named("nncf.u4");
  const Extent extent{20011, 64};
  const fs::path in = path("in.npy");
  const golden::TensorFile tensor =
      golden::create_tensor(in, in, "model/weight", DType::u8, {extent.rows, extent.columns / 2});
  std::fstream file(in, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(tensor.offset + 20007 * 32 + 3));
  file.put('\x90');  // the code 9 at the odd column 7
  file.close();
  RepackRequest request{&unsigned_rows, &rows_, in, path("out.npy")};
  request.threads = 3;
  EXPECT_NE(error_of(request).find("cannot hold the code 9 at [20007, 7]"), std::string::npos) << error_of(request);
}

// Runs it in a process of its own. Returns how many bytes of memory it had at most, more than this one has.
std::int64_t peak_bytes_of(const std::function<void()>& act) {
  rusage before{}, after{};
  const pid_t child = fork();
  if (child == 0) {
    // Pages that the child shares with this process count as well.
    getrusage(RUSAGE_SELF, &before);
    act();
    getrusage(RUSAGE_SELF, &after);
    _exit(static_cast<int>(std::min<long>(255, (after.ru_maxrss - before.ru_maxrss) >> 10)));
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  return static_cast<std::int64_t>(WEXITSTATUS(status)) << 20;
}

// Slab by slab, and through mappings: the peak is far below the tensors' 320 MiB.
TEST_F(Repack, NeedsNoMemoryForLargeTensors) {
  if (kSanitized) GTEST_SKIP() << "sanitizers keep memory of their own";
  const Extent extent{40960, 8192};
  const fs::path in = path("large.npy");
  const golden::TensorFile tensor = golden::create_tensor(in, in, "", DType::u8, {extent.rows, extent.columns / 2});
  std::fstream file(in, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(tensor.offset + tensor.bytes / 2));
  file.put('\x21');
  file.close();
  for (const char* to : {"et_vk.w_4x8_kc", "et_vk.w_4x8_nc"}) {
    RepackRequest request{&rows_, &layout_named(to), in, path("large_out.npy")};
    request.memory_bytes = 16 << 20;
    EXPECT_LT(peak_bytes_of([&] { (void)repack_file(request); }), 80 << 20) << to;
    const golden::TensorFile result = golden::find_tensor(path("large_out.npy"), "", path("scratch"));
    EXPECT_EQ(result.bytes, tensor.bytes);
    RepackRequest back{&layout_named(to), &rows_, path("large_out.npy"), path("large_back.npy")};
    back.extent = extent;
    EXPECT_TRUE(repack_file(back).finished);
    std::ifstream a(in, std::ios::binary), b(path("large_back.npy"), std::ios::binary);
    a.seekg(static_cast<std::streamoff>(tensor.offset + tensor.bytes / 2 - 8));
    b.seekg(static_cast<std::streamoff>(tensor.offset + tensor.bytes / 2 - 8));
    for (int i = 0; i < 16; ++i) EXPECT_EQ(a.get(), b.get()) << i;
  }
}

TEST_F(Repack, StopsWithoutAnOutput) {
  RepackRequest request{&rows_, &blocks_, write("in.npy", rows_, {5, 16}, {5, 8}), path("out.npy")};
  request.should_stop = [] { return true; };
  EXPECT_FALSE(repack_file(request).finished);
  EXPECT_FALSE(fs::exists(path("out.npy")));
}

}  // namespace
}  // namespace plumb
