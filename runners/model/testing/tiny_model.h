// For tests: a model folder of a few thousand random weights.
#pragma once

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "runners/model/config_file.h"
#include "runners/philox.h"

namespace plumb::model {

/// A folder that removes itself. Weights are f32, uniform in ±0.25 (norms: 1 ± 0.25), and the same every time.
class TinyModel {
 public:
  /// `changes` override fields of config.json.
  explicit TinyModel(const nlohmann::json& changes = {})
      : path_(std::filesystem::temp_directory_path() /
              ("plumb-tiny-model-" + std::to_string(getpid()) + "-" + std::to_string(count()++))) {
    std::filesystem::create_directories(path_);
    nlohmann::json config = {{"architectures", {"Qwen3ForCausalLM"}},
                             {"vocab_size", 96},
                             {"hidden_size", 64},
                             {"intermediate_size", 128},
                             {"num_hidden_layers", 2},
                             {"num_attention_heads", 4},
                             {"num_key_value_heads", 2},
                             {"head_dim", 16},
                             {"rms_norm_eps", 1e-6},
                             {"tie_word_embeddings", true}};
    if (changes.is_object()) config.update(changes);
    std::ofstream(path_ / "config.json") << config;
    add_weights(read_config(path_));
    write_weights();
  }
  TinyModel(const TinyModel&) = delete;
  TinyModel& operator=(const TinyModel&) = delete;
  ~TinyModel() { std::filesystem::remove_all(path_); }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  static int& count() {
    static int count = 0;
    return count;
  }

  void add_weights(const Config& config) {
    add(std::string(kEmbeddingName) + ".weight", {config.vocabulary, config.hidden}, 0);
    for (const LinearShape& linear : linears_of(config)) {
      if (linear.name == "lm_head" && config.tied) continue;
      add(linear.name + ".weight", {linear.rows, linear.columns}, 0);
      if (linear.bias) add(linear.name + ".bias", {linear.rows}, 0);
    }
    for (std::int64_t i = 0; i < config.layers; ++i) {
      const std::string layer = "model.layers." + std::to_string(i) + ".";
      for (const char* norm : {"input_layernorm", "post_attention_layernorm"}) {
        add(layer + norm + ".weight", {config.hidden}, 1);
      }
      if (config.family != Family::qwen3) continue;
      for (const char* norm : {"self_attn.q_norm", "self_attn.k_norm"}) {
        add(layer + norm + ".weight", {config.head_dim}, 1);
      }
    }
    add("model.norm.weight", {config.hidden}, 1);
  }

  void add(const std::string& name, const Shape& shape, double middle) {
    const Random random(7, name);
    const std::size_t first = data_.size();
    for (std::int64_t i = 0; i < element_count(shape); ++i) {
      data_.push_back(static_cast<float>(middle + random.uniform(static_cast<std::uint64_t>(i), -0.25, 0.5)));
    }
    header_[name] = {
        {"dtype", "F32"}, {"shape", shape}, {"data_offsets", {first * sizeof(float), data_.size() * sizeof(float)}}};
  }

  void write_weights() const {
    const std::string header = header_.dump();
    std::ofstream out(path_ / "model.safetensors", std::ios::binary);
    for (std::size_t i = 0; i < 8; ++i) out.put(static_cast<char>(header.size() >> (8 * i) & 255U));
    out << header;
    out.write(reinterpret_cast<const char*>(data_.data()), static_cast<std::streamsize>(data_.size() * sizeof(float)));
  }

  std::filesystem::path path_;
  nlohmann::json header_;
  std::vector<float> data_;
};

}  // namespace plumb::model
