#include "runners/library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <deque>
#include <nlohmann/json.hpp>
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

// A name is a word of commands and patterns (--impl), a key of tables and a part of file names.
void check_name(std::string_view name) {
  constexpr std::string_view kLegal = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+:/@";
  if (!name.empty() && name.find_first_not_of(kLegal) == std::string_view::npos) return;
  throw Error(fmt::format("expected an implementation name of letters, digits and ._-+:/@, got '{}'", name));
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
  check_name(impl->name);
  const Op& op = op_named(impl->op);
  if (impl->prepare == nullptr && impl->release != nullptr) return refuse("has a release but no prepare function");
  if (op.arithmetic != Arithmetic::prescribed) (void)contract_of(*impl);
}

// What the parent has to know of an implementation. It crosses a process boundary as JSON.
nlohmann::json describe(const plumb_impl& impl) {
  const plumb_contract& c = impl.contract;
  return {
      {"op", impl.op},
      {"name", impl.name},
      {"unavailable", impl.unavailable == nullptr ? "" : impl.unavailable},
      {"contract",
       {c.activation, c.weight, c.accumulator, c.chain_divisor, c.chain_extra, c.flushes_subnormals, c.deterministic}},
      {"supports", impl.supports != nullptr},
      {"prepare", impl.prepare != nullptr},
      {"release", impl.release != nullptr}};
}

std::string describe_library(const std::filesystem::path& path) {
  const plumb_library& library = open_library(path);
  nlohmann::json described = nlohmann::json::array();
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
    described.push_back(describe(*impl));
  }
  if (described.empty()) throw Error(fmt::format("{}: holds no implementation", path.string()));
  return described.dump();
}

// Stands for an implementation of a library that is loaded where it is first called: in the worker process. What a
// library sets up when it is loaded (threads, devices) would not survive the fork that makes a worker.
class Proxy {
 public:
  Proxy(std::filesystem::path path, std::uint32_t index, const nlohmann::json& described)
      : path_(std::move(path)),
        index_(index),
        op_(described["op"]),
        name_(described["name"]),
        unavailable_(described["unavailable"]),
        abi_{} {
    const auto contract = described["contract"].get<std::array<std::int32_t, 7>>();
    abi_.struct_size = sizeof abi_;
    abi_.op = op_.c_str();
    abi_.name = name_.c_str();
    abi_.unavailable = unavailable_.empty() ? nullptr : unavailable_.c_str();
    abi_.contract = {contract[0], contract[1], contract[2], contract[3], contract[4], contract[5], contract[6]};
    abi_.user = this;
    if (described["supports"]) abi_.supports = supports;
    if (described["prepare"]) abi_.prepare = prepare;
    abi_.run = run;
    if (described["release"]) abi_.release = release;
  }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  [[nodiscard]] const plumb_impl* abi() const { return &abi_; }

 private:
  static const plumb_impl* real(const plumb_impl* self) {
    auto& proxy = *static_cast<Proxy*>(self->user);
    if (proxy.real_ == nullptr) proxy.real_ = open_library(proxy.path_).impls[proxy.index_];
    return proxy.real_;
  }
  static plumb_status supports(const plumb_impl* self, const plumb_call* call, const char** reason) {
    return real(self)->supports(real(self), call, reason);
  }
  static plumb_status prepare(const plumb_impl* self, const plumb_call* call, void** prepared) {
    return real(self)->prepare(real(self), call, prepared);
  }
  static plumb_status run(const plumb_impl* self, const plumb_call* call, void* prepared) {
    return real(self)->run(real(self), call, prepared);
  }
  static void release(const plumb_impl* self, void* prepared) { real(self)->release(real(self), prepared); }

  std::filesystem::path path_;
  std::uint32_t index_;
  std::string op_, name_, unavailable_;
  plumb_impl abi_;
  const plumb_impl* real_ = nullptr;
};

}  // namespace

std::vector<Subject> load_library(const std::filesystem::path& path) {
  // They live until the process ends, as the libraries they stand for do.
  static std::deque<Proxy> proxies;
  // A kernel library may reserve what it likes; time is limited so that one that hangs is an error.
  const golden::Limits limits{.memory_bytes = 0, .quiet = false, .blame = "cannot be loaded: loading it"};
  const auto described = nlohmann::json::parse(golden::run_isolated(
      path.string(), [&] { return describe_library(path); }, limits));
  std::vector<Subject> subjects;
  for (std::uint32_t i = 0; i < described.size(); ++i) {
    subjects.push_back({proxies.emplace_back(path, i, described[i]).abi(), path.string()});
  }
  return subjects;
}

}  // namespace plumb
