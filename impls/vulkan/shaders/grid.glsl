// What all shaders here share. The work-group size comes first: gl_WorkGroupSize above its declaration is silently 1.
layout(local_size_x_id = 1, local_size_y_id = 2) in;

// Every output lies between two poisoned zones, all of it inside the descriptor's range: element i is y[kFirst + i].
layout(constant_id = 0) const uint kFirst = 0;

// Work groups beyond the first dimension's limit are laid out in a second one (Device::run): their running number. The
// last ones may be beyond the problem, and each shader ends them early.
uint group_number() { return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x; }
uint invocation_number() { return group_number() * gl_WorkGroupSize.x + gl_LocalInvocationID.x; }
