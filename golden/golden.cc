#include "golden/golden.h"

#include <algorithm>
#include <system_error>
#include <utility>

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

const Array* find_array(const std::vector<Array>& arrays, std::string_view name) {
  const auto found = std::ranges::find(arrays, name, &Array::name);
  return found == arrays.end() ? nullptr : &*found;
}

Array* find_array(std::vector<Array>& arrays, std::string_view name) {
  return const_cast<Array*>(find_array(std::as_const(arrays), name));
}

const Array& array_named(const std::vector<Array>& arrays, std::string_view name) {
  if (const Array* found = find_array(arrays, name)) return *found;
  std::string names;
  for (const Array& array : arrays) names += (names.empty() ? "" : ", ") + array.name;
  throw Error("expected a tensor '" + std::string(name) + "', found " + (names.empty() ? "none" : names));
}

Array& array_named(std::vector<Array>& arrays, std::string_view name) {
  return const_cast<Array&>(array_named(std::as_const(arrays), name));
}

const Case& case_named(const File& file, std::string_view name) {
  const auto found = std::ranges::find(file.cases, name, &Case::name);
  if (found != file.cases.end()) return *found;
  throw Error(file.path.string() + ": expected a case '" + std::string(name) + "', found none");
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
