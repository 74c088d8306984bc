// A table that a run shows beside its cases: texts, as they are to be read.
#pragma once

#include <string>
#include <vector>

namespace plumb {

struct Table {
  std::string title;
  std::string note;  ///< One paragraph; may be empty.
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  ///< Each as long as the header.
};

/// Calls visit(name, field) for each field in order.
template <class TableOrConst, class Visit>
void visit_table(TableOrConst& table, Visit&& visit) {
  visit("title", table.title);
  visit("note", table.note);
  visit("header", table.header);
  visit("rows", table.rows);
}

}  // namespace plumb
