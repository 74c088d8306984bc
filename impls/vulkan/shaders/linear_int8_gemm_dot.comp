#version 450
#extension GL_GOOGLE_include_directive : require
#define DOT_INSTRUCTION
#include "linear_int8_gemm.glsl"
