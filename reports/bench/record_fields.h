// The fields of bench::Record by name, listed once: CSV and JSON are visitors of this list.
#pragma once

namespace plumb::bench {

/// Calls visit(name, field) for each field in order.
template <class Record, class Visit>
void visit_record(Record& record, Visit&& visit) {
  visit("kind", record.kind);
  visit("op", record.op);
  visit("impl", record.impl);
  visit("case_name", record.case_name);
  visit("threads", record.threads);
  visit("reason", record.reason);
  visit("misbehaved", record.misbehaved);
  visit("samples", record.samples);
  visit("moved_bytes", record.moved_bytes);
  visit("checking_bytes", record.checking_bytes);
  visit("weight_bytes", record.weight_bytes);
  visit("operations", record.operations);
  visit("seconds", record.seconds);
  visit("share_of_copy", record.share_of_copy);
  visit("copy_seconds", record.copy_seconds);
  visit("read_rate", record.read_rate);
  visit("operation_rate", record.operation_rate);
  visit("bar", record.bar);
  visit("read_bar", record.read_bar);
  visit("peer", record.peer);
  visit("differs", record.differs);
}

template <class Spread, class Visit>
void visit_spread(Spread& spread, Visit&& visit) {
  visit("median", spread.median);
  visit("low", spread.low);
  visit("high", spread.high);
  visit("least", spread.least);
}

}  // namespace plumb::bench
