// quantize_plain_int4: values in groups of columns, and parameters [groups, rows].
layout(std430, binding = 0) writeonly buffer Output { uint y[]; };
layout(std430, binding = 1) readonly buffer Values { uint x[]; };  // bits of f32
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint count;  // elements of output
  uint rows;
  uint columns;
  uint group;
  uint symmetric;
  uint type;  // element type of what is stored
  uint part;  // of a group's parameters: its scale, zero point, or the value that becomes the lowest code
};
