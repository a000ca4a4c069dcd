// A wide layer that has windows only at every n-th row and column: the sums of its few windows are
// kept, instead of a slope for each pixel, so that a move changes tens of numbers, not thousands.
#pragma once

#include <vector>

#include "form.hpp"
#include "tiles.hpp"

namespace ditherlab {

// Windows along one axis that one pixel belongs to, at most.
constexpr int kMostWindows = 4;

// Whether a layer's windows are far enough apart.
bool is_coarse(const Layer& layer);

// The windows of a layer in and around a tile.
class CoarseWindows {
  public:
    // Takes windows in `rows` and `columns`, for slopes of pixels up to `ring` around the frame's
    // core, if these windows are all that the pixels belong to.
    CoarseWindows(const Layer& layer, const Form& form, const Frame& frame, int ring, Span rows,
                  Span columns);

    int channel() const { return channel_; }

    // Computes the slope of the cost in each window's blurred error from a frame's errors; returns
    // the cost of the windows.
    double load(const Frame& frame, const float* errors, std::vector<float>& pulls,
                std::vector<float>& buffer) const;

    // The slope of the cost in the error of a pixel of the core or the ring.
    float slope(const float* pulls, int row, int column) const;

    // Follows a change of a pixel's error.
    void shift(float* pulls, int row, int column, float step) const;

  private:
    // Along one axis: the windows, and for each pixel the first window that it belongs to and its
    // weights in that one and the next ones.
    struct Axis {
        int first = 0, num_windows = 0;
        std::vector<int> starts;
        std::vector<float> weights;

        Axis(const Layer& layer, int size, Span pixels, Span windows);
        int position(int window, int stride) const { return (first + window) * stride + stride / 2; }
        const float* of(int pixel) const {
            return &weights[static_cast<std::size_t>(pixel) * kMostWindows];
        }
    };

    int channel_, radius_, stride_, ring_;
    const float* taps_;
    Axis rows_, columns_;
    int row_floats_;              // of a row of windows, with room for those that do not exist
    std::vector<float> weights_;  // of each window: the slope that a unit of blurred error has
};

}  // namespace ditherlab
