#include "runners/model/config_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "reference/error.h"
#include "reference/names.h"
#include "runners/model/shown.h"

namespace plumb::model {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kLargestSize = std::int64_t{1} << 24, kMostLayers = 4096;

// Architectures, as the model's own code calls them.
struct Architecture {
  const char* name;
  Family family;
};
constexpr Architecture kArchitectures[] = {{"LlamaForCausalLM", Family::llama}, {"Qwen3ForCausalLM", Family::qwen3}};

// Reads fields of one JSON file; whatever is wrong with one is said with file and key.
class ConfigFile {
 public:
  explicit ConfigFile(std::filesystem::path path) : path_(std::move(path)) {
    std::ifstream in(path_);
    if (!in) refuse("there is no such file; expected a Hugging Face model folder");
    root_ = Json::parse(in, nullptr, false);
    if (!root_.is_object()) refuse("expected a JSON object");
  }

  [[noreturn]] void refuse(const std::string& what) const { throw Error(fmt::format("{}: {}", path_.string(), what)); }

  [[nodiscard]] bool has(const char* key) const { return root_.contains(key) && !root_[key].is_null(); }
  [[nodiscard]] const Json& root() const { return root_; }

  template <typename T>
  [[nodiscard]] T get(const Json& object, const char* key, const char* expected) const {
    try {
      return object.at(key).get<T>();
    } catch (const Json::exception&) {
      const bool missing = !object.contains(key);
      refuse(fmt::format("{}: expected {}, got {}", key, expected, missing ? "nothing" : shown(object[key])));
    }
  }
  template <typename T>
  [[nodiscard]] T get_or(const char* key, const char* expected, T otherwise) const {
    return has(key) ? get<T>(root_, key, expected) : otherwise;
  }
  [[nodiscard]] std::int64_t size(const char* key, std::int64_t most = kLargestSize) const {
    const auto value = get<double>(root_, key, "a whole number");
    if (!(value >= 1 && value <= static_cast<double>(most)) ||
        value != static_cast<double>(static_cast<std::int64_t>(value))) {
      refuse(fmt::format("{}: expected a whole number from 1 to {}, got {}", key, most, shown(root_[key])));
    }
    return static_cast<std::int64_t>(value);
  }
  [[nodiscard]] std::int64_t size_or(const char* key, std::int64_t otherwise) const {
    return has(key) ? size(key) : otherwise;
  }
  [[nodiscard]] double positive(const Json& object, const char* key) const {
    const auto value = get<double>(object, key, "a number");
    if (!(value > 0)) refuse(fmt::format("{}: expected a positive number, got {}", key, value));
    return value;
  }

 private:
  std::filesystem::path path_;
  Json root_;
};

Family family_of(const ConfigFile& file) {
  const auto names = file.get<std::vector<std::string>>(file.root(), "architectures", "a list of architectures");
  std::vector<std::string> known;
  for (const Architecture& architecture : kArchitectures) {
    if (names.size() == 1 && names[0] == architecture.name) return architecture.family;
    known.emplace_back(architecture.name);
  }
  file.refuse(fmt::format("architectures: expected one of {}, got {}; other decoders are not supported",
                          fmt::join(known, ", "), fmt::join(names, ", ")));
}

// Features that change the values and that this decoder lacks.
void refuse_unsupported(const ConfigFile& file) {
  const auto activation = file.get_or<std::string>("hidden_act", "a word", "silu");
  if (activation != "silu") file.refuse(fmt::format("hidden_act: expected silu, got '{}'", activation));
  if (file.get_or("use_sliding_window", "true or false", false)) {
    file.refuse("use_sliding_window: expected false: attention here sees the whole sequence");
  }
  if (file.has("quantization_config")) {
    file.refuse("quantization_config: expected a model that is not quantised yet");
  }
}

// Rotary positions: `rope_theta` and `rope_scaling`, or since transformers 5 `rope_parameters` with both.
void read_rope(const ConfigFile& file, Config& config) {
  const char* key = file.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  if (file.has("rope_theta")) config.rope_theta = file.positive(file.root(), "rope_theta");
  if (!file.has(key)) return;
  const Json& rope = file.root()[key];
  if (!rope.is_object()) file.refuse(fmt::format("{}: expected an object, got {}", key, shown(rope)));
  if (rope.contains("rope_theta")) config.rope_theta = file.positive(rope, "rope_theta");
  const char* type_key = rope.contains("rope_type") ? "rope_type" : "type";
  const auto type = file.get<std::string>(rope, type_key, "a word");
  if (type == "default") return;
  if (type != "llama3") file.refuse(fmt::format("{}.{}: expected default or llama3, got '{}'", key, type_key, type));
  config.llama3_rope =
      Llama3Rope{file.positive(rope, "factor"), file.positive(rope, "low_freq_factor"),
                 file.positive(rope, "high_freq_factor"), file.positive(rope, "original_max_position_embeddings")};
}

void read_begin(const ConfigFile& file, Config& config) {
  if (!file.has("bos_token_id")) return;
  const auto begin = file.get<std::int64_t>(file.root(), "bos_token_id", "a token");
  if (begin < 0 || begin >= config.vocabulary) {
    file.refuse(fmt::format("bos_token_id: expected a token below vocab_size = {}, got {}", config.vocabulary, begin));
  }
  config.begin = begin;
}

}  // namespace

Config read_config(const std::filesystem::path& folder) {
  const ConfigFile file(folder / "config.json");
  Config config;
  config.family = family_of(file);
  refuse_unsupported(file);
  config.vocabulary = file.size("vocab_size");
  config.hidden = file.size("hidden_size");
  config.intermediate = file.size("intermediate_size");
  config.layers = file.size("num_hidden_layers", kMostLayers);
  config.heads = file.size("num_attention_heads");
  config.kv_heads = file.size_or("num_key_value_heads", config.heads);
  config.head_dim = file.size_or("head_dim", config.hidden / config.heads);
  config.positions = file.size_or("max_position_embeddings", kLargestSize);
  config.rms_epsilon = file.positive(file.root(), "rms_norm_eps");
  config.tied = file.get_or("tie_word_embeddings", "true or false", false);
  config.attention_bias = file.get_or("attention_bias", "true or false", false);
  config.mlp_bias = file.get_or("mlp_bias", "true or false", false);
  if (config.heads % config.kv_heads != 0) {
    file.refuse(fmt::format("num_key_value_heads: expected a divisor of num_attention_heads = {}, got {}", config.heads,
                            config.kv_heads));
  }
  if (config.head_dim < 2 || config.head_dim % 2 != 0) {
    file.refuse(fmt::format("head_dim: expected an even number, got {}", config.head_dim));
  }
  read_rope(file, config);
  read_begin(file, config);
  return config;
}

}  // namespace plumb::model
