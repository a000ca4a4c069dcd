// Direct binary search: flips of single pixels and swaps of neighbors, tile by tile.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "coarse_windows.hpp"
#include "colors.hpp"
#include "form.hpp"
#include "tiles.hpp"

namespace ditherlab {

// Of one sweep.
struct SweepSettings {
    float temperature;   // 0 is greedy
    float least_gain;    // moves that gain less are left out
    std::uint64_t seed;  // of the noise and of the order
    std::int32_t has_swaps;
    std::int32_t num_passes;  // how often each pixel has its turn in one visit
    std::int32_t num_threads;
};

// What a tile needs that does not change while it is polished.
struct TileWeights {
    Frame frame;
    std::vector<float> values;  // the target: a plane of the frame for each channel
    WindowWeights windows;
    std::vector<float> own;    // the weight of each pixel's square, a plane for each channel
    std::vector<float> pairs;  // of the squared difference in a swap: [neighbor c] planes
    std::vector<std::vector<float>> midpoints;  // for each layer: weights on the half-pixel grid
    int midpoint_stride;
    std::vector<CoarseWindows> coarse;
    Images row_images, column_images;

    // Loads the target and the weights of windows; what else a visit needs is computed from them.
    void load(const Frame& loaded, const Form& form);
};

// The pair weights of a layer, apart from the weights at their midpoint.
struct Stencil {
    int reach;
    int stride;
    std::vector<float> weights;
};

class Polish {
  public:
    Polish(const Form& form, std::uint8_t* indices, std::uint8_t* unsettled);

    void set_colors(const float* table, int num_colors);
    void set_prices(const std::uint8_t* allowed, int num_groups, const std::int32_t* group_of,
                    const float* linear);
    void set_cache(std::int64_t num_tiles) { most_cached_ = num_tiles; }
    const TileGrid& grid() const { return grid_; }
    std::int64_t tile_bytes() const;

    // Visits tiles [first, last) of a phase; returns the number of moves, and adds to `change`
    // by how much they change the cost.
    std::int64_t visit(int phase, int first, int last, const SweepSettings& settings,
                       double* change);

    // The cost of the whole picture.
    double price(int num_threads);

    // Makes given moves one after the other without a new computation of the slopes, and compares
    // both ways at the end. For tests.
    void replay(const std::int64_t* pixels, const std::uint8_t* colors, int count, float* kept,
                float* computed);

  private:
    struct Worker;
    friend struct Visit;

    std::shared_ptr<TileWeights> weights_of(int tile);
    std::shared_ptr<TileWeights> compute_weights(Span rows, Span columns) const;
    void compute_midpoints(TileWeights& weights) const;
    void load(const TileWeights& weights, Worker& worker) const;
    double load_coarse(const TileWeights& weights, Worker& worker) const;
    void compute_slopes(const TileWeights& weights, Worker& worker) const;
    std::vector<int> tiles_of(int phase) const;

    Form form_;
    Form fine_;                  // without the coarse layers
    std::vector<Layer> layers_;  // the fine ones, then the coarse ones
    std::vector<Stencil> stencils_;
    TileGrid grid_;
    Colors colors_;
    Prices prices_;
    std::uint8_t* indices_;
    std::uint8_t* unsettled_;
    std::int64_t most_cached_ = 0;
    std::vector<std::shared_ptr<TileWeights>> cache_;
};

}  // namespace ditherlab
