#include "runners/model/model_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "reference/error.h"
#include "runners/model/evaluation_text.h"

namespace plumb::model {
namespace {

namespace fs = std::filesystem;

const fs::path kModel = PLUMB_SOURCE_DIR "/golden/model/qwen3-austen";

std::string refusal(const fs::path& folder) {
  try {
    const ModelFolder unused(folder);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// A copy of the model's folder that may be damaged.
class BadFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("plumb-model-" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    for (const char* name : {"config.json", "model.safetensors"}) fs::copy_file(kModel / name, folder_ / name);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void change_config(const char* key, const nlohmann::json& value) {
    nlohmann::json config = nlohmann::json::parse(read_text(kModel / "config.json"));
    config[key] = value;
    std::ofstream(folder_ / "config.json") << config;
  }
  // Replaces text in the header of the weights by as much other text.
  void change_header(const std::string& from, const std::string& to) {
    ASSERT_EQ(from.size(), to.size());
    std::string bytes = read_text(kModel / "model.safetensors");
    const std::size_t at = bytes.find(from);
    ASSERT_NE(at, std::string::npos);
    std::ofstream(folder_ / "model.safetensors", std::ios::binary) << bytes.replace(at, to.size(), to);
  }
  // The one file as two shards that are both the whole of it.
  void make_shards(const std::string& last_shard) {
    fs::rename(folder_ / "model.safetensors", folder_ / "model-1.safetensors");
    const ModelFolder whole(kModel);
    nlohmann::json map;
    const golden::Safetensors file(folder_ / "model-1.safetensors");
    for (const auto& [name, unused] : file.tensors()) map[name] = "model-1.safetensors";
    map["model.norm.weight"] = last_shard;
    std::ofstream(folder_ / "model.safetensors.index.json") << nlohmann::json{{"weight_map", map}};
  }
  void expect_refusal(const std::vector<std::string>& parts) const {
    const std::string message = refusal(folder_);
    for (const std::string& part : parts) EXPECT_NE(message.find(part), message.npos) << part << " in: " << message;
  }

  fs::path folder_;
};

TEST_F(BadFolder, AsItIsItIsRead) {
  EXPECT_EQ(refusal(folder_), "");
  const ModelFolder model(folder_);
  EXPECT_EQ(model.config().layers, 4);
  EXPECT_EQ(model.linears().size(), 29U);
  EXPECT_EQ(model.weight(28).data, model.embedding().data);  // tied
}

TEST_F(BadFolder, ShardsAreReadAndAMissingOneIsNamed) {
  make_shards("model-1.safetensors");
  EXPECT_EQ(refusal(folder_), "");
  fs::rename(folder_ / "model-1.safetensors", folder_ / "model.safetensors");
  make_shards("model-2.safetensors");
  expect_refusal({"model.safetensors.index.json", "model.norm.weight", "model-2.safetensors is missing"});
}

TEST_F(BadFolder, AShardOutsideOfTheFolderIsRefused) {
  make_shards("../model-1.safetensors");
  expect_refusal({"model.norm.weight", "missing"});
}

TEST_F(BadFolder, AWrongShapeNamesFileTensorAndBothShapes) {
  change_config("intermediate_size", 512);
  expect_refusal({"model.safetensors: model.layers.0.mlp.gate_proj.weight", "[512, 256]", "[768, 256]"});
}

TEST_F(BadFolder, AMissingTensorNamesItAndItsNeighbours) {
  change_header("model.layers.3.mlp.up_proj.weight", "model.layers.3.mlp.up_prox.weight");
  expect_refusal({"model.safetensors: model.layers.3.mlp.up_proj.weight: there is no such tensor", "nearest: "});
}

TEST_F(BadFolder, OffsetsThatDoNotFitAreRefused) {
  change_header("\"data_offsets\":[0,1048576]", "\"data_offsets\":[0,1048574]");
  expect_refusal({"model.safetensors: model.embed_tokens.weight", "data_offsets"});
}

TEST_F(BadFolder, ATypeThatHoldsNoWeightsIsRefused) {
  change_header("{\"dtype\":\"F16\",\"shape\":[2048,256]", "{\"dtype\":\"Q16\",\"shape\":[2048,256]");
  expect_refusal({"model.embed_tokens.weight", "Q16"});
}

TEST_F(BadFolder, ATruncatedFileIsRefused) {
  fs::resize_file(folder_ / "model.safetensors", 1000000);
  expect_refusal({"model.safetensors", "is truncated"});
  fs::resize_file(folder_ / "model.safetensors", 100);
  expect_refusal({"model.safetensors", "is truncated"});
  fs::resize_file(folder_ / "model.safetensors", 0);
  expect_refusal({"model.safetensors", "is empty"});
}

TEST_F(BadFolder, WhatTheDecoderLacksIsRefusedByName) {
  change_config("architectures", {"MambaForCausalLM"});
  expect_refusal({"config.json", "architectures", "LlamaForCausalLM", "MambaForCausalLM"});
  change_config("hidden_act", "gelu");
  expect_refusal({"config.json", "hidden_act", "gelu"});
  change_config("rope_scaling", {{"rope_type", "yarn"}});
  expect_refusal({"config.json", "rope_scaling.rope_type", "yarn"});
  change_config("quantization_config", {{"bits", 4}});
  expect_refusal({"config.json", "quantization_config"});
  change_config("num_key_value_heads", 3);
  expect_refusal({"config.json", "num_key_value_heads"});
  change_config("vocab_size", "many");
  expect_refusal({"config.json", "vocab_size", "many"});
  change_config("num_hidden_layers", 5000);  // before anything as large as that is made
  expect_refusal({"config.json", "num_hidden_layers", "from 1 to 4096", "5000"});
  change_config("vocab_size", -1);
  expect_refusal({"config.json", "vocab_size", "-1"});
}

// A million lists, each in the next: whoever goes through them by recursion runs out of stack.
TEST_F(BadFolder, ListsWithoutEndAreRefused) {
  const std::string config = read_text(kModel / "config.json"), from = "\"vocab_size\": 2048";
  const std::size_t at = config.find(from);
  ASSERT_NE(at, std::string::npos);
  const std::string lists = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  std::ofstream(folder_ / "config.json") << std::string(config).replace(at, from.size(), "\"vocab_size\": " + lists);
  expect_refusal({"config.json: vocab_size: expected a whole number, got a list of 1"});
}

TEST_F(BadFolder, FilesThatAreNotThereAreNamed) {
  fs::remove(folder_ / "model.safetensors");
  expect_refusal({"holds neither model.safetensors nor model.safetensors.index.json"});
  fs::remove(folder_ / "config.json");
  expect_refusal({"config.json: there is no such file"});
}

}  // namespace
}  // namespace plumb::model
