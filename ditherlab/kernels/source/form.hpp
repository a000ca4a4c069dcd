// The quadratic cost that all kernels share, as Python hands it over.
#pragma once

#include <cstdint>

namespace ditherlab {

// One term of the cost: `scale * sum_j weights_j (taps * e_channel)_j^2`, borders mirrored.
struct Layer {
    std::int32_t channel;
    std::int32_t radius;
    std::int32_t stride;  // of the rows and columns that have windows, from its half; else no weight
    float scale;
    const float* taps;     // 2 radius + 1 weights, symmetric
    const float* weights;  // [h w]
};

// `f(X) = sum_layers ... + sum_ic linear_ic e_ic` with `e = X - values`, zero at pixels that are not
// opaque.
struct Form {
    std::int32_t height;
    std::int32_t width;
    std::int32_t num_channels;
    std::int32_t num_layers;
    const Layer* layers;
    const float* values;         // [c h w]
    const std::uint8_t* opaque;  // [h w], or null if all are
    const float* linear;         // [c h w], or null for nothing
};

constexpr int kMaxChannels = 4;

// The position in the picture that a mirrored border shows (d c b a | a b c d).
inline int mirrored(int position, int size) {
    while (position < 0 || position >= size) {
        position = position < 0 ? -1 - position : 2 * size - 1 - position;
    }
    return position;
}

inline std::int64_t num_pixels(const Form& form) {
    return static_cast<std::int64_t>(form.height) * form.width;
}

}  // namespace ditherlab
