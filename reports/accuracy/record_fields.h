// The fields of an accuracy run by name, listed once: CSV and JSON, written and read, are visitors of these lists.
#pragma once

namespace plumb::accuracy {

template <class Interval, class Visit>
void visit_interval(Interval& interval, Visit&& visit) {
  visit("value", interval.value);
  visit("low", interval.low);
  visit("high", interval.high);
}

template <class Cost, class Visit>
void visit_cost(Cost& cost, Visit&& visit) {
  visit("tokens", cost.tokens);
  visit("perplexity", cost.perplexity);
  visit("perplexity_error", cost.perplexity_error);
  visit("reference_perplexity", cost.reference_perplexity);
  visit("increase", cost.increase);
  visit("kl", cost.kl);
  visit("kl_error", cost.kl_error);
  visit("kl_median", cost.kl_median);
  visit("kl_90", cost.kl_90);
  visit("kl_99", cost.kl_99);
  visit("kl_999", cost.kl_999);
  visit("kl_max", cost.kl_max);
  visit("rms_dp", cost.rms_dp);
  visit("same_top", cost.same_top);
  visit("same_top_error", cost.same_top_error);
}

template <class Layer, class Visit>
void visit_layer(Layer& layer, Visit&& visit) {
  visit("name", layer.name);
  visit("bits", layer.bits);
  visit("injected", layer.injected);
  visit("drift", layer.drift);
  visit("ratio", layer.ratio);
  visit("wrong", layer.wrong);
}

template <class Peer, class Visit>
void visit_peer(Peer& peer, Visit&& visit) {
  visit("name", peer.name);
  visit("absent", peer.absent);
  visit("perplexity", peer.perplexity);
  visit("tokens_per_second", peer.tokens_per_second);
}

template <class Record, class Visit>
void visit_record(Record& record, Visit&& visit) {
  visit("kind", record.kind);
  visit("scheme", record.scheme);
  visit("impl", record.impl);
  visit("outcome", record.outcome);
  visit("reason", record.reason);
  visit("bits", record.bits);
  visit("model_bits", record.model_bits);
  visit("cost", record.cost);
  visit("total", record.total);
  visit("passages", record.passages);
  visit("last_words", record.last_words);
  visit("same_last_words", record.same_last_words);
  visit("layers", record.layers);
  visit("seconds", record.seconds);
  visit("tokens_per_second", record.tokens_per_second);
  visit("window_nll", record.window_nll);
  visit("since_baseline", record.since_baseline);
}

/// All of a run but `info` and `records`.
template <class Run, class Visit>
void visit_facts(Run& run, Visit&& visit) {
  visit("model", run.model);
  visit("text", run.text);
  visit("text_hash", run.text_hash);
  visit("window", run.window);
  visit("notes", run.notes);
  visit("peers", run.peers);
}

}  // namespace plumb::accuracy
