// The fields of the data model by name, listed once: JSON and CSV are visitors of this list.
#pragma once

namespace plumb {

/// Calls visit(name, field) for each field in order. `Worst` may be const or not, and so below.
template <class Worst, class Visit>
void visit_worst(Worst& worst, Visit&& visit) {
  visit("port", worst.port);
  visit("index", worst.index);
  visit("got", worst.got);
  visit("want", worst.want);
  visit("bound", worst.bound);
  visit("ratio", worst.ratio);
}

template <class Record, class Visit>
void visit_record(Record& record, Visit&& visit) {
  visit("op", record.op);
  visit("impl", record.impl);
  visit("case_name", record.case_name);
  visit("outcome", record.outcome);
  visit("reason", record.reason);
  visit("worst", record.worst);
  visit("elements", record.elements);
  visit("wrong", record.wrong);
  visit("unwritten", record.unwritten);
  visit("unjudged", record.unjudged);
  visit("milliseconds", record.milliseconds);
  visit("again", record.again);
  visit("vouches_for", record.vouches_for);
  visit("changed_input", record.changed_input);
  visit("elements_changed", record.elements_changed);
  visit("elements_shown", record.elements_shown);
  visit("diagnosis", record.diagnosis);
  visit("smallest", record.smallest);
  visit("heat", record.heat);
}

template <class RunInfo, class Visit>
void visit_info(RunInfo& info, Visit&& visit) {
  visit("command", info.command);
  visit("version", info.version);
  visit("started", info.started);
  visit("seconds", info.seconds);
  visit("machine", info.machine);
  visit("devices", info.devices);
  visit("seed", info.seed);
  visit("planned", info.planned);
  visit("interrupted", info.interrupted);
}

}  // namespace plumb
