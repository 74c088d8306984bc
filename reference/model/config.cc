#include "reference/model/config.h"

#include <fmt/format.h>

namespace plumb::model {

std::vector<LinearShape> linears_of(const Config& c) {
  std::vector<LinearShape> linears;
  const std::int64_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  for (std::int64_t layer = 0; layer < c.layers; ++layer) {
    const auto add = [&](const char* name, std::int64_t rows, std::int64_t columns, bool bias) {
      linears.push_back({fmt::format("model.layers.{}.{}", layer, name), rows, columns, bias});
    };
    add("self_attn.q_proj", q, c.hidden, c.attention_bias);
    add("self_attn.k_proj", kv, c.hidden, c.attention_bias);
    add("self_attn.v_proj", kv, c.hidden, c.attention_bias);
    add("self_attn.o_proj", c.hidden, q, c.attention_bias);
    add("mlp.gate_proj", c.intermediate, c.hidden, c.mlp_bias);
    add("mlp.up_proj", c.intermediate, c.hidden, c.mlp_bias);
    add("mlp.down_proj", c.hidden, c.intermediate, c.mlp_bias);
  }
  linears.push_back({"lm_head", c.vocabulary, c.hidden, false});
  return linears;
}

}  // namespace plumb::model
