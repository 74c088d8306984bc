#include "golden/golden.h"

#include <algorithm>
#include <system_error>

#include "golden/isolated.h"
#include "golden/parse.h"
#include "golden/serialise.h"
#include "reference/error.h"

namespace plumb::golden {

File read(const std::filesystem::path& path, std::chrono::milliseconds time_limit) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) throw Error(path.string() + ": expected a golden file, found nothing");
  if (!std::filesystem::is_regular_file(path, ignored))
    throw Error(path.string() + ": expected a golden file, found something that is no regular file");
  const std::string bytes = run_isolated(path.string(), [&] { return to_bytes(parse(path)); }, {.time = time_limit});
  return from_bytes(bytes, path);
}

const Array& array_named(const std::vector<Array>& arrays, std::string_view name) {
  const auto found = std::ranges::find(arrays, name, &Array::name);
  if (found != arrays.end()) return *found;
  std::string names;
  for (const Array& array : arrays) names += (names.empty() ? "" : ", ") + array.name;
  throw Error("expected a tensor '" + std::string(name) + "', found " + (names.empty() ? "none" : names));
}

std::vector<std::filesystem::path> find(const std::filesystem::path& path) {
  std::error_code failure;
  if (!std::filesystem::is_directory(path, failure)) {
    if (!std::filesystem::exists(path, failure))
      throw Error(path.string() + ": expected a golden file or a folder of them, found nothing");
    return {path};
  }
  std::vector<std::filesystem::path> found;
  std::filesystem::recursive_directory_iterator entry(path, failure);
  for (; !failure && entry != std::filesystem::recursive_directory_iterator(); entry.increment(failure))
    if (entry->path().extension() == ".h5" && !entry->is_directory()) found.push_back(entry->path());
  if (failure) throw Error(path.string() + ": cannot be listed: " + failure.message());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace plumb::golden
