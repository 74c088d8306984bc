#include "reference/rewrite/prove.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reference/error.h"

namespace plumb::graph {
namespace {

std::vector<const Node*> inputs_of(const Graph& graph) {
  std::vector<const Node*> inputs;
  for (const Node& node : graph.nodes) {
    if (!node.removed && node.kind == Kind::input) inputs.push_back(&node);
  }
  return inputs;
}

// ---- inputs ----

// How many rows the tables have that an input picks from, at most four operations away that make integers of it; 0 if
// it is no index.
// NOLINTNEXTLINE(misc-no-recursion)
std::int64_t rows_of_tables(const Graph& graph, const Readers& readers, int input, int depth = 0) {
  std::int64_t rows = 0;
  for (const int reader : readers[static_cast<std::size_t>(input)]) {
    if (reader < 0) continue;
    const Node& node = graph.nodes[static_cast<std::size_t>(reader)];
    const Ref* indices = argument_named(node, "indices").ref();
    const Ref* table = argument_named(node, node.op == "ov::Gather" ? "data" : "weight").ref();
    const bool may_be_index = !node.results.empty() && !info(node.results[0].element).is_float;
    if (may_be_index && depth < 4) {
      const std::int64_t further = rows_of_tables(graph, readers, reader, depth + 1);
      if (further > 0) rows = rows == 0 ? further : std::min(rows, further);
    }
    if (indices == nullptr || table == nullptr || indices->node != input || graph.type(*table).shape.empty()) continue;
    const std::int64_t count = graph.type(*table).shape[0];
    rows = rows == 0 ? count : std::min(rows, count);
  }
  return rows;
}

// The columns of the weight that a linear layer multiplies this input by; -1 if none is known.
std::int64_t columns_of_weight(const Graph& graph, const std::vector<int>& readers) {
  for (const int reader : readers) {
    if (reader < 0) continue;
    const Node& node = graph.nodes[static_cast<std::size_t>(reader)];
    const Ref* weight = argument_named(node, node.op == "aten::linear" ? "weight" : "mat2").ref();
    if (weight == nullptr || graph.type(*weight).shape.size() != 2) continue;
    const auto* transposed = std::get_if<bool>(&argument_named(node, "transpose_b").value);
    const bool rows = node.op == "aten::linear" || (transposed != nullptr && *transposed);
    return graph.type(*weight).shape[rows ? 1 : 0];
  }
  return -1;
}

Shape whole_shape(const Graph& graph, const Node& node, const std::vector<int>& readers) {
  Shape shape = node.results.at(0).shape;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] >= 0) continue;
    const std::int64_t columns = i + 1 == shape.size() ? columns_of_weight(graph, readers) : -1;
    shape[i] = columns > 0 ? columns : 3;
  }
  return shape;
}

// A number that depends on trial and position alone.
std::uint64_t mixed(std::uint64_t seed, std::uint64_t at) {
  std::uint64_t x = seed * 0x9e3779b97f4a7c15U + at + 0x632be59bd9b4e019U;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
  x = (x ^ x >> 27) * 0x94d049bb133111ebU;
  return x ^ x >> 31;
}

constexpr const char* kTrials[] = {"small whole numbers", "magnitudes spread over 2^-12 to 2^12", "halves and zeros",
                                   "one number in each row"};

double number_for(int trial, std::uint64_t seed, std::uint64_t at, std::int64_t columns) {
  const std::uint64_t random = mixed(seed, at);
  const double sign = random >> 40 & 1U ? -1 : 1;
  if (trial == 0) return static_cast<double>(random % 7) - 3;
  if (trial == 1)
    return sign *
           std::ldexp(1 + static_cast<double>(random % 4096) / 4096, static_cast<int>(random >> 20 & 31U) % 25 - 12);
  if (trial == 2) return random % 4 == 0 ? 0 : sign * (static_cast<double>(random >> 8 & 15U) + 0.5);
  const auto row = static_cast<std::int64_t>(at) / std::max<std::int64_t>(columns, 1);
  return static_cast<std::int64_t>(at) % std::max<std::int64_t>(columns, 1) ==
                 (row * 7 + 3) % std::max<std::int64_t>(columns, 1)
             ? 1
             : 0;
}

Values input_for(int trial, std::uint64_t seed, const Node& node, Shape shape, std::int64_t rows) {
  Values values = values_of(node.results[0].element, std::move(shape));
  const std::int64_t columns = values.shape.empty() ? 1 : values.shape.back();
  // Which end comes first changes from trial to trial, for where there is a single index.
  const std::int64_t first = trial % 2 == 0 ? rows - 1 : 0, second = rows - 1 - first;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint64_t random = mixed(seed, i);
    double value = number_for(trial, seed, i, columns);
    if (rows > 0)
      value = i == 0   ? static_cast<double>(first)
              : i == 1 ? static_cast<double>(second)
                       : static_cast<double>(random % static_cast<std::uint64_t>(rows));
    if (rows == 0 && !info(values.element).is_float) value = static_cast<double>(random & 255U);
    values.value[i] = converted(values.element, value);
  }
  return values;
}

// ---- comparing results ----

// Returns how many elements were compared: NaN in both says nothing.
std::size_t compare(const Values& got, const Values& want, bool exactly, const std::string& which, Proof& proof) {
  std::size_t compared = 0, wrong = 0, worst = 0;
  double worst_ratio = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double a = got.value[i], b = want.value[i];
    if (std::isnan(a) && std::isnan(b)) continue;
    ++compared;
    const double bound = exactly ? 0 : got.error_at(i) + want.error_at(i);
    const double error = std::abs(a - b);
    if (error <= bound || a == b) {
      if (bound > 0) proof.largest_ratio = std::max(proof.largest_ratio, error / bound);
      continue;
    }
    ++wrong;
    const double ratio = std::isnan(error) ? HUGE_VAL : error;
    if (wrong == 1 || ratio > worst_ratio) worst = i, worst_ratio = ratio;
  }
  if (wrong == 0) return compared;
  proof.faults.push_back(fmt::format("{}: {} of {} elements differ; at {} it was {}, is {}", which, wrong, got.size(),
                                     plumb::to_string(unravel(static_cast<std::int64_t>(worst), got.shape)),
                                     want.value[worst], got.value[worst]));
  return compared;
}

// The inputs of `after` in its own order.
std::vector<std::size_t> matched_inputs(const std::vector<const Node*>& before, const std::vector<const Node*>& after) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < after.size(); ++i) {
    std::size_t at = i;
    for (std::size_t j = 0; j < before.size(); ++j) {
      if (before[j]->name == after[i]->name) at = j;
    }
    order.push_back(at);
  }
  return order;
}

void run_trial(const Graph& before, const Graph& after, const std::vector<std::size_t>& order, Equivalence equivalence,
               const Trial& trial, Proof& proof) {
  std::vector<Values> inputs;
  for (const std::size_t i : order) inputs.push_back(trial.inputs[i]);
  const bool exactly = equivalence == Equivalence::bit_for_bit;
  bool compared = false;
  proof.compared.resize(std::max(proof.compared.size(), before.outputs.size()));
  for (const Precision precision : {Precision::upstream, Precision::exact}) {
    if (precision == Precision::exact && !exactly) break;
    const std::vector<Values> want = run(before, trial.inputs, precision), got = run(after, inputs, precision);
    for (std::size_t i = 0; i < got.size() && i < want.size(); ++i) {
      const std::string which = fmt::format("output {} ({})", i, trial.name);
      if (got[i].shape != want[i].shape) {
        proof.faults.push_back(fmt::format("{}: its shape was {}, is {}", which, plumb::to_string(want[i].shape),
                                           plumb::to_string(got[i].shape)));
      } else {
        const std::size_t elements = compare(got[i], want[i], exactly, which, proof);
        proof.compared[i] += elements;
        compared = compared || elements > 0;
      }
    }
  }
  if (compared) ++proof.trials;
}

void compare_signatures(const Graph& before, const Graph& after, Proof& proof) {
  if (before.outputs.size() != after.outputs.size())
    proof.faults.push_back(fmt::format("there were {} outputs, are {}", before.outputs.size(), after.outputs.size()));
  if (inputs_of(before).size() != inputs_of(after).size())
    proof.faults.push_back(
        fmt::format("there were {} inputs, are {}", inputs_of(before).size(), inputs_of(after).size()));
  for (std::size_t i = 0; i < std::min(before.outputs.size(), after.outputs.size()); ++i) {
    const Element was = before.type(before.outputs[i]).element, is = after.type(after.outputs[i]).element;
    if (was != is)
      proof.faults.push_back(fmt::format("output {} ('{}'): its element type was {}, is {}", i,
                                         after.at(after.outputs[i]).name, to_string(was), to_string(is)));
  }
}

}  // namespace

std::vector<Trial> trials_for(const Graph& graph) {
  const Readers readers = readers_of(graph);
  std::vector<Trial> trials;
  for (int trial = 0; trial < static_cast<int>(std::size(kTrials)); ++trial) {
    trials.push_back({kTrials[trial], {}});
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      const Node& node = graph.nodes[i];
      if (node.removed || node.kind != Kind::input) continue;
      const std::int64_t rows = rows_of_tables(graph, readers, static_cast<int>(i));
      const std::uint64_t seed = static_cast<std::uint64_t>(trial) * 64 + trials.back().inputs.size();
      trials.back().inputs.push_back(input_for(trial, seed, node, whole_shape(graph, node, readers[i]), rows));
    }
  }
  return trials;
}

Proof prove(const Graph& before, const Graph& after, Equivalence equivalence, const std::vector<Trial>& trials,
            const std::function<void(const Trial&)>& on_trial) {
  Proof proof;
  proof.account = account_constants(before, after);
  compare_signatures(before, after, proof);
  const std::vector<const Node*> was = inputs_of(before), is = inputs_of(after);
  if (was.size() != is.size()) return proof;
  for (const Trial& trial : trials) {
    const std::size_t known = proof.faults.size();
    on_trial(trial);
    try {
      run_trial(before, after, matched_inputs(was, is), equivalence, trial, proof);
    } catch (const Error& error) {
      proof.faults.push_back(fmt::format("cannot be run: {}", error.what()));
    }
    if (proof.faults.size() > known) break;  // one trial's faults say it; the others would repeat them
  }
  return proof;
}

}  // namespace plumb::graph
