// A Hugging Face model folder: config.json and the weights, mapped into memory.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "golden/safetensors.h"
#include "reference/model/decoder.h"

namespace plumb::model {

/// A decoder's weights where they lie on disk. Tensors are valid as long as this lives.
class ModelFolder {
 public:
  /// Maps model.safetensors, or the shards that model.safetensors.index.json names, and checks that every tensor that
  /// the decoder needs is there with the right shape and a floating-point type. Throws Error naming file and tensor.
  explicit ModelFolder(const std::filesystem::path& folder);

  [[nodiscard]] const std::filesystem::path& path() const { return folder_; }
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const std::vector<LinearShape>& linears() const { return linears_; }

  /// Weight [rows, columns] of a linear layer (of a tied head: the embedding), and its bias; nullptr if it has none.
  [[nodiscard]] const golden::MappedTensor& weight(std::size_t linear) const { return weights_[linear]; }
  [[nodiscard]] const golden::MappedTensor* bias(std::size_t linear) const;
  [[nodiscard]] const golden::MappedTensor& embedding() const { return embedding_; }
  [[nodiscard]] Norms norms() const;

 private:
  [[nodiscard]] const golden::MappedTensor& find(const std::string& name, const Shape& shape) const;
  [[nodiscard]] std::vector<float> vector_of(const std::string& name, std::int64_t size) const;
  void map_files();

  std::filesystem::path folder_;
  Config config_;
  std::vector<LinearShape> linears_;
  std::vector<std::unique_ptr<golden::Safetensors>> files_;
  std::map<std::string, const golden::Safetensors*> owners_;  // by tensor
  std::string source_;                                        // what names the tensors: the index, or the one file
  std::vector<golden::MappedTensor> weights_, biases_;        // by linear layer; absent biases have no data
  golden::MappedTensor embedding_;
};

/// Elements [first, first + count) of a floating-point tensor as f32: exact for f16 and bf16, f64 rounded.
void read_floats(const golden::MappedTensor& tensor, std::int64_t first, std::int64_t count, float* to);

/// The original layers, converted where they are used: nothing but the files is kept in memory.
template <typename T>
class OriginalLinears final : public Linears<T> {
 public:
  explicit OriginalLinears(const ModelFolder& folder) : folder_(folder) {}
  [[nodiscard]] Matrix<T> embed(std::span<const std::int32_t> tokens) override;
  [[nodiscard]] Matrix<T> apply(std::size_t linear, const Matrix<T>& x) override;

 private:
  const ModelFolder& folder_;
};

extern template class OriginalLinears<float>;
extern template class OriginalLinears<double>;

/// y + the layer's bias, if it has one.
template <typename T>
void add_bias(const ModelFolder& folder, std::size_t linear, Matrix<T>& y);

extern template void add_bias(const ModelFolder&, std::size_t, Matrix<float>&);
extern template void add_bias(const ModelFolder&, std::size_t, Matrix<double>&);

}  // namespace plumb::model
