// A small random generator for the inner loops, seeded from whole numbers.
//
// Source: Guy Steele, Doug Lea and Christine Flood, "Fast Splittable Pseudorandom Number
// Generators", OOPSLA 2014 (SplitMix64).
#pragma once

#include <cstdint>

namespace ditherlab {

class Random {
  public:
    Random(std::uint64_t seed, std::uint64_t stream) : state_(mix(seed) ^ mix(~stream)) {}

    std::uint64_t bits() { return mix(state_ += 0x9E3779B97F4A7C15u); }
    // In [0, 1).
    float uniform() { return static_cast<float>(bits() >> 40) * (1.0f / 16777216.0f); }
    // In [0, bound).
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(((bits() >> 32) * bound) >> 32);
    }

  private:
    static std::uint64_t mix(std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }

    std::uint64_t state_;
};

}  // namespace ditherlab
