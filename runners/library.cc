#include "runners/library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <set>

#include "golden/isolated.h"
#include "reference/error.h"
#include "reference/ops.h"
#include "runners/execute.h"

namespace plumb {
namespace {

const plumb_library& open_library(const std::filesystem::path& path) {
  // A bare name would be searched for in the system's library folders.
  void* handle = dlopen(std::filesystem::absolute(path).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw Error(fmt::format("{}: cannot be loaded: {}", path.string(), dlerror()));
  using GetLibrary = const plumb_library* (*)();
  const auto get = reinterpret_cast<GetLibrary>(dlsym(handle, "plumb_get_library"));
  if (get == nullptr) {
    throw Error(fmt::format("{}: expected an exported function plumb_get_library (see plumbline.h), found none",
                            path.string()));
  }
  const plumb_library* library = get();
  if (library == nullptr) throw Error(fmt::format("{}: plumb_get_library returned NULL", path.string()));
  if (library->abi_version != PLUMB_ABI_VERSION) {
    throw Error(fmt::format("{}: expected ABI version {}, got {}; rebuild it with this plumbline.h", path.string(),
                            PLUMB_ABI_VERSION, library->abi_version));
  }
  return *library;
}

void check_impl(const std::filesystem::path& path, const plumb_impl* impl, std::uint32_t index) {
  const auto refuse = [&](const std::string& what) {
    throw Error(fmt::format("{}: implementation {}: {}", path.string(), index, what));
  };
  if (impl == nullptr) return refuse("is NULL");
  if (impl->struct_size < sizeof(plumb_impl)) {
    return refuse(fmt::format("expected struct_size >= {}, got {}", sizeof(plumb_impl), impl->struct_size));
  }
  if (impl->op == nullptr || impl->name == nullptr) return refuse("op or name is NULL");
  if (impl->run == nullptr) return refuse(fmt::format("{} of {} has no run function", impl->name, impl->op));
  const Op& op = op_named(impl->op);
  if (impl->prepare == nullptr && impl->release != nullptr) return refuse("has a release but no prepare function");
  if (op.arithmetic != Arithmetic::data_movement) (void)contract_of(*impl);
}

std::vector<Subject> subjects_of(const std::filesystem::path& path) {
  const plumb_library& library = open_library(path);
  std::vector<Subject> subjects;
  std::set<std::pair<std::string, std::string>> seen;
  for (std::uint32_t i = 0; i < library.impl_count; ++i) {
    const plumb_impl* impl = library.impls == nullptr ? nullptr : library.impls[i];
    try {
      check_impl(path, impl, i);
    } catch (const Error& error) {
      const std::string message = error.what();
      throw Error(message.starts_with(path.string()) ? message : fmt::format("{}: {}", path.string(), message));
    }
    if (!seen.emplace(impl->op, impl->name).second) {
      throw Error(fmt::format("{}: '{}' implements {} twice", path.string(), impl->name, impl->op));
    }
    subjects.push_back({impl, path.string()});
  }
  if (subjects.empty()) throw Error(fmt::format("{}: holds no implementation", path.string()));
  return subjects;
}

}  // namespace

std::vector<Subject> load_library(const std::filesystem::path& path) {
  (void)golden::run_isolated(path.string(), [&] { return std::to_string(subjects_of(path).size()); });
  return subjects_of(path);
}

}  // namespace plumb
