// Mean-field annealing of the probabilities of a picture.
#pragma once

#include <cstdint>
#include <vector>

#include "colors.hpp"
#include "form.hpp"
#include "tiles.hpp"

namespace ditherlab {

class MeanField {
  public:
    // `probs` is [k h w] and moves in place.
    MeanField(const Form& form, float* probs);

    // Sets the colors and computes the moments of every pixel's color.
    void set_colors(const float* table, int num_colors);

    // Computes the slopes of the expected cost, and returns the cost.
    double estimate(int num_threads);

    // Sets pixels to their best response, `p_k ~ exp(-scale Q_k)`, at the slopes computed last.
    void respond(const std::int64_t* pixels, std::int64_t count, float scale);

    // Writes `Q_k` of some pixels, `[n k]`.
    void price(const std::int64_t* pixels, std::int64_t count, float* prices) const;

    const float* variance_weights() const { return variance_weights_.data(); }
    const float* slopes() const { return slopes_.data(); }

    // The expected values of the pixels' colors, and of their squares.
    float* means() { return means_.data(); }
    float* squares() { return squares_.data(); }

  private:
    struct Tile {
        Frame frame;
        WindowWeights windows;
    };

    void compute_tile(int number);

    Form form_;
    std::vector<Layer> layers_;
    TileGrid grid_;
    Colors colors_;
    float* probs_;
    std::vector<float> means_, squares_, slopes_, variance_weights_, errors_;
    std::vector<Tile> tiles_;
};

}  // namespace ditherlab
