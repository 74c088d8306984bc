#include "runners/model_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reference/error.h"
#include "reference/names.h"

namespace plumb {
namespace {

constexpr std::int64_t kGroup = 128, kFewRows = 1, kManyRows = 16;

bool has_sizes(const Op& op, std::initializer_list<const char*> names) {
  return std::ranges::all_of(names,
                             [&](const char* name) { return op.size(name) != nullptr || op.param(name) != nullptr; });
}

bool is_embedding(const Op& op) { return op.has(Fill::index); }

bool is_linear(const Op& op) {
  return (op.arithmetic == Arithmetic::accumulated || op.has_constants()) && op.has(Fill::activation);
}

// The operator's sizes and parameters for one weight: those that a weight does not tell have their default, or else the
// first legal value.
Sizes sizes_for(const Op& op, WeightShape weight, std::int64_t rows) {
  Sizes sizes;
  for (const Param& param : op.params) sizes[param.name] = param.default_value.value_or(param.values.front());
  sizes["M"] = rows;
  sizes["N"] = weight.N;
  sizes["K"] = weight.K;
  if (op.param("group") != nullptr) sizes["group"] = kGroup;
  return sizes;
}

void append(std::vector<Case>& cases, const Op& op, WeightShape weight, std::int64_t rows, std::uint64_t seed) {
  Sizes sizes = sizes_for(op, weight, rows);
  // Some layers have one scale a row.
  if (!is_legal(op, sizes) && sizes.contains("group")) sizes["group"] = sizes.at("K");
  if (!is_legal(op, sizes)) return;
  for (const char* mode : {"exact", "bounded"}) {
    if (!applies(data_mode_named(mode), op)) continue;
    cases.push_back({&op, make_signature(op, sizes), &data_mode_named(mode), seed});
  }
}

std::vector<const Model*> models_matching(std::string_view pattern) {
  std::vector<const Model*> matching;
  std::set<std::string> names;
  for (const Model& model : all_models()) {
    names.emplace(model.name);
    if (glob_match(pattern, model.name)) matching.push_back(&model);
  }
  if (!matching.empty()) return matching;
  throw Error(fmt::format("--model '{}' matches no model; nearest: {}", pattern,
                          nearest_names(pattern, {names.begin(), names.end()})));
}

}  // namespace

// config.json of Qwen/Qwen3-0.6B, meta-llama/Llama-3.2-1B and meta-llama/Llama-3.1-8B: queries and outputs, keys and
// values, gate and up, down; vocab_size x hidden_size.
const std::vector<Model>& all_models() {
  static const std::vector<Model> models = {
      {"qwen3-0.6b", {{2048, 1024}, {1024, 1024}, {1024, 2048}, {3072, 1024}, {1024, 3072}}, {151936, 1024}},
      {"llama-3.2-1b", {{2048, 2048}, {512, 2048}, {8192, 2048}, {2048, 8192}}, {128256, 2048}},
      {"llama-3.1-8b", {{4096, 4096}, {1024, 4096}, {14336, 4096}, {4096, 14336}}, {128256, 4096}}};
  return models;
}

std::vector<Case> plan_model_cases(const Op& op, std::string_view models, std::uint64_t seed) {
  const std::vector<const Model*> chosen = models_matching(models);
  std::vector<Case> cases;
  if (!has_sizes(op, {"M", "N", "K"})) return cases;
  for (const Model* model : chosen) {
    if (is_embedding(op)) append(cases, op, model->embedding, kManyRows, seed);
    if (!is_linear(op)) continue;
    for (const WeightShape& weight : model->linears) {
      append(cases, op, weight, kFewRows, seed);
      append(cases, op, weight, kManyRows, seed);
    }
    append(cases, op, model->embedding, kFewRows, seed);
  }
  return cases;
}

}  // namespace plumb
