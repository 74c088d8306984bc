#include "runners/model/model_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "reference/error.h"
#include "reference/names.h"
#include "runners/model/config_file.h"

namespace plumb::model {
namespace {

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";
constexpr std::int64_t kRowsAtOnce = 64;  // of a weight that is converted

// tensor -> shard, from the index.
std::map<std::string, std::string> read_index(const std::filesystem::path& path) {
  std::ifstream in(path);
  const auto root = nlohmann::json::parse(in, nullptr, false);
  try {
    return root.at("weight_map").get<std::map<std::string, std::string>>();
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{}: weight_map: expected the shard of each tensor: {}", path.string(), error.what()));
  }
}

float element(DType dtype, const std::byte* at) {
  switch (dtype) {
    case DType::f16: {
      std::uint16_t bits;
      std::memcpy(&bits, at, sizeof bits);
      return Eigen::half_impl::half_to_float(Eigen::half_impl::raw_uint16_to_half(bits));
    }
    case DType::bf16: {
      std::uint16_t half;
      std::memcpy(&half, at, sizeof half);
      const std::uint32_t bits = std::uint32_t{half} << 16;
      float value;
      std::memcpy(&value, &bits, sizeof value);
      return value;
    }
    case DType::f32: {
      float value;
      std::memcpy(&value, at, sizeof value);
      return value;
    }
    default:
      return static_cast<float>(load(dtype, at));
  }
}

}  // namespace

void read_floats(const golden::MappedTensor& tensor, std::int64_t first, std::int64_t count, float* to) {
  const std::int64_t size = info(tensor.dtype).size_bytes;
  for (std::int64_t i = 0; i < count; ++i) to[i] = element(tensor.dtype, tensor.data + (first + i) * size);
}

ModelFolder::ModelFolder(const std::filesystem::path& folder)
    : folder_(folder), config_(read_config(folder)), linears_(linears_of(config_)) {
  map_files();
  embedding_ = find(std::string(kEmbeddingName) + ".weight", {config_.vocabulary, config_.hidden});
  for (const LinearShape& linear : linears_) {
    const bool is_tied = config_.tied && &linear == &linears_.back();
    weights_.push_back(is_tied ? embedding_ : find(linear.name + ".weight", {linear.rows, linear.columns}));
    biases_.push_back(linear.bias ? find(linear.name + ".bias", {linear.rows})
                                  : golden::MappedTensor{DType::f32, {}, nullptr});
  }
  (void)norms();  // that they are there
}

void ModelFolder::map_files() {
  if (std::filesystem::exists(folder_ / kSingleFile)) {
    source_ = (folder_ / kSingleFile).string();
    files_.push_back(std::make_unique<golden::Safetensors>(folder_ / kSingleFile));
    for (const auto& [name, unused] : files_[0]->tensors()) owners_[name] = files_[0].get();
    for (const auto& [name, unused] : files_[0]->foreign()) owners_[name] = files_[0].get();
    return;
  }
  if (!std::filesystem::exists(folder_ / kIndexFile)) {
    throw Error(fmt::format("{}: holds neither {} nor {}", folder_.string(), kSingleFile, kIndexFile));
  }
  source_ = (folder_ / kIndexFile).string();
  std::map<std::string, const golden::Safetensors*> shards;
  for (const auto& [tensor, shard] : read_index(source_)) {
    if (!shards.contains(shard)) {
      if (std::filesystem::path(shard).filename() != shard || !std::filesystem::exists(folder_ / shard)) {
        throw Error(fmt::format("{}: {}: its shard {} is missing", source_, tensor, (folder_ / shard).string()));
      }
      files_.push_back(std::make_unique<golden::Safetensors>(folder_ / shard));
      shards[shard] = files_.back().get();
    }
    owners_[tensor] = shards[shard];
  }
}

const golden::MappedTensor& ModelFolder::find(const std::string& name, const Shape& shape) const {
  const auto owner = owners_.find(name);
  if (owner == owners_.end()) {
    std::vector<std::string> known;
    for (const auto& [tensor, unused] : owners_) known.push_back(tensor);
    throw Error(fmt::format("{}: {}: there is no such tensor; nearest: {}", source_, name, nearest_names(name, known)));
  }
  const std::string file = owner->second->path().string();
  const auto tensor = owner->second->tensors().find(name);
  if (tensor == owner->second->tensors().end()) {
    const auto foreign = owner->second->foreign().find(name);
    throw Error(foreign == owner->second->foreign().end()
                    ? fmt::format("{}: {}: there is no such tensor, but {} says so", file, name, source_)
                    : fmt::format("{}: {}: expected f16, bf16 or f32, got {}", file, name, foreign->second));
  }
  if (tensor->second.shape != shape) {
    throw Error(fmt::format("{}: {}: expected shape {} from config.json, got {}", file, name, to_string(shape),
                            to_string(tensor->second.shape)));
  }
  if (!info(tensor->second.dtype).is_float) {
    throw Error(fmt::format("{}: {}: expected f16, bf16 or f32, got {}", file, name, to_string(tensor->second.dtype)));
  }
  return tensor->second;
}

const golden::MappedTensor* ModelFolder::bias(std::size_t linear) const {
  return biases_[linear].data == nullptr ? nullptr : &biases_[linear];
}

std::vector<float> ModelFolder::vector_of(const std::string& name, std::int64_t size) const {
  std::vector<float> values(static_cast<std::size_t>(size));
  read_floats(find(name + ".weight", {size}), 0, size, values.data());
  return values;
}

Norms ModelFolder::norms() const {
  Norms norms;
  for (std::int64_t i = 0; i < config_.layers; ++i) {
    const std::string layer = fmt::format("model.layers.{}.", i);
    norms.layers.push_back({vector_of(layer + "input_layernorm", config_.hidden),
                            vector_of(layer + "post_attention_layernorm", config_.hidden),
                            {},
                            {}});
    if (config_.family != Family::qwen3) continue;
    norms.layers.back().q = vector_of(layer + "self_attn.q_norm", config_.head_dim);
    norms.layers.back().k = vector_of(layer + "self_attn.k_norm", config_.head_dim);
  }
  norms.last = vector_of("model.norm", config_.hidden);
  return norms;
}

template <typename T>
void add_bias(const ModelFolder& folder, std::size_t linear, Matrix<T>& y) {
  const golden::MappedTensor* bias = folder.bias(linear);
  if (bias == nullptr) return;
  Row<float> row(y.cols());
  read_floats(*bias, 0, y.cols(), row.data());
  y.rowwise() += row.template cast<T>();
}

template <typename T>
Matrix<T> OriginalLinears<T>::embed(std::span<const std::int32_t> tokens) {
  const std::int64_t width = folder_.config().hidden;
  Matrix<T> rows(static_cast<Eigen::Index>(tokens.size()), width);
  Row<float> row(width);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    read_floats(folder_.embedding(), tokens[i] * width, width, row.data());
    rows.row(static_cast<Eigen::Index>(i)) = row.template cast<T>();
  }
  return rows;
}

template <typename T>
Matrix<T> OriginalLinears<T>::apply(std::size_t linear, const Matrix<T>& x) {
  const golden::MappedTensor& weight = folder_.weight(linear);
  const std::int64_t rows = weight.shape[0], columns = weight.shape[1];
  Matrix<T> y(x.rows(), rows);
  Matrix<float> piece(kRowsAtOnce, columns);
  for (std::int64_t n = 0; n < rows; n += kRowsAtOnce) {
    const std::int64_t count = std::min(kRowsAtOnce, rows - n);
    read_floats(weight, n * columns, count * columns, piece.data());
    y.middleCols(n, count).noalias() = x * piece.topRows(count).transpose().template cast<T>();
  }
  add_bias(folder_, linear, y);
  return y;
}

template class OriginalLinears<float>;
template class OriginalLinears<double>;
template void add_bias(const ModelFolder&, std::size_t, Matrix<float>&);
template void add_bias(const ModelFolder&, std::size_t, Matrix<double>&);

}  // namespace plumb::model
