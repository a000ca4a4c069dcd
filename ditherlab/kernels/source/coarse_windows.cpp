#include "coarse_windows.hpp"

#include <algorithm>

namespace ditherlab {

bool is_coarse(const Layer& layer) {
    return layer.stride > 1 && 2 * layer.radius / layer.stride + 1 <= kMostWindows;
}

CoarseWindows::Axis::Axis(const Layer& layer, int size, Span pixels, Span windows) {
    const int radius = layer.radius, stride = layer.stride, half = stride / 2;
    const int begin = std::max(0, windows.begin), end = std::min(size, windows.end);
    first = std::max(0, begin - half + stride - 1) / stride;
    const int past = end > half ? (end - half + stride - 1) / stride : 0;
    num_windows = std::max(0, past - first);
    starts.assign(static_cast<std::size_t>(pixels.size()), 0);
    weights.assign(starts.size() * kMostWindows, 0.0f);
    for (int n = 0; n < pixels.size(); ++n) {
        const int pixel = pixels.begin + n;
        if (pixel < 0 || pixel >= size) continue;
        const int nearest = std::max(0, pixel - radius - half + stride - 1) / stride;
        const int start = std::max(0, nearest - first);
        starts[n] = start;
        for (int k = 0; k < kMostWindows && start + k < num_windows; ++k) {
            const int window = position(start + k, stride);
            // Borders are mirrored: a window may show a pixel several times.
            for (int offset = -radius; offset <= radius; ++offset) {
                if (mirrored(window + offset, size) != pixel) continue;
                weights[static_cast<std::size_t>(n) * kMostWindows + k] +=
                    layer.taps[offset + radius];
            }
        }
    }
}

CoarseWindows::CoarseWindows(const Layer& layer, const Form& form, const Frame& frame, int ring,
                             Span rows, Span columns)
    : channel_(layer.channel),
      radius_(layer.radius),
      stride_(layer.stride),
      ring_(ring),
      taps_(layer.taps),
      rows_(layer, form.height, {frame.rows.begin - ring, frame.rows.end + ring}, rows),
      columns_(layer, form.width, {frame.columns.begin - ring, frame.columns.end + ring}, columns),
      row_floats_(columns_.num_windows + kMostWindows) {
    weights_.assign(static_cast<std::size_t>(rows_.num_windows + kMostWindows) * row_floats_, 0.0f);
    for (int row = 0; row < rows_.num_windows; ++row) {
        const float* weights =
            layer.weights + static_cast<std::int64_t>(rows_.position(row, stride_)) * form.width;
        for (int column = 0; column < columns_.num_windows; ++column) {
            weights_[static_cast<std::size_t>(row) * row_floats_ + column] =
                2.0f * layer.scale * weights[columns_.position(column, stride_)];
        }
    }
}

double CoarseWindows::load(const Frame& frame, const float* errors, std::vector<float>& pulls,
                           std::vector<float>& buffer) const {
    pulls.assign(weights_.size(), 0.0f);
    if (rows_.num_windows == 0 || columns_.num_windows == 0) return 0.0;
    const int top = rows_.position(0, stride_) - frame.picture_row(0) - radius_;
    const int left = columns_.position(0, stride_) - frame.picture_column(0) - radius_;
    const int width = (columns_.num_windows - 1) * stride_ + 2 * radius_ + 1;
    buffer.resize(static_cast<std::size_t>(width));
    double cost = 0.0;
    for (int row = 0; row < rows_.num_windows; ++row) {
        float* __restrict line = buffer.data();
        std::fill(line, line + width, 0.0f);
        for (int k = 0; k <= 2 * radius_; ++k) {
            const float* __restrict error =
                errors + static_cast<std::size_t>(top + row * stride_ + k) * frame.stride + left;
            const float tap = taps_[k];
            for (int x = 0; x < width; ++x) line[x] += tap * error[x];
        }
        const std::size_t start = static_cast<std::size_t>(row) * row_floats_;
        for (int column = 0; column < columns_.num_windows; ++column) {
            float blurred = 0.0f;
            for (int k = 0; k <= 2 * radius_; ++k) blurred += taps_[k] * line[column * stride_ + k];
            pulls[start + column] = weights_[start + column] * blurred;
            cost += 0.5 * static_cast<double>(pulls[start + column]) * blurred;
        }
    }
    return cost;
}

float CoarseWindows::slope(const float* pulls, int row, int column) const {
    const float* down = rows_.of(row + ring_);
    const float* along = columns_.of(column + ring_);
    const float* here = pulls +
                        static_cast<std::size_t>(rows_.starts[row + ring_]) * row_floats_ +
                        columns_.starts[column + ring_];
    float sums[kMostWindows] = {};
    for (int k = 0; k < kMostWindows; ++k) {
        for (int l = 0; l < kMostWindows; ++l) sums[l] += down[k] * here[l];
        here += row_floats_;
    }
    float slope = 0.0f;
    for (int l = 0; l < kMostWindows; ++l) slope += along[l] * sums[l];
    return slope;
}

void CoarseWindows::shift(float* pulls, int row, int column, float step) const {
    const float* down = rows_.of(row + ring_);
    const float* along = columns_.of(column + ring_);
    const std::size_t start = static_cast<std::size_t>(rows_.starts[row + ring_]) * row_floats_ +
                              columns_.starts[column + ring_];
    for (int k = 0; k < kMostWindows; ++k) {
        const std::size_t here = start + static_cast<std::size_t>(k) * row_floats_;
        for (int l = 0; l < kMostWindows; ++l) {
            pulls[here + l] += step * down[k] * along[l] * weights_[here + l];
        }
    }
}

}  // namespace ditherlab
