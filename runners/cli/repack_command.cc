#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "runners/campaign.h"
#include "runners/cli/commands.h"
#include "runners/repack.h"

namespace plumb::cli {
namespace {

constexpr int kCutShort = 2;

struct RepackFlags {
  std::string from, to, input, output, tensor, shape;
  int add = 0, threads = 1;
  bool overwrite = false;
};

// "4096x11008" or "4096,11008".
Extent parse_extent(const std::string& text) {
  Extent extent{-1, -1};
  const char* end = text.data() + text.size();
  const auto rows = std::from_chars(text.data(), end, extent.rows);
  const bool parted = rows.ec == std::errc{} && rows.ptr != end && (*rows.ptr == 'x' || *rows.ptr == ',');
  const auto columns = parted ? std::from_chars(rows.ptr + 1, end, extent.columns) : rows;
  if (parted && columns.ec == std::errc{} && columns.ptr == end && extent.rows >= 0 && extent.columns >= 0)
    return extent;
  throw Error(fmt::format("--shape: expected ROWSxCOLUMNS, e.g. 4096x11008, got '{}'", text));
}

// Shows the share done, after two seconds and then now and then.
class Meter {
 public:
  void show(double share) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    fmt::print(stderr, "{}{:3.0f} %{}", isatty(STDERR_FILENO) != 0 ? "\r" : "", 100 * share,
               isatty(STDERR_FILENO) != 0 ? "" : "\n");
    std::fflush(stderr);
    next_ = now + std::chrono::seconds(isatty(STDERR_FILENO) != 0 ? 1 : 10);
  }

 private:
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + std::chrono::seconds(2);
};

int repack(const RepackFlags& flags) {
  if (!flags.overwrite && std::filesystem::exists(flags.output)) {
    throw Error(fmt::format("{} exists already; choose another name or give --overwrite", flags.output));
  }
  Meter meter;
  RepackRequest request{&layout_named(flags.from), &layout_named(flags.to), flags.input, flags.output, flags.tensor};
  request.add = flags.add;
  request.threads = flags.threads;
  if (!flags.shape.empty()) request.extent = parse_extent(flags.shape);
  request.on_progress = [&meter](double share) { meter.show(share); };
  request.should_stop = was_interrupted;
  const auto start = std::chrono::steady_clock::now();
  const RepackResult result = repack_file(request);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  if (!result.finished) {
    fmt::print(stderr, "plumb: cut short; {} was not written\n", flags.output);
    return kCutShort;
  }
  const double gigabytes = static_cast<double>(result.input_bytes + result.output_bytes) * 1e-9;
  fmt::print("{} x {} codes: {} {} bytes -> {} {} bytes in {:.1f} s ({:.2f} GB/s read and written)\n",
             result.extent.rows, result.extent.columns, flags.from, result.input_bytes, flags.to, result.output_bytes,
             elapsed.count(), gigabytes / elapsed.count());
  return 0;
}

}  // namespace

void add_repack(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("repack", "Convert packed weights from one layout to another");
  const auto flags = std::make_shared<RepackFlags>();
  std::vector<std::string> names;
  for (const Layout& layout : all_layouts()) names.push_back(layout.name);
  command->add_option("--from", flags->from, "Layout of IN")->type_name("LAYOUT")->required();
  command->add_option("--to", flags->to, "Layout of OUT")->type_name("LAYOUT")->required();
  command->add_option("IN", flags->input, "Tensor file: .npy, .safetensors, .h5")->required();
  command->add_option("OUT", flags->output, "File to write; its extension says the format")->required();
  command->add_option("--tensor", flags->tensor, "Which tensor of IN, if it holds several")->type_name("NAME");
  command->add_option("--shape", flags->shape, "Rows and columns of the weight, where IN's shape does not tell")
      ->type_name("RxC");
  command->add_option("--add", flags->add, "Added to every code: -8 turns 0 … 15 into -8 … 7")->type_name("N");
  flags->threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  command->add_option("--threads", flags->threads, "Threads")
      ->type_name("N")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_flag("--overwrite", flags->overwrite, "Replace OUT");
  command->footer(fmt::format(
      "Layouts: {}\n\nExamples:\n  plumb repack --from torchao.plain_int32 --to et_vk.q4gsw --add -8 in.h5 out.h5\n"
      "  plumb repack --from et_vk.q4gsw --to plumb.rows_32 --shape 4096x11008 in.npy out.safetensors",
      fmt::join(names, ", ")));
  command->callback([flags, &context] { context.exit_code = repack(*flags); });
}

}  // namespace plumb::cli
