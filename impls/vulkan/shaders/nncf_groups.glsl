// How nncf_quantize's weights [blocks, group, inner] and its groups [blocks, inner] are laid out.
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint count;  // of elements of the weight
  uint group;
  uint inner;
  uint bits;
  uint asymmetric;
  uint part;
};

uint highest_code() { return asymmetric != 0 ? (1u << bits) - 1 : (1u << (bits - 1)) - 1; }
int lowest_code() { return asymmetric != 0 ? 0 : -int(1u << (bits - 1)); }
uint group_of(uint element) { return element / inner / group * inner + element % inner; }
uint element_of(uint group_index, uint k) {
  return (group_index / inner * group + k) * inner + group_index % inner;
}
