// What the half-quadratic quantisers share: values in groups.
layout(std430, binding = 0) writeonly buffer Output { uint y[]; };
layout(std430, binding = 1) readonly buffer Values { uint x[]; };  // bits of f32
layout(push_constant) uniform Sizes {
  uint words;   // of output
  uint groups;  // of the tensor
  uint group;   // elements of one
  uint along;   // 1: a group's elements are neighbours, 0: they lie `groups` apart
  uint low;     // range of codes, bits of f32
  uint high;
  uint iterations;
  uint option;  // what the shader makes of it
  uint type;    // element type of what is stored
  uint count;   // elements of output
};

// Element i of a group, and the group of an element.
uint value_of(uint g, uint i) { return x[along != 0u ? g * group + i : i * groups + g]; }
uint group_of(uint element) { return along != 0u ? element / group : element % groups; }
