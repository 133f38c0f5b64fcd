#pragma once
// Numbers that depend on a seed and an index, and look random.

#include <cstdint>

namespace assay::tasks {

/// SplitMix64 (Steele, Lea & Flood 2014): a few multiplications that scatter any number.
inline uint64_t scattered(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

inline uint64_t scattered(uint64_t seed, uint64_t index) {
  return scattered(scattered(seed) ^ index);
}

}  // namespace assay::tasks
